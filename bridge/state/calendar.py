"""Calendar buckets: which one an instant lies in, where it ends, and which steps it remembers.

Buckets are cut by the wall clock of a timezone and named by the instant at which they begin, in microseconds. An hour
that the clock repeats in autumn is two buckets, a day has 23, 24 or 25 hours, and where midnight is skipped the day
begins when the clock jumps.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from bridge.instants import in_micros, to_instant, to_micros
from bridge.mappings.entries.definitions import Buckets

_LENGTHS_S = {"second": 1, "minute": 60, "hour": 3600}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MINUTES_UP_TO_S = 6 * 3600
"""Buckets that are no longer than this remember their minutes."""

_REMEMBERED = 8192
"""Buckets that a calendar remembers: those that the longest look back goes through, and those of its steps."""

_CALENDARS = 64
"""Calendars that are remembered; nearly all entries have one of a few."""


class Calendar:
    """Time, cut into `count` units, each from `offset_s` seconds of the wall clock after it begins.

    Remembers what it found, since events come mostly in one bucket, and templates look back over the same ones. May be
    used by several threads.
    """

    def __init__(self, unit: str, count: int, timezone: tzinfo, *, week_start: int = 0, offset_s: int = 0) -> None:
        self._unit = unit
        self._count = count
        self._timezone = timezone
        self._week_start = week_start
        self._offset = timedelta(seconds=offset_s)
        self._newest = (0, 0)
        self._befores: dict[int, int] = {}

    @staticmethod
    @lru_cache(_CALENDARS)
    def of(buckets: Buckets) -> "Calendar":
        """Take over what an author defined; gives one and the same calendar for the same buckets."""
        offset_s, week_start = buckets.offset_s, buckets.week_start
        return Calendar(buckets.unit, buckets.count, buckets.timezone, week_start=week_start, offset_s=offset_s)

    def start(self, at: int) -> int:
        """Say when the bucket begins in which an instant lies."""
        return self.bounds(at)[0]

    def end(self, start: int) -> int:
        """Say when the bucket ends that begins at `start`."""
        return self.bounds(start)[1]

    def bounds(self, at: int) -> tuple[int, int]:
        """Say when the bucket begins in which an instant lies, and when it ends."""
        newest = self._newest
        if not newest[0] <= at < newest[1]:
            newest = self._newest = self._find(at)
        return newest

    def before(self, start: int, count: int) -> int:
        """Say when the bucket begins that lies `count` buckets before the one that begins at `start`."""
        for _ in range(count):
            start = self._before(start)
        return start

    def starts(self, first: int, last: int) -> list[int]:
        """Say when each bucket begins, from the one in which an instant lies to that of another, oldest first."""
        oldest, found = self.start(first), [self.start(last)]
        while found[-1] > oldest:
            found.append(self._before(found[-1]))
        return found[::-1]

    def steps(self) -> "Calendar":
        """Give the finer cut by which a bucket is compared with another up to the same time."""
        return _steps_of(self._step_unit(), self._timezone, int(self._offset.total_seconds()))

    def same_time(self, now: int, start: int, other: int) -> datetime:
        """Give, by the wall clock, the time in the bucket at `other` that `now` is in the one at `start`."""
        wall, own, base = self._wall(now), self._floor(self._wall(start)), self._floor(self._wall(other))
        if self._unit not in _MONTHS:
            return base + (wall - own)
        months = (wall.year - own.year) * 12 + wall.month - own.month
        moved = _add_months(base, months) + (wall - _add_months(own, months))
        return min(moved, _add_months(base, months + 1))

    def step_end(self, step: int) -> datetime:
        """Say, by the wall clock as `same_time` does, when the step ends that begins at `step`."""
        unit = self._step_unit()
        return self._wall(step) + (timedelta(days=1) if unit == "day" else timedelta(seconds=_LENGTHS_S[unit]))

    def _before(self, start: int) -> int:
        """Say when the bucket before another begins."""
        found = self._befores.get(start)
        if found is None:
            if len(self._befores) >= _REMEMBERED:
                self._befores.clear()
            found = self._befores[start] = self._find(start - 1)[0]
        return found

    def _step_unit(self) -> str:
        if self._unit in _MONTHS or self._unit == "week":
            return "day"
        length_s = _LENGTHS_S.get(self._unit, 86400) * self._count
        return "second" if length_s <= 60 else "minute" if length_s <= _MINUTES_UP_TO_S else "hour"

    def _find(self, at: int) -> tuple[int, int]:
        return (self._start_of(at), self._end_of(at)) if self._unit in _LENGTHS_S else self._find_days(at)

    def _find_days(self, at: int) -> tuple[int, int]:
        """Give the bounds of a bucket of days: each begins when the wall clock first gets there."""
        first = self._floor(self._wall(at))
        end = self._first_at(self._following(first))
        if end > at:
            return self._first_at(first), end
        # The clock was set back to before this bucket's beginning.
        first = self._following(first)
        return end, self._first_at(self._following(first))

    def _first_at(self, wall: datetime) -> int:
        """Give the first instant at which the wall clock shows a time, or has skipped it."""
        local = (wall + self._offset).replace(tzinfo=self._timezone)
        at, earlier = (to_micros(local.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
        return at if self._wall(at) == wall else self._turn_between(earlier, at)

    def _start_of(self, at: int) -> int:
        wall = self._wall(at)
        first = self._floor(wall)
        start = at - in_micros(wall - first)
        if self._is_set(start - 1, at):
            turn = self._turn_between(start - 1, at)
            return self._start_of(turn - 1) if self._goes_on(turn, first) else turn
        return start

    def _end_of(self, at: int) -> int:
        wall = self._wall(at)
        first = self._floor(wall)
        end = at + in_micros(self._following(first) - wall)
        if self._is_set(at, end):
            turn = self._turn_between(at, end)
            return self._end_of(turn) if self._goes_on(turn, first) else turn
        return end

    def _goes_on(self, turn: int, first: datetime) -> bool:
        """Say whether the bucket whose wall clock begins at `first` goes on where the clock is set.

        One begins anew where the clock is set back to its very beginning.
        """
        before, after = self._wall(turn - 1), self._wall(turn)
        return self._floor(before) == self._floor(after) == first and not after == first <= before

    def _is_set(self, first: int, last: int) -> bool:
        """Say whether the clock is set between two instants, but for being set back again."""
        return self._shift(first) != self._shift(last)

    def _turn_between(self, first: int, last: int) -> int:
        """Find the instant at which the clock is set: the first that is shifted as `last` is."""
        shift = self._shift(last)
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (first, middle) if self._shift(middle) == shift else (middle, last)
        return last

    def _shift(self, at: int) -> int:
        return in_micros(self._wall(at) - to_instant(at).replace(tzinfo=None))

    def _floor(self, wall: datetime) -> datetime:
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._unit in _LENGTHS_S:
            length = timedelta(seconds=_LENGTHS_S[self._unit] * self._count)
            return midnight + (wall - midnight) // length * length
        if self._unit == "week":
            return midnight - timedelta(days=(wall.weekday() - self._week_start) % 7)
        if self._unit in _MONTHS:
            months = _MONTHS[self._unit]
            return midnight.replace(day=1, month=(wall.month - 1) // months * months + 1)
        return midnight

    def _following(self, wall: datetime) -> datetime:
        if self._unit in _LENGTHS_S:
            following = wall + timedelta(seconds=_LENGTHS_S[self._unit] * self._count)
            midnight = (wall + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            return min(following, midnight)
        if self._unit in _MONTHS:
            return _add_months(wall, _MONTHS[self._unit])
        return wall + timedelta(days=7 if self._unit == "week" else 1)

    def _wall(self, at: int) -> datetime:
        """Give the wall clock at an instant, less the offset, without a zone."""
        return to_instant(at).astimezone(self._timezone).replace(tzinfo=None, fold=0) - self._offset


@lru_cache(_CALENDARS)
def _steps_of(unit: str, timezone: tzinfo, offset_s: int) -> Calendar:
    return Calendar(unit, 1, timezone, offset_s=offset_s)


def _add_months(first: datetime, months: int) -> datetime:
    """Move the first of a month, at whatever hour, by whole months."""
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1, day=1)
