"""Reading a metric: which rows its fields need, and what they come to at a moment."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from bridge.instants import to_micros
from bridge.mappings.entries.definitions import MetricEntry
from bridge.mappings.values.values import Value, untagged
from bridge.state.calendar import Calendar
from bridge.state.metric_folding import ALL, BUCKET, GROUP, OTHER, STEP, WINDOW_STEPS, WindowSteps
from bridge.state.metrics import metric_of
from bridge.state.moments import Moment
from bridge.state.rows import Held, Readings, Row, RowKey

_LAST_KEY = b"\xff" * 17
_LATEST = 2**62

Stretch = tuple[int, int]
"""The buckets, or steps, that begin between two instants, both included."""


class MetricReading:
    """What is held of one metric for one pin, at one moment; every row is read once."""

    def __init__(self, held: Held, entry: MetricEntry, pin: str, readings: Readings, moment: Moment) -> None:
        self.entry = entry
        self.moment = moment
        self.metric = metric_of(entry.kind, entry.q)
        self.complete_since = None if held.complete_since is None else to_micros(held.complete_since)
        self._generation = held.generation
        self._pin = pin
        self._readings = readings
        self._calendar = None if entry.buckets is None else Calendar.of(entry.buckets)
        self._window = None if entry.window_s is None else WindowSteps(entry.window_s)
        self._known: dict[tuple[bytes, Stretch], Mapping[int, Any]] = {}
        self._has_ahead: bool | None = None

    def current(self) -> Stretch:
        """Give what the value covers, and note when that is something else."""
        if self._window is not None:
            return self._window.start(self.moment.now, WINDOW_STEPS - 1), self._window.start(self.moment.now)
        if self._calendar is None:
            return 0, 0
        start = self._calendar.start(self.moment.now)
        self.moment.passes(self._calendar.end(start))
        return start, start

    def compared(self) -> Stretch | None:
        """Give what the value is compared with; None where there is no such thing."""
        now, (first, _) = self.moment.now, self.current()
        if self._window is not None:
            return self._window.start(now, 2 * WINDOW_STEPS - 1), self._window.start(now, WINDOW_STEPS)
        if self._calendar is None:
            return None
        start = self._calendar.before(first, self.entry.against)
        return start, start

    def covered(self, stretch: Stretch | None) -> Stretch | None:
        """Give a stretch back if no event is missing in it."""
        is_covered = stretch is not None and (self.complete_since is None or self.complete_since <= stretch[0])
        return stretch if is_covered else None

    def kept(self) -> Stretch:
        """Give all that can be read: the kept buckets and the current one, or the window and the one before it."""
        first, last = self.current()
        if self._window is not None:
            return self._window.start(self.moment.now, 2 * WINDOW_STEPS - 1), last
        return (self._calendar.before(first, self.entry.keep) if self._calendar else first), last

    def starts(self) -> list[int]:
        """Give the begins of the kept buckets and the current one, oldest first; a window's own."""
        first, last = self.current()
        if self._calendar is None:
            return [first]
        return self._calendar.starts(self.kept()[0], last)

    def held(self, group: bytes, stretch: Stretch) -> Any:
        """Put together what is held of a stretch; None where that is nothing."""
        return self.merged(self.rows(group, stretch).values())

    def held_up_to_now(self, group: bytes, start: int) -> Any:
        """Put together the steps of a bucket that had ended by the same time of its own."""
        if self._calendar is None:
            return None
        steps = self._calendar.steps()
        first, _ = self.current()
        limit = self._calendar.same_time(self.moment.now, first, start)
        rows = self._read(STEP, group, (start, self._calendar.end(start) - 1))
        if rows:
            self.moment.passes(steps.end(steps.start(self.moment.now)))
        return self.merged(held for step, held in rows.items() if self._calendar.step_end(step) <= limit)

    def rows(self, group: bytes, stretch: Stretch) -> Mapping[int, Any]:
        """Give what is held by the begin of each bucket in a stretch."""
        if self._window is not None:
            self._note_step(self._window, stretch[0])
        return self._rows(group, stretch)

    def _note_step(self, window: WindowSteps, first: int) -> None:
        """Note the next step of a window, if there is anything that will come into a stretch, or leave it."""
        now = self.moment.now
        if self._rows(ALL, (first, window.start(now))) or self._is_fed_ahead(window.start(now, -1)):
            self.moment.passes(window.start(now, -1))

    def _is_fed_ahead(self, following: int) -> bool:
        if self._has_ahead is None:
            self._has_ahead = bool(self._all(BUCKET, (following, _LATEST)))
        return self._has_ahead

    def _rows(self, group: bytes, stretch: Stretch) -> Mapping[int, Any]:
        if (group, stretch) not in self._known:
            self._known[group, stretch] = self._read(BUCKET, group, stretch)
        return self._known[group, stretch]

    def groups(self) -> dict[bytes, list[Value]]:
        """Read every group with data in what is kept: its key, and the parts of it."""
        current, kept = self.current(), self.kept()
        of_groups: dict[bytes, dict[int, Any]] = {}
        for key, row in self._all(BUCKET, current):
            of_groups.setdefault(key.key, {})[key.bucket] = self._restored(row.data)
        known = {key.key: row for key, row in self._all(GROUP, (0, 0)) if kept[0] <= (row.at or 0)}
        for group in (*known, OTHER):
            self._known[group, current] = of_groups.get(group, {})
        # A group whose newest data is dated ahead may have none that is kept.
        named = {
            group: [untagged(part) for part in orjson.loads(row.data)]
            for group, row in known.items()
            if (row.at or 0) <= kept[1] or self._has_data(group, current, kept)
        }
        return {**named, OTHER: []} if self._has_data(OTHER, current, kept) else named

    def _has_data(self, group: bytes, current: Stretch, kept: Stretch) -> bool:
        return bool(self.rows(group, current) or self.rows(group, kept))

    def merged(self, several: Iterable[Any]) -> Any:
        """Put several together."""
        merged = None
        for held in several:
            merged = held if merged is None else self.metric.merge(merged, held)
        return merged

    def value(self, held: Any) -> Value:
        """Read the value of what is held."""
        return self.metric.absent if held is None else self.moment.local(self.metric.read(held))

    def _read(self, part: str, group: bytes, stretch: Stretch) -> dict[int, Any]:
        found: Iterable[tuple[RowKey, Row]]
        if self.entry.limit is None:
            found = self._all(part, stretch)
        else:
            keys = [RowKey(self._generation, self._pin, part, start, group) for start in self._begins(part, stretch)]
            self.moment.count(len(keys))
            rows = self._readings.rows(keys)
            self.moment.weigh(rows.values())
            found = rows.items()
        return {key.bucket: self._restored(row.data) for key, row in found}

    def _begins(self, part: str, stretch: Stretch) -> Iterable[int]:
        """Give when each bucket, step of a bucket or step of a window in a stretch begins."""
        first, last = stretch
        if self._window is not None:
            return [start for back in range(2 * WINDOW_STEPS) if first <= (start := self._at(back)) <= last][::-1]
        if self._calendar is None:
            return [first]
        calendar = self._calendar if part == BUCKET else self._calendar.steps()
        return calendar.starts(first, last)

    def _at(self, back: int) -> int:
        return self._window.start(self.moment.now, back) if self._window is not None else 0

    def _all(self, part: str, stretch: Stretch) -> Sequence[tuple[RowKey, Row]]:
        """Read all groups, and what is of all of them, in a stretch."""
        first, last = stretch
        key = RowKey(self._generation, self._pin, part, first, b"")
        found = self._readings.stretch(key, key._replace(bucket=last, key=_LAST_KEY), most=self.moment.rows_left + 1)
        self.moment.count(len(found))
        self.moment.weigh(row for _, row in found)
        return found

    def _restored(self, data: str) -> Any:
        return self.metric.restore(orjson.loads(data))
