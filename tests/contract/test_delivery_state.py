"""The delivery loop and state: time moves a pin by itself, once, at that time, and nothing is asked before."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.delivering import MAPPING, START, Bench, at_work

HOUR, DAY = 3600, 86_400


def showing(value: str, *entries: str) -> str:
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


@pytest.mark.parametrize(
    ("mapping", "until", "before", "after"),
    [
        (showing("today.value", "today: {sum: amount, every: day}"), 12 * HOUR, "5", "0"),
        (showing("hour.previous", "hour: {sum: amount, every: hour}"), HOUR, "0", "5"),
        (showing("recent.value", "recent: {sum: amount, window: 1h}"), HOUR, "5", "0"),
        (showing("open.count", "open: {rows: {amount: amount}, key: pin_id, ttl: 2h}"), 2 * HOUR + 1, "1", "0"),
    ],
)
async def test_a_pin_shows_that_time_has_passed_at_its_very_moment(
    tmp_path: Path, mapping: str, until: int, before: str, after: str
) -> None:
    """Without an event, and no query runs before."""
    async with at_work(tmp_path, mapping=mapping) as bench:
        await numbers(bench, 5)
        assert bench.sent()[-1] == before
        asked, sent = bench.asked(), len(bench.sent())
        await bench.move(until - 10 - (60 if "window" in mapping else 1))
        assert (bench.asked(), len(bench.sent())) == (asked, sent) or "window" in mapping
        assert bench.sent()[-1] == before
        await bench.move(61 if "window" in mapping else 1)
        assert bench.sent()[-1] == after


async def test_a_change_is_drawn_anew_at_each_step(tmp_path: Path) -> None:
    """Each hour of a day that another is compared with; not between."""
    mapping = showing("today.change | signed_percent(0)", "today: {sum: amount, every: day}")
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


async def test_what_says_nothing_of_time_is_left_in_peace(tmp_path: Path) -> None:
    """All time has no end."""
    async with at_work(tmp_path, mapping=showing("ever.value", "ever: {sum: amount}")) as bench:
        await numbers(bench, 5)
        asked = bench.asked()
        await bench.move(400 * DAY)
        assert (bench.sent(), bench.asked()) == (["5"], asked)


async def test_after_days_of_downtime_the_first_update_is_right(tmp_path: Path) -> None:
    """What ended meanwhile is over, and the pin is due because of it."""
    mapping = showing("today.value ~ ' ' ~ today.previous", "today: {sum: amount, every: day}")
    async with at_work(tmp_path, mapping=mapping) as bench:
        await numbers(bench, 5)
        assert bench.sent()[-1] == "5 0"
        await bench.stop()
        bench.time.move(DAY)
        await bench.start()
        await bench.quiet()
        assert bench.sent()[-1] == "0 5"


async def test_what_events_moved_goes_before_what_time_moved(tmp_path: Path) -> None:
    """At midnight, when every pin is due."""
    mapping = showing("today.value", "today: {sum: amount, every: day}").replace("deliver", "deliver")
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
