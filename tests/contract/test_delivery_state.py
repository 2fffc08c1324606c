"""Time moves what a pin shows of the state: once, at the moment that its view names, and with nothing asked before."""

from datetime import timedelta
from pathlib import Path

from support.delivering import MAPPING, START, Bench, at_work

HOUR, DAY = 3600, 86_400

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


def showing_of(value: str, *entries: str) -> str:
    """Give a mapping whose pins show something of these entries; the words are numbers."""
    named = MAPPING.replace("words: $.words", "words: $.words, amount: $.words")
    return (
        named.replace('"{{ words }}"', f'"{{{{ {value} }}}}"') + "state:\n" + "".join(f"  {each}\n" for each in entries)
    )


async def numbers(bench: Bench, *amounts: int) -> None:
    """Bring events, and let them be shown."""
    for amount in amounts:
        await bench.say("p-1", amount)
        await bench.quiet()
        await bench.move(10)


async def test_a_change_is_drawn_anew_at_each_step(tmp_path: Path) -> None:
    """Each hour of a day that another is compared with; not between."""
    mapping = showing_of("today.change | signed_percent(0)", "today: {sum: amount, every: day}")
    async with at_work(tmp_path, mapping=mapping) as bench:
        # The day of the first activation is not covered whole.
        await bench.move(DAY)
        await numbers(bench, 4)
        await bench.move(HOUR)
        await numbers(bench, 4)
        await bench.move(DAY - 2 * HOUR)
        await numbers(bench, 4)
        assert bench.sent()[-1] == "–"
        await bench.move((START + timedelta(days=2, hours=1) - bench.time.now()).total_seconds())
        assert bench.sent()[-1] == "0%"
        asked = bench.asked()
        await bench.move(HOUR - 1)
        assert bench.asked() == asked
        await bench.move(1)
        assert bench.sent()[-1] == "-50%"


async def test_what_events_moved_goes_before_what_time_moved(tmp_path: Path) -> None:
    """At midnight, when every pin is due."""
    mapping = showing_of("today.value", "today: {sum: amount, every: day}")
    async with at_work(tmp_path, mapping=mapping) as bench:
        for number in range(20):
            await bench.say(f"p-{number}", 1)
        await bench.quiet()
        await bench.move(10)
        bench.time.move(12 * HOUR - 20)
        sent = len(bench.sent())
        await bench.say("p-7", 3)
        await bench.move(20)
        assert bench.sent()[sent] in {"3", "4"}
        assert bench.shown("p-7") == "0"
