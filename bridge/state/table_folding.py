"""Folding a change into a table: its row, and what the table says of all its rows together.

A table keeps a row for each key, and one more for the number of live rows and the sums of their columns, so that
neither is found by reading them all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, cast

import orjson

from bridge.events import Json
from bridge.mappings.entries.definitions import TableEntry
from bridge.mappings.records import RowChange
from bridge.mappings.values.values import UnusableValue, Value, tagged, untagged
from bridge.state.calendar import SECOND, Calendar
from bridge.state.cells import Cell, Cells
from bridge.state.marks import Mark
from bridge.state.metric_folding import hash_of, longest_bucket
from bridge.state.metrics import Number, add, negative
from bridge.state.ranks import rank_of
from bridge.state.rows import Holdings, Row, RowKey, Shelf
from bridge.state.table_rows import TableColumns, TableRow

ROW, TOTAL = "r", "t"
"""The parts of a table: its rows, and their number and sums."""


class Totals:
    """How many live rows there are, and what their columns add up to."""

    __slots__ = ("count", "sums")

    def __init__(self, count: int = 0, sums: dict[str, Number] | None = None) -> None:
        self.count = count
        self.sums = sums or {}

    def include(self, numbers: Mapping[str, Number], sign: int) -> None:
        """Add a row's numbers, or take them away."""
        self.count += sign
        for name, number in numbers.items():
            self.sums[name] = add(self.sums.get(name, 0), number if sign > 0 else negative(number))


def write_totals(totals: Totals) -> Json:
    """Write them as JSON."""
    return [totals.count, {name: tagged(number) for name, number in totals.sums.items()}]


def read_totals(written: Json) -> Totals:
    """Read what `write_totals` wrote."""
    count, sums = cast(tuple[int, dict[str, Json]], written)
    return Totals(count, {name: cast(Number, untagged(number)) for name, number in sums.items()})


class RowFold(NamedTuple):
    """A change of a row, ready to be folded: nothing can fail any more.

    `columns` are admitted. A tombstone is kept until `forget_at`.
    """

    table: "FoldedTable"
    row: RowKey
    totals: RowKey
    columns: Mapping[str, Value]
    drops: bool
    mark: Mark
    received_at: int
    forget_at: int

    def apply(self, cells: Cells, ages: "Ages") -> str:
        """Fold it; gives what its outcome has to say, if anything."""
        table, cell, totals = self.table, cells[self.row], cells[self.totals]
        row = cell.held if isinstance(cell.held, TableRow) else TableRow()
        if table.is_over(row, self.received_at):
            row = table.take_out(row, totals)
        if row.is_older_than_its_drop(self.mark):
            return f"older than what removed its row from {table.entry.name!r}"
        if row.fed:
            table.count(row, totals, -1)
        if self.drops:
            table.columns.drop(row, self.mark)
        else:
            table.columns.feed(row, self.columns, self.mark)
        if row.fed:
            table.count(row, totals, 1)
        self._keep(row, cell, totals)
        if not row.fed:
            return ""
        ages.note(self.row, row.at)
        return self._make_room(cells, ages)

    def _keep(self, row: TableRow, cell: Cell, totals: Cell) -> None:
        table, is_live = self.table, row.is_live
        cell.held = row if is_live or row.dropped is not None else None
        cell.is_changed = True
        cell.at, cell.rank = (row.at, table.rank(row)) if is_live else (None, None)
        cell.expires_at = table.row_expiry(self.row.bucket) if is_live else self.forget_at
        totals.expires_at = table.totals_expiry(self.row.bucket)
        totals.is_changed = totals.held is not None

    def _make_room(self, cells: Cells, ages: "Ages") -> str:
        table, totals = self.table, cells[self.totals]
        if totals.held.count <= table.entry.capacity:
            return ""
        key, row = ages.take_oldest(cells, self.totals)
        is_over = table.is_over(row, self.received_at)
        table.count(row, totals, -1)
        cells[key].held, cells[key].at, cells[key].rank, cells[key].is_changed = None, None, None, True
        return "" if is_over else table.overflow


class Ages:
    """Which live rows of each table are the oldest, as far as a batch may have to ask."""

    def __init__(self) -> None:
        self._heaps: dict[Shelf, list[tuple[int, RowKey]]] = defaultdict(list)

    def set(self, shelf: Shelf, rows: Iterable[RowKey], cells: Cells) -> None:
        """Begin with what the database holds."""
        self._heaps[shelf] = [(cast(int, cells[key].at), key) for key in rows]
        heapify(self._heaps[shelf])

    def note(self, key: RowKey, at: int) -> None:
        """Take note of a row that was fed."""
        heappush(self._heaps[Shelf(key.generation, key.pin, key.bucket)], (at, key))

    def take_oldest(self, cells: Cells, totals: RowKey) -> tuple[RowKey, TableRow]:
        """Give the live row that was fed the longest ago."""
        heap = self._heaps[Shelf(totals.generation, totals.pin, totals.bucket)]
        while True:
            at, key = heappop(heap)
            # A row that was fed since then, or is gone, was noted with another time.
            if cells[key].at == at:
                return key, cells[key].held


