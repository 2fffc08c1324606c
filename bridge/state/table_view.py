"""A table as templates see it: the list of its first rows, with fields."""

from collections.abc import Callable, Mapping
from typing import Literal

import orjson

from bridge.instants import SECOND
from bridge.mappings.entries.definitions import TableEntry
from bridge.mappings.values.values import Value
from bridge.mappings.values.views import ListView, View
from bridge.state.calendar import Calendar
from bridge.state.metrics import Number, shortest
from bridge.state.moments import Moment
from bridge.state.rows import Held, Readings, Row, RowKey, Shelf
from bridge.state.table_folding import TOTAL, Totals, read_totals
from bridge.state.table_rows import TableColumns

Compute = Callable[[TableEntry, dict[str, Value]], dict[str, Value]]
"""Adds the computed columns to what a row shows; raises `ExpressionError`."""


class TableReading:
    """What is held of one table for one pin, at one moment."""

    def __init__(self, held: Held, entry: TableEntry, pin: str, readings: Readings, moment: Moment) -> None:
        self.entry = entry
        self.moment = moment
        self._generation = held.generation
        self._pin = pin
        self._readings = readings
        self._columns = TableColumns(entry)
        self._calendar = None if entry.buckets is None else Calendar.of(entry.buckets)
        self._fed_after = None if entry.ttl_s is None else moment.now - entry.ttl_s * SECOND
        if self._calendar is not None:
            moment.passes(self._calendar.end(self._bucket()))
        if entry.ttl_s is not None:
            for row in self._live("at", descending=False, most=1):
                moment.passes((row.at or 0) + entry.ttl_s * SECOND)

    def rows(self, most: int) -> list[dict[str, Value]]:
        """Read the first live rows, in the table's order."""
        by: Literal["at", "rank"] = "at" if self.entry.order_by is None else "rank"
        return [self._shown(row) for row in self._live(by, descending=self.entry.descending, most=most)]

    def totals(self, back: int = 0) -> Totals:
        """Give number and sums of the live rows, or of those of a bucket before."""
        shelf = self._shelf(back)
        key = RowKey(shelf.generation, shelf.pin, TOTAL, shelf.bucket, b"")
        row = self._readings.rows([key]).get(key)
        totals = Totals() if row is None else read_totals(orjson.loads(row.data))
        if self._fed_after is not None and not back:
            expired = self._readings.expired(shelf, fed_until=self._fed_after)
            self.moment.count(len(expired))
            self.moment.weigh(row for _, row in expired)
            for _, over in expired:
                totals.include(self._columns.numbers(self._columns.restore(orjson.loads(over.data))), -1)
        return totals

    def sum_of(self, totals: Totals, column: str) -> Number:
        """Give the sum of a column."""
        return shortest(totals.sums.get(column, 0))

    def columns(self) -> tuple[str, ...]:
        """Name the columns that have sums."""
        return tuple(self._columns.metrics)

    def _live(self, by: Literal["at", "rank"], *, descending: bool, most: int) -> list[Row]:
        found = self._readings.live(self._shelf(), by=by, descending=descending, fed_after=self._fed_after, most=most)
        rows = [row for _, row in found]
        self.moment.count(len(rows))
        self.moment.weigh(rows)
        return rows

    def _shown(self, row: Row) -> dict[str, Value]:
        restored = self._columns.restore(orjson.loads(row.data))
        shown = {name: self.moment.local(self._columns.value(restored, name)) for name in self._columns.metrics}
        moments = {"first_at": restored.first_at, "at": restored.at, "changed_at": restored.changed_at}
        return {**shown, **{name: self.moment.time(at) for name, at in moments.items()}}

    def _bucket(self, back: int = 0) -> int:
        if self._calendar is None:
            return 0
        return self._calendar.before(self._calendar.start(self.moment.now), back)

    def _shelf(self, back: int = 0) -> Shelf:
        return Shelf(self._generation, self._pin, self._bucket(back))


class TableView(ListView):
    """The first rows of a table; its other fields are read when they are asked for."""

    FIELDS = ("all", "count", "sum", "previous")

    def __init__(self, reading: TableReading, compute: Compute) -> None:
        super().__init__(compute(reading.entry, row) for row in reading.rows(reading.entry.limit))
        self._reading = reading
        self._compute = compute

    @property
    def totals(self) -> Totals:
        """Number and sums of the live rows."""
        return self._reading.totals()

    def field(self, name: str) -> Value | View:
        """Read one field."""
        reading = self._reading
        if name == "all":
            return [self._compute(reading.entry, row) for row in reading.rows(reading.entry.capacity)]
        if name == "previous":
            return TotalsView(reading, reading.totals(1))
        return TotalsView(reading, self.totals).field(name)


class TotalsView(View):
    """Number and sums of a table's rows."""

    __slots__ = ("_reading", "_totals")
    FIELDS = ("count", "sum")

    def __init__(self, reading: TableReading, totals: Totals) -> None:
        self._reading = reading
        self._totals = totals

    def field(self, name: str) -> Value | View:
        """Read one field."""
        if name == "count":
            return self._totals.count
        if name == "sum":
            return SumsView({column: self._reading.sum_of(self._totals, column) for column in self._reading.columns()})
        raise KeyError(name)


class SumsView(View):
    """The sums of a table's columns, by their names."""

    __slots__ = ("_sums",)

    def __init__(self, sums: Mapping[str, Number]) -> None:
        self._sums = sums

    @property
    def FIELDS(self) -> tuple[str, ...]:  # type: ignore[override]  # noqa: N802 - they are the table's own columns
        """Name the columns."""
        return tuple(self._sums)

    def field(self, name: str) -> Value:
        """Give the sum of a column."""
        return self._sums[name]
