"""Calendar buckets: bounds, what lies before, and the same time in another bucket."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bridge.instants import to_instant, to_micros
from bridge.state.calendar import Calendar

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Read an instant; without an offset it is UTC."""
    found = datetime.fromisoformat(text)
    return to_micros(found if found.tzinfo else found.replace(tzinfo=UTC))


def bounds(calendar: Calendar, text: str) -> tuple[str, str]:
    """Give the bounds of the bucket around an instant, in UTC."""
    first, end = calendar.bounds(at(text))
    return f"{to_instant(first):%m-%d %H:%M}", f"{to_instant(end):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("unit", "count", "instant", "first", "end"),
    [
        ("minute", 1, "2026-11-28T12:34:56", "11-28 12:34", "11-28 12:35"),
        ("minute", 15, "2026-11-28T12:34:56", "11-28 12:30", "11-28 12:45"),
        ("hour", 1, "2026-11-28T12:34:56", "11-28 12:00", "11-28 13:00"),
        ("hour", 6, "2026-11-28T12:34:56", "11-28 11:00", "11-28 17:00"),
        ("day", 1, "2026-11-28T23:30:00", "11-28 23:00", "11-29 23:00"),
        ("week", 1, "2026-11-29T12:00:00", "11-22 23:00", "11-29 23:00"),
        ("month", 1, "2026-11-30T23:30:00", "11-30 23:00", "12-31 23:00"),
        ("quarter", 1, "2026-05-05T00:00:00", "03-31 22:00", "06-30 22:00"),
        ("year", 1, "2026-05-05T00:00:00", "12-31 23:00", "12-31 23:00"),
    ],
)
def test_a_bucket_is_cut_by_the_wall_clock(unit: str, count: int, instant: str, first: str, end: str) -> None:
    """In Berlin, an hour or two before UTC."""
    assert bounds(Calendar(unit, count, BERLIN), instant) == (first, end)


@pytest.mark.parametrize(
    ("instant", "hours"),
    [("2026-03-29T12:00:00", 23), ("2026-10-25T12:00:00", 25), ("2026-10-26T12:00:00", 24)],
)
def test_a_day_has_as_many_hours_as_it_has(instant: str, hours: int) -> None:
    """When the clock is set, one more or less."""
    first, end = Calendar("day", 1, BERLIN).bounds(at(instant))
    assert (end - first) // 3_600_000_000 == hours


def test_an_hour_that_is_repeated_is_two_buckets() -> None:
    """Each of sixty minutes; six hours around it are one bucket of seven."""
    hours = Calendar("hour", 1, BERLIN)
    assert bounds(hours, "2026-10-25T00:30:00") == ("10-25 00:00", "10-25 01:00")
    assert bounds(hours, "2026-10-25T01:30:00") == ("10-25 01:00", "10-25 02:00")
    assert bounds(Calendar("hour", 6, BERLIN), "2026-10-25T01:30:00") == ("10-24 22:00", "10-25 05:00")


def test_where_midnight_is_skipped_the_day_begins_at_the_jump() -> None:
    """Havana, on the day on which the clock goes from midnight to one."""
    havana = ZoneInfo("America/Havana")
    assert bounds(Calendar("day", 1, havana), "2026-03-08T12:00:00") == ("03-08 05:00", "03-09 04:00")
    assert bounds(Calendar("day", 1, havana, offset_s=1800), "2026-11-01T05:10:00") == ("11-01 04:30", "11-02 05:30")


def test_a_day_may_begin_at_six_and_a_week_on_sunday() -> None:
    """What comes before belongs to the one before."""
    assert bounds(Calendar("day", 1, UTC, offset_s=6 * 3600), "2026-11-28T05:59:59") == ("11-27 06:00", "11-28 06:00")
    assert bounds(Calendar("week", 1, UTC, week_start=6), "2026-11-28T12:00:00") == ("11-22 00:00", "11-29 00:00")


def test_buckets_before_are_counted_one_by_one() -> None:
    """Over the day of 25 hours, and the shorter months."""
    days, months = Calendar("day", 1, BERLIN), Calendar("month", 1, UTC)
    start = days.start(at("2026-10-28T12:00:00"))
    assert [to_instant(days.before(start, back)).hour for back in range(5)] == [23, 23, 23, 22, 22]
    start = months.start(at("2026-03-31T12:00:00"))
    assert [to_instant(months.before(start, back)).month for back in range(4)] == [3, 2, 1, 12]


class AskedZone(tzinfo):
    """UTC, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def utcoffset(self, _: datetime | None) -> timedelta:
        """Give the offset."""
        self.asked += 1
        return timedelta(0)

    def dst(self, _: datetime | None) -> timedelta:
        """Know no summer."""
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        """Give its name."""
        return "asked"


def test_a_long_look_back_finds_each_bucket_once() -> None:
    """A series of 2,000 minutes costs as many steps, and the one a minute later hardly any."""
    zone = AskedZone()
    minutes, start = Calendar("minute", 1, zone), at("2026-11-28T12:00:00")
    starts = minutes.starts(minutes.before(start, 2000), start)
    assert (len(starts), starts[0], starts[-1]) == (2001, at("2026-11-27T02:40:00"), start)
    asked = zone.asked
    assert asked < 2001 * 20
    assert minutes.before(at("2026-11-28T12:01:00"), 2000) == starts[1]
    assert zone.asked < asked + 20


@pytest.mark.parametrize(
    ("unit", "now", "back", "expected"),
    [
        ("day", "2026-11-28T09:30", 1, "2026-11-27T09:30"),
        ("day", "2026-11-28T09:30", 7, "2026-11-21T09:30"),
        ("week", "2026-11-28T09:30", 1, "2026-11-21T09:30"),
        ("month", "2026-03-15T09:30", 1, "2026-02-15T09:30"),
        ("month", "2026-03-31T09:30", 1, "2026-03-01T00:00"),
        ("quarter", "2026-05-15T09:30", 1, "2026-02-15T09:30"),
        ("year", "2028-03-01T09:30", 1, "2027-03-01T09:30"),
        ("year", "2028-02-29T09:30", 1, "2027-03-01T00:00"),
    ],
)
def test_the_same_time_of_another_bucket_is_the_same_day_of_the_same_month(
    unit: str, now: str, back: int, expected: str
) -> None:
    """Where that month is shorter, all of it."""
    calendar = Calendar(unit, 1, UTC)
    start = calendar.start(at(now))
    assert calendar.same_time(at(now), start, calendar.before(start, back)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("unit", "count", "step"),
    [("minute", 1, 1), ("hour", 1, 60), ("hour", 6, 60), ("hour", 12, 3600), ("day", 1, 3600), ("year", 1, 86400)],
)
def test_a_bucket_remembers_steps_that_fit_it(unit: str, count: int, step: int) -> None:
    """Seconds of a minute, minutes to six hours, then hours, from a week on days."""
    calendar, noon = Calendar(unit, count, UTC), at("2026-11-28T12:00:00")
    first, end = calendar.steps().bounds(noon)
    assert end - first == step * 1_000_000
    begin = datetime.fromisoformat("2026-11-28T12:00" if step < 86400 else "2026-11-28T00:00")
    assert calendar.step_end(first) == begin + timedelta(seconds=step)
