"""The delivery loop and silence: a pin turns stale without an event, and nothing is asked before its time."""

from pathlib import Path

from structlog.testing import capture_logs
from support.delivering import MAPPING, at_work

SILENT = MAPPING.replace('"{{ words }}"', "\"{{ 'silent' if stale else words }}\"") + "stale_after: 1h\n"


async def test_a_pin_turns_stale_without_an_event_and_comes_back_with_one(tmp_path: Path) -> None:
    """At its very time; no query runs before, and none after."""
    with capture_logs() as told:
        async with at_work(tmp_path, mapping=SILENT) as bench:
            await bench.say("p-1", "well")
            await bench.quiet()
            asked = bench.asked()
            await bench.move(3599)
            assert (bench.sent(), bench.asked()) == (["well"], asked)
            await bench.move(1)
            assert (bench.sent(), bench.asked()) == (["well", "silent"], asked + 1)
            assert told[-1]["stale_since"] == "2026-11-22T13:00:00+00:00"
            await bench.move(86_400)
            assert (bench.sent(), bench.asked()) == (["well", "silent"], asked + 1)

            await bench.say("p-1", "well again")
            await bench.quiet()
            await bench.move(3600)
            assert bench.sent() == ["well", "silent", "well again", "silent"]


async def test_a_repeated_delivery_brings_a_pin_back(tmp_path: Path) -> None:
    """What it shows is what it showed before."""
    async with at_work(tmp_path, mapping=SILENT) as bench:
        await bench.say("p-1", "well")
        await bench.quiet()
        await bench.move(3600)
        await bench.repeat()
        await bench.quiet()
        await bench.move(5)
        assert bench.sent() == ["well", "silent", "well"]


async def test_repeated_deliveries_that_renew_cost_no_query(tmp_path: Path) -> None:
    """But one look, at the moment that was known before they came."""
    async with at_work(tmp_path, mapping=SILENT) as bench:
        await bench.say("p-1", "well")
        await bench.quiet()
        asked = bench.asked()
        for _ in range(5):
            await bench.move(700)
            await bench.repeat()
            await bench.quiet()
        assert bench.asked() == asked
        await bench.move(3599)
        assert (bench.sent(), bench.asked()) == (["well"], asked + 1)
        await bench.move(1)
        assert bench.sent() == ["well", "silent"]


async def test_a_delivery_that_is_repeated_while_the_pin_is_being_sent_brings_it_back(tmp_path: Path) -> None:
    """The update that says "silent" is under way when its sender is heard: another follows."""
    async with at_work(tmp_path, mapping=SILENT) as bench:
        await bench.say("p-1", "well")
        await bench.quiet()
        bench.fault("slow", delay_s=0.3)
        bench.time.move(3600)
        await bench.until(lambda: bench.under_way() == 1)
        await bench.repeat()
        await bench.quiet()
        await bench.move(5)
        assert bench.sent() == ["well", "silent", "well"]


async def test_a_template_that_tells_nothing_of_silence_is_sent_no_more(tmp_path: Path) -> None:
    """It is rendered at that time; the body is the same, and so nothing goes out."""
    async with at_work(tmp_path, mapping=f"{MAPPING}stale_after: 1h\n") as bench:
        await bench.say("p-1", "well")
        await bench.quiet()
        asked = bench.asked()
        for _ in range(5):
            await bench.move(3600)
        assert (bench.sent(), bench.asked()) == (["well"], asked + 1)
        assert bench.pins()[0].stale_since is not None
