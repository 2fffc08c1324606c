"""Which stretches of time a metric looks at. Written from docs/state.md alone, apart from what it judges."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from support.oracle_calendar import Bucket, Calendar, before, bucket_of, passed
from support.oracle_events import Entry, Moment, calendar_of, duration

Stretch = Callable[[datetime], bool]
"""Tells whether an instant lies in it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = 60


class Spans(NamedTuple):
    """The stretches of one metric at one moment.

    `previous` began at `previous_since`; `compared` is what of it had passed at the same time of its own. `kept` are
    the kept buckets and the current one with their beginnings, oldest first. A group with data since `grouped_since`
    is one (None: ever).
    """

    current: Stretch
    kept: Sequence[tuple[datetime | None, Stretch]]
    previous: Stretch | None = None
    compared: Stretch | None = None
    previous_since: datetime | None = None
    grouped_since: datetime | None = None


def spans_of(entry: Entry, moment: Moment) -> Spans:
    """Give the stretches that a metric looks at."""
    calendar = calendar_of(entry, moment.zone)
    if calendar is not None:
        return _bucketed(entry, calendar, moment.now)
    if "window" in entry:
        return _sliding(duration(entry["window"]), moment.now)
    return Spans(_ever, [(None, _ever)])


def kept_buckets(entry: Entry) -> int:
    """Say how many past buckets stay readable."""
    return int(entry.get("keep", entry.get("against", 1)))


def is_too_late(entry: Entry, moment: Moment, at: datetime) -> bool:
    """Say whether an event with a time of its own is too late when it arrives, at this moment."""
    since = spans_of(entry, moment).grouped_since
    return since is not None and at < since


def _ever(_at: datetime) -> bool:
    return True


def _bucketed(entry: Entry, calendar: Calendar, now: datetime) -> Spans:
    current = bucket_of(calendar, now)
    kept = [before(calendar, current, count) for count in range(kept_buckets(entry), -1, -1)]
    previous = before(calendar, current, entry.get("against", 1))
    inside, had_passed = _inside(previous), passed(calendar, now, previous)
    return Spans(
        current=_inside(current),
        kept=[(bucket.start, _inside(bucket)) for bucket in kept],
        previous=inside,
        compared=lambda at: inside(at) and had_passed(at),
        previous_since=previous.start,
        grouped_since=kept[0].start,
    )


def _inside(bucket: Bucket) -> Stretch:
    return lambda at: bucket.start <= at < bucket.end


def _sliding(length: timedelta, now: datetime) -> Spans:
    """Cut time into sixtieths of the window: the one that has begun and the 59 before it, and the 60 before those."""
    step = length / _STEPS
    latest = (now - _EPOCH) // step

    def sixtieths(first: int, last: int) -> Stretch:
        return lambda at: first <= (at - _EPOCH) // step <= last

    current, previous = sixtieths(latest - 59, latest), sixtieths(latest - 119, latest - 60)
    began, before_that = _EPOCH + (latest - 59) * step, _EPOCH + (latest - 119) * step
    return Spans(current, [(began, current)], previous, previous, before_that, before_that)
