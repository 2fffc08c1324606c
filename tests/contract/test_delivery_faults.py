"""The delivery loop when things go wrong: unknown outcomes, refusals, storms, restarts."""

from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs
from support.delivering import DEADLINE_S, MAPPING, at_work

from bridge.sandbox import DEFAULT_KEY
from bridge.store import Budget
from bridge.units import Window


async def test_a_b_a_after_a_timeout_ends_with_a(tmp_path: Path) -> None:
    """B was applied without an answer; that A was confirmed before does not spare its second update."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "A")
        await bench.move(6)
        bench.fault("hang", pin="p-1", times=1, applied=True)
        await bench.say("p-1", "B")
        await bench.until(lambda: bench.shown("p-1") == "B")
        await bench.say("p-1", "A")
        await bench.until(lambda: bench.store.calls["settle"] == 2)
        await bench.move(19)
        assert bench.sent() == ["A", "B"]
        await bench.move(2)
        assert bench.sent() == ["A", "B", "A"]
        assert bench.shown("p-1") == "A"


async def test_an_unknown_outcome_is_sent_again_though_nothing_changed(tmp_path: Path) -> None:
    """After a rest of 20 s."""
    async with at_work(tmp_path) as bench:
        bench.fault("hang", pin="p-1", times=1)
        await bench.say("p-1", "x")
        await bench.until(lambda: bench.store.calls["settle"] == 1)
        await bench.move(19.9)
        assert bench.shown("p-1") is None
        await bench.move(0.2)
        assert bench.shown("p-1") == "x"


async def test_an_answer_that_is_none_of_the_api_confirms_nothing(tmp_path: Path) -> None:
    """HTML with status 200 is doubt."""
    async with at_work(tmp_path) as bench:
        bench.fault("garbage", times=1)
        await bench.say("p-1", "x")
        await bench.quiet()
        await bench.move(21)
        assert bench.sent() == ["x", "x"]
        await bench.move(3600)
        assert bench.sent() == ["x", "x"]


async def test_a_server_error_backs_off_with_growing_waits(tmp_path: Path) -> None:
    """And the first success ends it."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", status=500, times=3)
        await bench.say("p-1", "x")
        for seconds in (0.9, 1.2, 4, 8):
            await bench.move(seconds)
        assert bench.sent() == ["x"] * 4
        assert bench.shown("p-1") == "x"
        (pin,) = bench.pins()
        assert (pin.failures, pin.code) == (0, "")


async def test_ten_server_errors_park_a_pin_while_others_succeed(tmp_path: Path) -> None:
    """With the API's words; it is probed hourly, and comes back by itself."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", pin="p-bad", status=500, message="boom", times=10)
        await bench.say("p-bad", "x")
        for turn in range(12):
            await bench.say("p-good", f"turn {turn}")
            await bench.move(300)
        (parked,) = bench.parked()
        assert (parked.pin, parked.status, parked.failures) == ("p-bad", 500, 10)
        assert parked.message.endswith("500 INTERNAL_SERVER_ERROR: boom")
        await bench.move(3600)
        assert bench.shown("p-bad") == "x"
        assert bench.parked() == []


async def test_what_fails_for_all_pins_parks_none(tmp_path: Path) -> None:
    """An outage is not the pins' fault, however long it lasts."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", status=500)
        for number in range(3):
            await bench.say(f"p-{number}", "x")
        for _ in range(20):
            await bench.move(301)
        assert bench.parked() == []
        bench.sandbox.faults.clear()
        await bench.move(301)
        assert [bench.shown(f"p-{number}") for number in range(3)] == ["x", "x", "x"]


async def test_a_missing_pin_waits_for_its_hourly_probe(tmp_path: Path) -> None:
    """New content does not help it."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", pin="p-1", status=404, code="NOT_FOUND", message="Pin not found", times=1)
        await bench.say("p-1", "x")
        await bench.quiet()
        (parked,) = bench.parked()
        assert (parked.status, parked.code, parked.message) == (404, "NOT_FOUND", "404 NOT_FOUND: Pin not found")
        for turn in range(5):
            await bench.say("p-1", f"turn {turn}")
            await bench.move(600)
        assert bench.sent() == ["x"]
        await bench.move(601)
        assert bench.sent() == ["x", "turn 4"]


async def test_refused_content_is_tried_again_with_new_content_at_most_every_five_minutes(tmp_path: Path) -> None:
    """The old content is not."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", pin="p-1", status=400, times=1)
        await bench.say("p-1", "bad")
        await bench.move(400)
        assert bench.sent() == ["bad"]
        bench.fault("status", pin="p-1", status=400, times=1)
        await bench.say("p-1", "bad, too")
        await bench.quiet()
        await bench.say("p-1", "good")
        await bench.move(299)
        assert bench.sent() == ["bad", "bad, too"]
        await bench.move(2)
        assert bench.shown("p-1") == "good"


