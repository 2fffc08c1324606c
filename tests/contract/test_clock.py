"""A machine's clock that starts ahead and is set right must not hold pins back until it has caught up."""

from pathlib import Path

from support.delivering import MAPPING, at_work

from bridge.store import Budget
from bridge.units import Window

BY_TURN = MAPPING.replace("    extract:", "    version: $.words\n    extract:")
TWO_HOURS_S = 7200


async def test_a_pin_rests_no_longer_than_by_the_right_clock(tmp_path: Path) -> None:
    """The rest after a delivery was reckoned by the wrong clock."""
    async with at_work(tmp_path, mapping=BY_TURN) as bench:
        bench.time.move(TWO_HOURS_S)
        await bench.say("p-a", 1)
        await bench.quiet()
        bench.time.move(-TWO_HOURS_S)
        await bench.say("p-a", 2)
        await bench.move(60)
        assert bench.sent("p-a") == ["1", "2"]


async def test_the_budget_recovers_within_its_window(tmp_path: Path) -> None:
    """What was sent counts once more for a whole window, because nobody knows how long ago it was; then it is free."""
    async with at_work(tmp_path, mapping=BY_TURN, budget=Budget(windows=(Window(4, 60),), cost=2)) as bench:
        bench.time.move(TWO_HOURS_S)
        await bench.say("p-a", 1)
        await bench.say("p-b", 1)
        await bench.quiet()
        bench.time.move(-TWO_HOURS_S)
        await bench.say("p-c", 1)
        await bench.move(59)
        assert bench.sent("p-c") == []
        await bench.move(2)
        assert bench.sent("p-c") == ["1"]


async def test_a_pause_of_the_key_ends_within_a_minute(tmp_path: Path) -> None:
    """So does the pause after a refusal."""
    async with at_work(tmp_path, mapping=BY_TURN) as bench:
        bench.time.move(TWO_HOURS_S)
        bench.fault("status", status=401, times=1)
        await bench.say("p-a", 1)
        await bench.quiet()
        bench.time.move(-TWO_HOURS_S)
        await bench.move(61)
        assert bench.shown("p-a") == "1"


async def test_a_start_after_the_clock_was_set_back_finds_its_pins_due(tmp_path: Path) -> None:
    """The database remembers instants that are still to come."""
    async with at_work(tmp_path, mapping=BY_TURN) as bench:
        bench.time.move(TWO_HOURS_S)
        await bench.say("p-a", 1)
        await bench.quiet()
        await bench.stop()
        bench.time.move(-TWO_HOURS_S)
        await bench.start()
        await bench.say("p-a", 2)
        await bench.quiet()
        assert bench.sent("p-a") == ["1", "2"]
