"""Folding a change into a metric: which rows it touches, and how each of them takes it up.

A metric keeps a row for each bucket, and one for each step of it as long as `.change` compares with it; with groups,
both once more for the change's group, and a row that says that there is this group.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from bridge.instants import SECOND, to_instant
from bridge.mappings.entries.definitions import Buckets, MetricEntry
from bridge.mappings.records import Measurement
from bridge.mappings.values.canonical import canonical
from bridge.mappings.values.values import UnusableValue, Value, excerpt, tagged
from bridge.state.calendar import Calendar
from bridge.state.cells import Cell
from bridge.state.marks import Mark
from bridge.state.metrics import Metric, metric_of
from bridge.state.rows import Carried, Holdings, Row, RowKey, Shelf

BUCKET, STEP, GROUP = "b", "s", "g"
"""The parts of a metric: buckets (or steps of a window), steps of a bucket, groups that there are."""

ALL, OTHER = b"", b"*"
"""The keys that stand for all groups together, and for those beyond the limit."""

MAX_KEY_BYTES = 1024
WINDOW_STEPS = 60

_NEVER, _EVER = -(2**62), 2**62
_HOUR = 3600
_LONGEST_S = {
    "minute": 60,
    "hour": _HOUR,
    "day": 25 * _HOUR,
    "week": 7 * 24 * _HOUR + _HOUR,
    "month": 31 * 24 * _HOUR + _HOUR,
    "quarter": 92 * 24 * _HOUR + _HOUR,
    "year": 366 * 24 * _HOUR + _HOUR,
}


def longest_bucket(buckets: Buckets) -> int:
    """Give the length that no bucket exceeds but where a clock is set by more than an hour, in microseconds."""
    return (_LONGEST_S[buckets.unit] * buckets.count + _HOUR) * SECOND


class WindowSteps:
    """The 60 steps that a window slides in, counted from 1970 on."""

    def __init__(self, window_s: int) -> None:
        self._window = window_s * SECOND

    def start(self, at: int, back: int = 0) -> int:
        """Say when the step begins in which an instant lies, or the one that lies so many steps before it."""
        return -(-(at * WINDOW_STEPS // self._window - back) * self._window // WINDOW_STEPS)


def hash_of(parts: tuple[Value, ...], what: str) -> bytes:
    """Give 16 bytes for the parts of a key or a group; raises `UnusableValue` for what cannot be one."""
    written = canonical(parts)
    if len(written) > MAX_KEY_BYTES:
        size = f"{len(written):,} bytes"
        raise UnusableValue(f"{what} {excerpt(parts[0])} takes {size}; at most {MAX_KEY_BYTES:,} are remembered")
    return hashlib.blake2b(written, digest_size=16).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where a measurement goes: the keys of the rows for all groups, and when each expires.

    Measurements go to the same places one after the other, so that these are mostly the very same object, and are
    told apart as such. `oldest` is the oldest bucket that is kept at its arrival: a group without data since then is
    none any more.
    """

    metric: "FoldedMetric"
    keys: tuple[RowKey, ...]
    expiries: tuple[int | None, ...]
    oldest: int

    def of_group(self, group: bytes) -> Iterator[RowKey]:
        """Give the keys of the rows for one group."""
        return (key._replace(key=group) for key in self.keys)


class _Known(NamedTuple):
    """The places of a pin's measurements from `first` to `end` that arrive from `arrives` on and before `until`."""

    pin: str
    first: int
    end: int
    arrives: int
    until: int
    places: Places


class Group(NamedTuple):
    """The group of a measurement: its key, and the row that says that there is this group."""

    key: RowKey
    row: Row


MeasurementFold = tuple[Places, Group | None, Value, Mark]
"""A measurement, ready to be folded: nothing can fail any more. A plain tuple, because each event makes many."""


