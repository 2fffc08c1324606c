"""The delivery loop over a real store and a real sandbox: what is sent, when, and what is not."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs
from support.delivering import MAPPING, at_work

from bridge.mappings import load_texts
from bridge.store import Budget
from bridge.units import Window


async def test_an_event_becomes_an_update(tmp_path: Path) -> None:
    """At once, and only once."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "hello")
        await bench.quiet()
        assert bench.sent() == ["hello"]
        assert bench.shown("p-1") == "hello"


async def test_many_changes_become_one_update_now_and_one_at_the_end_of_the_interval(tmp_path: Path) -> None:
    """The leading edge goes at once, the trailing edge carries the newest."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "first")
        await bench.quiet()
        for turn in range(50):
            await bench.say("p-1", f"turn {turn}")
        await bench.move(4.9)
        assert bench.sent() == ["first"]
        await bench.move(0.2)
        assert bench.sent() == ["first", "turn 49"]
        await bench.move(3600)
        assert bench.sent() == ["first", "turn 49"]


async def test_after_a_quiet_interval_the_next_change_goes_at_once(tmp_path: Path) -> None:
    """`min_interval` delays nothing that comes seldom."""
    async with at_work(tmp_path) as bench:
        for turn in range(3):
            await bench.say("p-1", f"turn {turn}")
            await bench.quiet()
            assert bench.sent()[-1] == f"turn {turn}"
            await bench.move(5.1)


async def test_a_body_that_did_not_change_is_not_sent(tmp_path: Path) -> None:
    """And does not hold up the change that follows it for long."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "same")
        await bench.move(6)
        await bench.say("p-1", "same")
        await bench.quiet()
        assert bench.sent() == ["same"]
        await bench.say("p-1", "other")
        await bench.move(1.1)
        assert bench.sent() == ["same", "other"]


async def test_changes_that_cancel_out_are_not_sent(tmp_path: Path) -> None:
    """A, then B and A within the interval: the dashboard shows A all along."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "A")
        await bench.quiet()
        await bench.say("p-1", "B")
        await bench.say("p-1", "A")
        await bench.move(6)
        assert bench.sent() == ["A"]


async def test_pins_are_delivered_side_by_side(tmp_path: Path) -> None:
    """One that hangs delays no other."""
    async with at_work(tmp_path) as bench:
        bench.fault("hang", pin="p-0", times=1)
        for number in range(30):
            await bench.say(f"p-{number}", "x")
        await bench.until(lambda: len(bench.sent()) == 30)
        assert {bench.shown(f"p-{number}") for number in range(1, 30)} == {"x"}


async def test_at_most_eight_requests_are_under_way(tmp_path: Path) -> None:
    """The connection pool is slow beyond that; the loop keeps the bound."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=0.1)
        for number in range(30):
            await bench.say(f"p-{number}", "x")
        peak = 0
        while len(bench.sent()) < 30:
            peak = max(peak, bench.under_way())
            await asyncio.sleep(0.005)
        assert 2 <= peak <= 8


async def test_a_template_that_fails_parks_its_pin_alone_with_its_place(tmp_path: Path) -> None:
    """The place in the YAML is the author's; the other pins never notice."""
    mapping = MAPPING.replace('"{{ words }}"', "\"{{ 'fine' if words else words.no.such.thing }}\"")
    async with at_work(tmp_path, mapping=mapping) as bench:
        with capture_logs() as lines:
            await bench.say("p-poison", "")
            for number in range(10):
                await bench.say(f"p-{number}", "x")
            await bench.quiet()
        assert len(bench.sent()) == 10
        (parked,) = bench.parked()
        assert (parked.pin, parked.code, parked.status) == ("p-poison", "render_error", None)
        assert "said.yaml:11:" in parked.message
        assert [line["pin"] for line in lines if line["event"] == "pin_parked"] == ["p-poison"]


async def test_a_pin_parked_by_its_template_comes_back_with_its_next_change(tmp_path: Path) -> None:
    """Nobody need act where the next event mends it."""
    mapping = MAPPING.replace('"{{ words }}"', "\"{{ 'fine' if words else words.no.such.thing }}\"")
    async with at_work(tmp_path, mapping=mapping) as bench:
        await bench.say("p-1", "")
        await bench.quiet()
        await bench.say("p-1", "x")
        await bench.move(5.1)
        assert bench.shown("p-1") == "fine"
        assert bench.parked() == []


async def test_an_error_that_nobody_foresaw_parks_one_pin_and_stops_nothing(tmp_path: Path) -> None:
    """It is logged with its traceback."""

    def fail_once() -> None:
        bench.when_mappings_are_read = lambda: None
        raise RuntimeError("a bug")

    async with at_work(tmp_path) as bench:
        bench.when_mappings_are_read = fail_once
        with capture_logs() as lines:
            await bench.say("p-1", "x")
            await bench.until(lambda: any(line["event"] == "pin_failed" for line in lines))
            await bench.say("p-2", "y")
            await bench.quiet()
        assert bench.sent() == ["y"]
        (parked,) = bench.parked()
        assert (parked.pin, parked.code) == ("p-1", "internal_error")
        assert parked.message == "the bridge failed on this pin: RuntimeError: a bug"


async def test_a_claim_lost_to_its_lease_is_not_sent(tmp_path: Path) -> None:
    """Whoever rendered for too long does not send; the pin is taken up again."""

    def dawdle() -> None:
        bench.when_mappings_are_read = lambda: None
        bench.time.move(61)

    async with at_work(tmp_path) as bench:
        bench.when_mappings_are_read = dawdle
        with capture_logs() as lines:
            await bench.say("p-1", "x")
            await bench.until(lambda: any(line["event"] == "claim_lost" for line in lines))
        assert bench.sent() == []
        await bench.move(61)
        assert bench.sent() == ["x"]


