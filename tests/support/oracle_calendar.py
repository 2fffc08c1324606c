"""Calendar buckets by the most obvious way: walk along the wall clock, minute by minute.

Written from docs/state.md alone, apart from what it judges. Slow, and right.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTHS = {"minute": MINUTE, "hour": HOUR, "m": MINUTE, "h": HOUR}


class Calendar(NamedTuple):
    """What `every`, `week_start`, `offset` and `timezone` say."""

    every: str
    zone: ZoneInfo
    week_start: str = "monday"
    offset: timedelta = timedelta(0)

    @property
    def length(self) -> timedelta | None:
        """How long a bucket of minutes or hours is by the wall clock; None from a day on."""
        if self.every in _LENGTHS:
            return _LENGTHS[self.every]
        if self.every[0].isdigit():
            return int(self.every[:-1]) * _LENGTHS[self.every[-1]]
        return None


class Bucket(NamedTuple):
    """From when until when it lasts, and what the wall clock reads at its beginning, less the offset."""

    start: datetime
    end: datetime
    label: datetime


def wall(calendar: Calendar, instant: datetime) -> datetime:
    """Read the wall clock, less the offset: there a bucket begins where its unit does."""
    return instant.astimezone(calendar.zone).replace(tzinfo=None) - calendar.offset


def bucket_of(calendar: Calendar, instant: datetime) -> Bucket:
    """Find the bucket of an instant."""
    if calendar.length is None:
        return _dated(calendar, instant)
    return _clocked(calendar, instant.astimezone(UTC).replace(second=0, microsecond=0))


def before(calendar: Calendar, bucket: Bucket, count: int = 1) -> Bucket:
    """Find the bucket that is so many back."""
    for _ in range(count):
        bucket = bucket_of(calendar, bucket.start - MICROSECOND)
    return bucket


def after(calendar: Calendar, bucket: Bucket) -> Bucket:
    """Find the bucket that follows."""
    return bucket_of(calendar, bucket.end)


# Minutes and hours: a bucket begins where the wall clock gets to a multiple of its length, also for a second time
# as the clocks go back, and where a jump of the clocks leads into another one.


@lru_cache(maxsize=100_000)
def _clocked(calendar: Calendar, minute: datetime) -> Bucket:
    start = minute
    while not _begins(calendar, start):
        start -= MINUTE
    end = minute + MINUTE
    while not _begins(calendar, end):
        end += MINUTE
    return Bucket(start, end, _floor(calendar, wall(calendar, start)))


def _begins(calendar: Calendar, minute: datetime) -> bool:
    reads = wall(calendar, minute)
    label = _floor(calendar, reads)
    return reads == label or label != _floor(calendar, wall(calendar, minute - MINUTE))


def _floor(calendar: Calendar, reads: datetime) -> datetime:
    assert calendar.length is not None
    midnight = datetime.combine(reads, time())
    return midnight + (reads - midnight) // calendar.length * calendar.length


# Days and longer: a bucket begins at the first instant at which the wall clock has got to its first midnight.


def _dated(calendar: Calendar, instant: datetime) -> Bucket:
    first = _first_day(calendar, wall(calendar, instant).date() - DAY)
    while instant >= _begin(calendar, _following(calendar, first)):
        first = _following(calendar, first)
    end = _begin(calendar, _following(calendar, first))
    return Bucket(_begin(calendar, first), end, datetime.combine(first, time()))


@lru_cache(maxsize=100_000)
def _begin(calendar: Calendar, first: date) -> datetime:
    midnight = datetime.combine(first, time())
    minute = (midnight + calendar.offset).replace(tzinfo=UTC) - 15 * HOUR
    while wall(calendar, minute) < midnight:
        minute += MINUTE
    return minute


def _first_day(calendar: Calendar, day: date) -> date:
    match calendar.every:
        case "week":
            return day - (day.weekday() - WEEKDAYS.index(calendar.week_start)) % 7 * DAY
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day


def _following(calendar: Calendar, first: date) -> date:
    day = first + DAY
    while _first_day(calendar, day) != day:
        day += DAY
    return day


# "Up to the same local time": the steps of a bucket that lie before it by the wall clock.


def passed(calendar: Calendar, now: datetime, other: Bucket) -> Callable[[datetime], bool]:
    """Give what tells, of an instant in another bucket, whether its step had ended by the same local time."""
    reads = _same_reading(calendar, wall(calendar, now), bucket_of(calendar, now), other)
    return lambda instant: wall(calendar, _step_end(calendar, instant) - MICROSECOND) < reads


def _step_end(calendar: Calendar, instant: datetime) -> datetime:
    if calendar.length == MINUTE:
        return instant.replace(microsecond=0) + SECOND
    if calendar.every in ("week", "month", "quarter", "year"):
        unit = "day"
    else:
        unit = "minute" if calendar.length is not None and calendar.length <= 6 * HOUR else "hour"
    return bucket_of(calendar._replace(every=unit), instant).end


def _same_reading(kind: Calendar, reads: datetime, current: Bucket, other: Bucket) -> datetime:
    """Find the same day of the same month in it; where that month is shorter, its end."""
    if kind.every not in ("month", "quarter", "year"):
        return other.label + (reads - current.label)
    months = other.label.month - 1 + reads.month - current.label.month
    year, month = other.label.year + months // 12, months % 12 + 1
    days = calendar.monthrange(year, month)[1]
    if reads.day > days:
        return datetime(year, month, days) + DAY  # noqa: DTZ001 - what the wall clock reads has no zone
    return reads.replace(year=year, month=month)