async def test_a_parked_pin_is_tried_within_a_second_when_somebody_asks(tmp_path: Path) -> None:
    """By hand, whatever it waits for."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", pin="p-1", status=404, times=1)
        await bench.say("p-1", "x")
        await bench.quiet()
        await bench.move(30)
        assert await bench.store.retry(["p-1"]) == ["p-1"]
        await bench.move(1.1)
        assert bench.shown("p-1") == "x"


async def test_a_refused_key_pauses_all_pins_and_one_probe_opens_it_again(tmp_path: Path) -> None:
    """No pin is blamed; while the key is paused no query runs."""
    async with at_work(tmp_path) as bench:
        bench.sandbox.account.keys = {}
        with capture_logs() as lines:
            for number in range(30):
                await bench.say(f"p-{number}", "x")
            await bench.quiet()
            first = bench.sandbox.log.count
            assert 1 <= first <= 8
            before = bench.asked()
            await bench.say("p-30", "x")
            await bench.move(14)
            assert (bench.asked(), bench.sandbox.log.count) == (before, first)
            await bench.move(2)
            assert bench.sandbox.log.count == first + 1
            bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:write"})}
            await bench.move(31)
        assert {bench.shown(f"p-{number}") for number in range(31)} == {"x"}
        assert bench.parked() == []
        told = [line["event"] for line in lines if line["event"].startswith("key_")]
        assert told == ["key_paused", "key_paused", "key_resumed"]


async def test_a_key_without_the_scope_pauses_like_a_refused_key(tmp_path: Path) -> None:
    """`SCOPE_REQUIRED` is the key's trouble, any other 403 the pin's."""
    async with at_work(tmp_path) as bench:
        bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:read"})}
        await bench.say("p-1", "x")
        await bench.quiet()
        assert bench.parked() == []
        bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:write"})}
        await bench.move(16)
        assert bench.shown("p-1") == "x"


async def test_a_storm_of_429_halves_the_rate_once_and_the_rate_climbs_back(tmp_path: Path) -> None:
    """The whole key waits as long as the API asks; no pin is blamed."""
    budget = Budget(windows=(Window(40, 60),), cost=2)
    async with at_work(tmp_path, budget=budget) as bench:
        bench.fault("status", status=429, code="RATE_LIMITED", retry_after_s=30, times=8)
        with capture_logs() as lines:
            for number in range(60):
                await bench.say(f"p-{number}", "x")
            await bench.quiet()
            refused = bench.sandbox.log.count
            assert 1 <= refused <= 8
            bench.sandbox.faults.clear()
            await bench.move(29)
            assert bench.sandbox.log.count == refused
            for _ in range(100):
                await bench.move(6)
        lowered = [line["rate"] for line in lines if line["event"] == "rate_lowered"]
        assert lowered == [0.5]
        assert {bench.shown(f"p-{number}") for number in range(60)} == {"x"}
        assert bench.parked() == []


async def test_the_lowered_rate_is_what_is_sent(tmp_path: Path) -> None:
    """A half, and two tenths for the two minutes since: 14 in place of 20."""
    async with at_work(tmp_path, budget=Budget(windows=(Window(40, 60),), cost=2)) as bench:
        bench.fault("status", status=429, retry_after_s=120, times=1)
        await bench.say("p-0", "x")
        await bench.quiet()
        for number in range(60):
            await bench.say(f"p-{number}", "y")
        await bench.move(121)
        assert bench.sandbox.log.count == 1 + 14
        await bench.move(1)
        assert bench.sandbox.log.count == 1 + 14


async def test_a_store_out_of_reach_is_asked_ever_less_often_and_recovers(tmp_path: Path) -> None:
    """The loop outlives it."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "x")
        await bench.move(6)
        await bench.say("p-1", "y")
        bench.store.out_of_reach = True
        bench.loop.wake(["p-1", "p-2"])
        before = bench.asked()
        for _ in range(60):
            await bench.move(1)
        assert 2 <= bench.asked() - before <= 20
        bench.store.out_of_reach = False
        await bench.say("p-2", "z")
        for _ in range(4):
            await bench.move(31)
        assert (bench.shown("p-1"), bench.shown("p-2")) == ("y", "z")