class MetricFold:
    """The rows that the measurements of a batch touch. What is told to the same rows is folded together, at the end."""

    def __init__(self, measurements: Iterable[MeasurementFold], holdings: Holdings) -> None:
        """Read the rows, in order, and count the groups."""
        places, groups = set(), set()
        for place, group, _, _ in measurements:
            places.add(place)
            if group is not None:
                groups.add((place, group.key))
        self._cells = _read_cells(places, groups, holdings)
        self._census = _count_groups(groups, self._cells, holdings)
        self._told: dict[tuple[Places, bytes], list[tuple[Value, Mark]]] = defaultdict(list)

    def take(self, measurement: MeasurementFold) -> str:
        """Fold one; gives what its outcome has to say, if anything."""
        places, group, value, mark = measurement
        self._told[places, ALL].append((value, mark))
        if group is None:
            return ""
        has_room = self._census.admit(group, places, self._cells[group.key])
        self._told[places, group.key.key if has_room else OTHER].append((value, mark))
        return "" if has_room else places.metric.overflow

    def cells(self) -> Iterable[tuple[RowKey, Cell]]:
        """Give the rows as they are once all is folded."""
        for (places, group), told in self._told.items():
            metric = places.metric.metric
            added = metric.fold_all(told)
            for key, expires_at in zip(places.of_group(group), places.expiries, strict=True):
                cell = self._cells[key]
                cell.held = added if cell.held is None else metric.merge(cell.held, added)
                cell.expires_at, cell.is_changed = expires_at, True
        self._told.clear()
        return self._cells.items()


