"""Time moves what a pin shows of the state: once, at the moment that its view names, and with nothing asked before."""

from datetime import timedelta
from pathlib import Path

from support.delivering import MAPPING, at_work

COUNTED = """
pin: "{{ pin_id }}"
pins: ["p-*"]
triggers:
  - {name: said, source: test, extract: {pin_id: $.pin, words: $.words}}
state:
  %s
update: {metadata: {pin_config: {cards: [{title: Said, value: "%s"}]}}}
deliver: {min_interval: 0s}
"""
HOURLY = COUNTED % ("hour: {count: said, every: hour}", "{{ hour.value }}")


async def test_a_bucket_that_ends_moves_the_pin(tmp_path: Path) -> None:
    """At the hour's end, by itself; what stays as it is then is not sent again."""
    async with at_work(tmp_path, mapping=HOURLY) as bench:
        await bench.say("p-1", "x")
        await bench.move(3599)
        assert bench.sent() == ["1"]
        await bench.move(2)
        assert bench.sent() == ["1", "0"]
        for _ in range(48):
            await bench.move(3600)
        assert bench.sent() == ["1", "0"]


async def test_nothing_is_asked_before_the_moment(tmp_path: Path) -> None:
    """Until the hour ends no look into the store is worth it, however often the loop wakes up."""
    async with at_work(tmp_path, mapping=HOURLY) as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        asked = bench.asked()
        for _ in range(50):
            await bench.move(60)
        assert bench.asked() == asked


async def test_a_window_slides_step_by_step(tmp_path: Path) -> None:
    """Each step is a moment of its own, and an event leaves with the step that it came in."""
    mapping = COUNTED % ("near: {count: said, window: 1h}", "{{ near.value }}")
    async with at_work(tmp_path, mapping=mapping) as bench:
        for _ in range(3):
            await bench.say("p-1", "x")
            await bench.move(600)
        assert bench.sent() == ["1", "2", "3"]
        for _ in range(70):
            await bench.move(60)
        assert bench.sent() == ["1", "2", "3", "2", "1", "0"]


async def test_a_row_goes_when_its_time_is_over(tmp_path: Path) -> None:
    """By the events' own time; the next row is the next moment."""
    mapping = COUNTED % ("open: {rows: {words: words}, key: words, ttl: 10m}", "{{ open.count }}")
    async with at_work(tmp_path, mapping=mapping) as bench:
        await bench.say("p-1", "a")
        await bench.move(300)
        await bench.say("p-1", "b")
        await bench.move(299)
        assert bench.sent() == ["1", "2"]
        await bench.move(2)
        assert bench.sent() == ["1", "2", "1"]
        await bench.move(300)
        assert bench.sent() == ["1", "2", "1", "0"]


async def test_the_first_look_after_hours_shows_what_is_true_then(tmp_path: Path) -> None:
    """Nobody has to catch up with the moments that were slept through."""
    async with at_work(tmp_path, mapping=HOURLY) as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        await bench.stop()
        bench.time.instant += timedelta(hours=30)
        await bench.start()
        await bench.quiet()
        assert bench.sent() == ["1", "0"]


async def test_without_state_time_moves_nothing(tmp_path: Path) -> None:
    """A pin that shows what its events said is asked for by events alone."""
    async with at_work(tmp_path, mapping=MAPPING) as bench:
        await bench.say("p-1", "x")
        await bench.quiet()
        asked = bench.asked()
        for _ in range(24):
            await bench.move(3600)
        assert (bench.sent(), bench.asked()) == (["x"], asked)