async def test_a_success_that_could_not_be_recorded_is_sent_again(tmp_path: Path) -> None:
    """Once the lease has run out; what is not recorded is in doubt."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=DEADLINE_S / 2, times=1)
        await bench.say("p-1", "x")
        await bench.until(lambda: bench.sandbox.log.count == 1)
        bench.store.out_of_reach = True
        await bench.until(lambda: bench.store.calls["settle"] == 1)
        bench.store.out_of_reach = False
        await bench.move(59)
        assert bench.sent() == ["x"]
        await bench.move(30)
        assert bench.sent() == ["x", "x"]


async def test_a_pin_refused_for_its_key_keeps_its_place(tmp_path: Path) -> None:
    """After the pause it goes before what came later."""
    async with at_work(tmp_path, budget=Budget(windows=(Window(2, 10),), cost=2)) as bench:
        bench.sandbox.account.keys = {}
        await bench.say("p-9", "first")
        await bench.quiet()
        bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:write"})}
        bench.time.instant += timedelta(seconds=1)
        await bench.say("p-1", "second")
        await bench.move(15)
        await bench.move(11)
        assert bench.sent() == ["first", "first", "second"]


async def test_a_restart_finds_what_is_due(tmp_path: Path) -> None:
    """What came while nothing was delivered goes out with the next start."""
    async with at_work(tmp_path) as bench:
        await bench.loop.stop(1)
        await bench.say("p-1", "x")
        await bench.quiet()
        assert bench.sent() == []
        await bench.stop()
        await bench.start()
        await bench.quiet()
        assert bench.sent() == ["x"]


async def test_stopping_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """And takes nothing new."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=DEADLINE_S / 2)
        for number in range(20):
            await bench.say(f"p-{number}", "x")
        await bench.until(lambda: bench.sandbox.log.count >= 8)
        await bench.loop.stop(5)
        assert bench.sandbox.log.count < 20
        delivered = [pin for pin in bench.pins() if pin.delivered_at is not None]
        assert len(delivered) == bench.sandbox.log.count
        assert {pin.state for pin in bench.pins()} == {"shown", "due"}


async def test_stopping_leaves_a_request_without_an_answer_in_doubt(tmp_path: Path) -> None:
    """It is sent again after the restart, though nothing changed."""
    async with at_work(tmp_path) as bench:
        bench.fault("hang", pin="p-1", times=1, applied=True)
        await bench.say("p-1", "x")
        await bench.until(lambda: bench.sandbox.log.count == 1)
        await bench.stop(0.01)
        await bench.start()
        await bench.move(19)
        assert bench.sent() == ["x"]
        await bench.move(2)
        assert bench.sent() == ["x", "x"]


async def test_a_template_of_another_pin_does_not_matter_to_a_paused_key(tmp_path: Path) -> None:
    """A probe that turns out unsendable leaves the probe to the next pin."""
    mapping = MAPPING.replace('"{{ words }}"', "\"{{ 'fine' if words else words.no.such.thing }}\"")
    async with at_work(tmp_path, mapping=mapping) as bench:
        bench.sandbox.account.keys = {}
        await bench.say("p-0", "x")
        await bench.quiet()
        await bench.say("p-poison", "")
        await bench.say("p-1", "x")
        bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:write"})}
        await bench.move(16)
        assert (bench.shown("p-0"), bench.shown("p-1")) == ("fine", "fine")


async def test_a_lease_that_runs_out_under_a_request_gives_no_second_one(tmp_path: Path) -> None:
    """A machine that slept finds the pin due again; the request that goes on stays the only one."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", pin="p-1", times=1, delay_s=0.8)
        await bench.say("p-1", "x")
        await bench.until(lambda: bench.under_way() == 1)
        bench.time.move(100)
        await bench.say("p-2", "y")
        await bench.until(lambda: bench.shown("p-2") == "y")
        assert bench.sent("p-1") == ["x"]
        await bench.until(lambda: bench.shown("p-1") == "x")
        assert bench.sent("p-1") == ["x"]
