"""Folding a change into a table: its row, and what the table says of all its rows together.

A table keeps a row for each key, and one more for the number of live rows and the sums of their columns, so that
neither is found by reading them all.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import orjson

from bridge.events import Json
from bridge.instants import SECOND
from bridge.mappings.entries.definitions import TableEntry
from bridge.mappings.records import RowChange
from bridge.mappings.values.values import UnusableValue, Value, tagged, untagged
from bridge.state.calendar import Calendar
from bridge.state.cells import Cell
from bridge.state.marks import Mark
from bridge.state.metric_folding import hash_of, longest_bucket
from bridge.state.metrics import Number, add, negative
from bridge.state.ranks import rank_of
from bridge.state.rows import Row, RowKey, Shelf
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
    count, sums = cast(list[Any], written)
    return Totals(count, {name: cast(Number, untagged(number)) for name, number in sums.items()})


class RowFold(NamedTuple):
    """A change of a row, ready to be folded: nothing can fail any more.

    `columns` are admitted. A tombstone is kept until `forget_at`.
    """

    table: "FoldedTable"
    shelf: Shelf
    key: bytes
    columns: Mapping[str, Value]
    drops: bool
    mark: Mark
    received_at: int
    forget_at: int


class FoldedTable:
    """A table entry under one generation, compiled for folding. It remembers bounds, and belongs to one thread."""

    def __init__(self, entry: TableEntry, generation: int) -> None:
        self.entry = entry
        self.generation = generation
        self.columns = TableColumns(entry)
        self.outdated = f"older than what removed its row from {entry.name!r}"
        self.overflow = f"{entry.name!r} has {entry.capacity:,} rows, its capacity, so that its oldest fell out"
        self._ttl = None if entry.ttl_s is None else entry.ttl_s * SECOND
        self._calendar = None if entry.buckets is None else Calendar.of(entry.buckets)
        self._longest = 0 if entry.buckets is None else longest_bucket(entry.buckets)

    def prepare(self, pin: str, operation: RowChange, mark: Mark, received_at: int, forget_at: int) -> RowFold | str:
        """Check a change. Gives text where it comes too late; raises `UnusableValue`."""
        name = self.entry.name
        try:
            columns = self.columns.admit(operation.columns)
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
        shelf = Shelf(self.generation, pin, bucket)
        return RowFold(self, shelf, key, columns, operation.drops, mark, received_at, forget_at)

    def is_over(self, at: int, now: int) -> bool:
        """Say whether the time to live of a row is over that was last fed at an instant."""
        return self._ttl is not None and at + self._ttl <= now

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
        if key.part == TOTAL:
            return Cell(Totals() if row is None else read_totals(orjson.loads(row.data)), row, write_totals)
        return Cell(None if row is None else self.columns.restore(orjson.loads(row.data)), row, self.columns.write)


def _key_of(key: tuple[Value, ...] | None, mark: Mark) -> bytes:
    if key is not None:
        return hash_of(key, "a key")
    return mark.number.to_bytes(8, "big") + mark.item.to_bytes(4, "big")