class FoldedTable:
    """A table entry under one generation, compiled for folding. It remembers bounds, and belongs to one thread."""

    def __init__(self, entry: TableEntry, generation: int) -> None:
        self.entry = entry
        self.generation = generation
        self.columns = TableColumns(entry)
        self.overflow = f"{entry.name!r} has {entry.capacity:,} rows, its capacity, so that its oldest fell out"
        self._ttl = None if entry.ttl_s is None else entry.ttl_s * SECOND
        self._calendar = None if entry.buckets is None else Calendar.of(entry.buckets)
        self._longest = 0 if entry.buckets is None else longest_bucket(entry.buckets)
        self._last = RowKey(generation, "", TOTAL, 0, b"")

    def prepare(self, pin: str, operation: RowChange, mark: Mark, received_at: int, forget_at: int) -> RowFold | str:
        """Check a change. Gives text where it comes too late; raises `UnusableValue`."""
        name = self.entry.name
        try:
            columns = {column: self.columns.admit(column, value) for column, value in operation.columns.items()}
            key = _key_of(operation.key, mark)
        except UnusableValue as error:
            raise UnusableValue(f"{name}: {error}") from error
        bucket = 0 if self._calendar is None else self._calendar.start(mark.at)
        if self._calendar is not None and bucket < self._calendar.start(received_at):
            return (
                f"too late for {name!r}: it holds rows of the current {self.entry.buckets and self.entry.buckets.unit}"
            )
        if self._ttl is not None and mark.at + self._ttl <= received_at:
            return f"too late for {name!r}: its rows live {self.entry.ttl_s} s"
        row = RowKey(self.generation, pin, ROW, bucket, key)
        totals = self._totals_key(pin, bucket)
        return RowFold(self, row, totals, columns, operation.drops, mark, received_at, forget_at)

    def _totals_key(self, pin: str, bucket: int) -> RowKey:
        """Give the key of the totals; most changes have that of the one before."""
        if (self._last.pin, self._last.bucket) != (pin, bucket):
            self._last = RowKey(self.generation, pin, TOTAL, bucket, b"")
        return self._last

    def is_over(self, row: TableRow, now: int) -> bool:
        """Say whether a row's time to live is over."""
        return self._ttl is not None and row.is_live and row.at + self._ttl <= now

    def take_out(self, row: TableRow, totals: Cell) -> TableRow:
        """End a row whose time is over; what removed it before still holds."""
        self.count(row, totals, -1)
        ended = TableRow()
        ended.dropped = row.dropped
        return ended

    def count(self, row: TableRow, totals: Cell, sign: int) -> None:
        """Count a live row in, or out."""
        totals.held = totals.held or Totals()
        totals.held.include(self.columns.numbers(row), sign)

    def rank(self, row: TableRow) -> bytes | None:
        """Give what the row is sorted by, None where that is when it was fed."""
        if self.entry.order_by is None:
            return None
        return rank_of(self.columns.value(row, self.entry.order_by), row.at, descending=self.entry.descending)

    def row_expiry(self, bucket: int) -> int | None:
        """Say when a live row of a bucket is needed no more."""
        return None if self._calendar is None else bucket + 2 * self._longest

    def totals_expiry(self, bucket: int) -> int | None:
        """Say when the totals of a bucket are needed no more."""
        return None if self._calendar is None else bucket + (self.entry.keep + 2) * self._longest

    def cell(self, key: RowKey, row: Row | None) -> Cell:
        """Give the cell of a row, or of the totals."""
        if row is None:
            return Cell(None, None, write_totals if key.part == TOTAL else self.columns.write)
        restore: Any = read_totals if key.part == TOTAL else self.columns.restore
        write: Any = write_totals if key.part == TOTAL else self.columns.write
        return Cell(restore(orjson.loads(row.data)), row, write)


def load_tables(folds: Iterable[RowFold], holdings: Holdings, cells: Cells) -> Ages:
    """Read what changes of rows touch, in order, and the oldest rows of tables that may overflow."""
    tables: dict[int, FoldedTable] = {}
    changes: Counter[RowKey] = Counter()
    keys: set[RowKey] = set()
    for fold in folds:
        tables[fold.table.generation] = fold.table
        changes[fold.totals] += 1
        keys.add(fold.row)
    keys.update(changes)
    found = holdings.rows(sorted(keys))
    for key in keys:
        cells[key] = tables[key.generation].cell(key, found.get(key))
    ages = Ages()
    for of_table, count in sorted(changes.items()):
        table, totals = tables[of_table.generation], cells[of_table].held
        if totals is not None and totals.count + count > table.entry.capacity:
            # Each change makes one row at most, and may feed one of those that were the oldest.
            shelf = Shelf(of_table.generation, of_table.pin, of_table.bucket)
            oldest = holdings.oldest(shelf, 2 * count)
            for key, row in oldest:
                if key not in cells:
                    cells[key] = table.cell(key, row)
            ages.set(shelf, [key for key, _ in oldest], cells)
    return ages


def _key_of(key: tuple[Value, ...] | None, mark: Mark) -> bytes:
    if key is not None:
        return hash_of(key, "a key")
    return mark.number.to_bytes(8, "big") + mark.item.to_bytes(4, "big")