class Census:
    """How many groups there are, for each moment of a batch at which one may be new."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)

    def set(self, shelf: Shelf, oldest: int, count: int) -> None:
        """Take note of how many there are in the database with data since a bucket."""
        self._counts[shelf.generation, shelf.pin][oldest] = count

    def admit(self, group: Group, places: Places, cell: Cell) -> bool:
        """Say whether a group is one of its own: it is there, or becomes one as long as there is room."""
        counts = self._counts[group.key.generation, group.key.pin]
        newest, bucket = _NEVER if cell.at is None else cell.at, places.keys[0].bucket
        if newest < places.oldest and counts[places.oldest] >= places.metric.limit:
            return False
        if bucket > newest:
            for oldest in counts:
                counts[oldest] += newest < oldest <= bucket
            cell.held, cell.at, cell.expires_at, cell.is_changed = group.row.data, bucket, group.row.expires_at, True
        return True


class FoldedMetric:
    """A metric entry under one generation, compiled for folding. It remembers bounds, and belongs to one thread."""

    def __init__(self, entry: MetricEntry, generation: int, carried: Carried | None = None) -> None:
        self.entry = entry
        self.generation = generation
        self._carried = carried
        self.metric = metric_of(entry.kind, entry.q)
        self.limit = entry.limit or 0
        self.overflow = f"{entry.name!r} has {entry.limit} groups, its limit"
        self._calendar = None if entry.buckets is None else Calendar.of(entry.buckets)
        self._steps = None if self._calendar is None else self._calendar.steps()
        self._longest = 0 if entry.buckets is None else longest_bucket(entry.buckets)
        self._known = _Known("", 0, 0, 0, 0, Places(self, (), (), 0))

    def prepare(self, pin: str, operation: Measurement, mark: Mark, received_at: int) -> MeasurementFold | str | None:
        """Check a measurement. Gives text where it comes too late, None where it is skipped; raises `UnusableValue`."""
        try:
            value = self.metric.admit(operation.value)
            group = None if operation.group is None else hash_of(operation.group, "a group")
        except UnusableValue as error:
            raise UnusableValue(f"{self.entry.name}: {error}") from error
        if not self.metric.takes(value):
            return None
        places = self._places(pin, mark.at, received_at)
        if isinstance(places, str):
            return places
        if self._carried is not None and self._is_carried(places, mark, self._carried):
            return None
        if group is None or operation.group is None:
            return places, None, value, mark
        key = RowKey(self.generation, pin, GROUP, 0, group)
        row = Row(orjson.dumps([tagged(part) for part in operation.group]).decode(), expires_at=places.expiries[0])
        return places, Group(key, row), value, mark

    def _places(self, pin: str, at: int, received_at: int) -> Places | str:
        """Give the places of a measurement; text where it comes too late."""
        known = self._known
        if known.pin == pin and known.first <= at < known.end and known.arrives <= received_at < known.until:
            return known.places
        if self.entry.window_s is not None:
            return self._places_in_window(pin, at, received_at, self.entry.window_s)
        if self._calendar is None or self._steps is None:
            return self._know(pin, (_NEVER, _EVER), (_NEVER, _EVER), self._placed(pin, (0,), 0))
        start, arrival = self._calendar.start(at), self._calendar.bounds(received_at)
        oldest = self._calendar.before(arrival[0], self.entry.keep)
        if start < oldest:
            return self._too_late(f"it keeps {self.entry.keep} past buckets, from {to_instant(oldest).isoformat()}")
        step = self._steps.bounds(at)
        inside = max(step[0], start), min(step[1], self._calendar.end(start))
        return self._know(pin, inside, arrival, self._placed(pin, (start, step[0]), oldest))

    def _places_in_window(self, pin: str, at: int, received_at: int, window_s: int) -> Places | str:
        steps = WindowSteps(window_s)
        start, oldest = steps.start(at), steps.start(received_at, 2 * WINDOW_STEPS - 1)
        if start < oldest:
            return self._too_late(f"it looks back {2 * window_s} s")
        arrival = steps.start(received_at), steps.start(received_at, -1)
        return self._know(pin, (start, steps.start(at, -1)), arrival, self._placed(pin, (start,), oldest))

    def _know(self, pin: str, inside: tuple[int, int], arrival: tuple[int, int], places: Places) -> Places:
        self._known = _Known(pin, *inside, *arrival, places)
        return places

    def _placed(self, pin: str, starts: tuple[int, ...], oldest: int) -> Places:
        keys = tuple(
            RowKey(self.generation, pin, part, start, ALL) for part, start in zip((BUCKET, STEP), starts, strict=False)
        )
        return Places(self, keys, self._expiries(starts), oldest)

    def _expiries(self, starts: tuple[int, ...]) -> tuple[int | None, ...]:
        start, entry = starts[0], self.entry
        if entry.window_s is not None:
            return (start + 3 * entry.window_s * SECOND,)
        if entry.buckets is None:
            return (None,)
        return start + (entry.keep + 1) * self._longest, start + (entry.against + 1) * self._longest

    def _is_carried(self, places: Places, mark: Mark, carried: Carried) -> bool:
        """Say whether a bucket that was carried over has the event already."""
        return places.keys[0].bucket < carried.before and mark.number <= carried.until

    def _too_late(self, why: str) -> str:
        return f"too late for {self.entry.name!r}: {why}"


def _read_cells(
    places: Iterable[Places], groups: Iterable[tuple[Places, RowKey]], holdings: Holdings
) -> dict[RowKey, Cell]:
    metrics = {key: each.metric.metric for each in places for key in each.keys}
    for each, group in groups:
        of_groups = (*each.of_group(group.key), *each.of_group(OTHER), group)
        metrics |= dict.fromkeys(of_groups, each.metric.metric)
    found = holdings.rows(sorted(metrics))
    return {key: _cell(key, found.get(key), metric) for key, metric in metrics.items()}


def _cell(key: RowKey, row: Row | None, metric: Metric) -> Cell:
    if key.part == GROUP:
        return Cell(None if row is None else row.data, row, orjson.loads)
    return Cell(None if row is None else metric.restore(orjson.loads(row.data)), row, metric.write)


def _count_groups(groups: Iterable[tuple[Places, RowKey]], cells: Mapping[RowKey, Cell], holdings: Holdings) -> Census:
    """Count those of each metric that brings one which may be new: what is known is not counted for its sake."""
    asked = set()
    for places, group in groups:
        newest = cells[group].at
        if newest is None or newest < places.oldest:
            asked.add((Shelf(group.generation, group.pin, 0), places.oldest, places.metric.limit))
    census = Census()
    for shelf, oldest, most in sorted(asked):
        census.set(shelf, oldest, holdings.count(shelf, fed_since=oldest, most=most))
    return census