async def test_nothing_due_means_no_query(tmp_path: Path) -> None:
    """Over a day, while the loop is awake to everything."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        await bench.move(10)
        bench.store.calls.clear()
        for _ in range(24):
            await bench.move(3600)
        assert bench.store.calls.total() == 0


async def test_what_moves_a_resting_pin_costs_no_query_before_its_time(tmp_path: Path) -> None:
    """However many events come."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        before = bench.asked()
        for turn in range(20):
            await bench.say("p-1", f"turn {turn}")
            await bench.move(0.1)
        assert bench.asked() == before


async def test_the_budget_is_kept_in_every_window_as_the_sandbox_counts_it(tmp_path: Path) -> None:
    """Two hundred pins at ten updates a minute: no 429, and all arrive."""
    async with at_work(tmp_path, budget=Budget(windows=(Window(20, 60),), cost=2)) as bench:
        bench.sandbox.account.meter = type(bench.sandbox.account.meter)((Window(20, 60),))
        for number in range(40):
            await bench.say(f"p-{number}", "x")
        for _ in range(60):
            await bench.move(7)
        assert bench.sandbox.account.meter.violations == 0
        assert {each.status for each in bench.sandbox.log} == {200}
        assert len(bench.sent()) == 40
        assert {bench.shown(f"p-{number}") for number in range(40)} == {"x"}


async def test_the_end_of_a_delivery_costs_no_query_where_none_was_left(tmp_path: Path) -> None:
    """One look claims the pin; nothing else was due, so that nobody asks what its slot may be for."""
    async with at_work(tmp_path) as bench:
        await bench.quiet()
        before = bench.asked()
        await bench.say("p-1", "x")
        await bench.quiet()
        assert bench.shown("p-1") == "x"
        assert bench.asked() == before + 1


async def test_no_query_runs_while_the_budget_is_spent(tmp_path: Path) -> None:
    """Until the next slot comes back."""
    async with at_work(tmp_path, budget=Budget(windows=(Window(4, 60),), cost=2)) as bench:
        for number in range(4):
            await bench.say(f"p-{number}", "x")
        await bench.quiet()
        assert len(bench.sent()) == 2
        before = bench.asked()
        for number in range(10):
            await bench.say(f"p-{number}", "y")
            await bench.move(5)
        assert bench.asked() == before
        await bench.move(11)
        assert len(bench.sent()) == 4


async def test_pins_moved_by_events_go_before_pins_moved_by_time(tmp_path: Path) -> None:
    """Midnight does not delay what just happened: of two slots, one is the event's, though it came last."""
    mapping = MAPPING.replace('"{{ words }}"', '"{{ words }} {{ now }}"') + "deliver: {refresh: 60s}\n"
    async with at_work(tmp_path, mapping=mapping, budget=Budget(windows=(Window(4, 30),), cost=2)) as bench:
        for number in (1, 2):
            await bench.say(f"p-{number}", "old")
        await bench.quiet()
        bench.time.instant = bench.time.instant.replace(minute=1, second=1)
        await bench.say("p-3", "new")
        await bench.quiet()
        assert {words.split()[0] for words in bench.sent()[2:]} == {"new", "old"}


async def test_a_refresh_renders_again_and_sends_what_changed(tmp_path: Path) -> None:
    """A text that tells the time moves without an event."""
    told = MAPPING.replace('"{{ words }}"', "\"{{ words }} at {{ now | datetime('HH:mm') }}\"")
    async with at_work(tmp_path, mapping=f"{told}deliver: {{refresh: 15m}}\n") as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        await bench.move(899)
        assert bench.sent() == ["x at 12:00"]
        await bench.move(2)
        assert bench.sent() == ["x at 12:00", "x at 12:15"]


async def test_a_refresh_that_changes_nothing_sends_nothing(tmp_path: Path) -> None:
    """An unchanged body is not sent, however often it is rendered."""
    async with at_work(tmp_path, mapping=f"{MAPPING}deliver: {{refresh: 15m}}\n") as bench:
        await bench.say("p-1", "x")
        for _ in range(8):
            await bench.move(1000)
        assert bench.sent() == ["x"]


async def test_no_revision_is_shown_by_the_mapping_that_a_reload_replaces(tmp_path: Path) -> None:
    """The store goes over first: until the rendering follows, its pins are given back, and neither sent nor parked."""
    changed = load_texts({"said.yaml": MAPPING.replace('"{{ words }}"', '"{{ words }}!"').encode()}, {})
    renamed = load_texts({"told.yaml": MAPPING.encode()}, {})
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "hello")
        await bench.move(6)
        assert await bench.activate(changed) == ["p-1"]
        bench.loop.wake(["p-1"])
        await bench.quiet()
        await bench.say("p-1", "now")
        await bench.move(1)
        assert bench.sent() == ["hello"]
        bench.mappings = changed
        await bench.move(1)
        assert bench.sent() == ["hello", "now!"]

        assert await bench.activate(renamed) == []
        await bench.say("p-1", "late")
        await bench.move(60)
        assert bench.sent() == ["hello", "now!"]
        bench.mappings = renamed
        await bench.rebuild()
        await bench.move(60)
        assert bench.sent() == ["hello", "now!", "late"]
        assert bench.parked() == []
