"""One row of a table: what its columns hold, and what an event does to it. Pure.

A row that a drop removed stays behind as a tombstone, so that nothing older brings it back.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, cast

from bridge.events import Json
from bridge.mappings.entries.definitions import TableEntry
from bridge.mappings.values.values import Value, tagged, untagged
from bridge.state.marks import Mark, read_mark, write_mark
from bridge.state.metrics import Metric, Number, bounded, metric_of

_NOTHING = object()


class Fed(NamedTuple):
    """What a column holds, and the newest event that fed it."""

    held: Any
    mark: Mark


class TableRow:
    """A row as it is folded. It is live as long as a column holds something.

    `numbers` are what its columns add to the sums of the table, None where that is to be found out.
    """

    __slots__ = ("at", "changed_at", "dropped", "fed", "first_at", "numbers")

    def __init__(self) -> None:
        self.fed: dict[str, Fed] = {}
        self.first_at = 0
        self.at = 0
        self.changed_at: int | None = None
        self.dropped: Mark | None = None
        self.numbers: dict[str, Number] | None = None

    @property
    def is_live(self) -> bool:
        """Tell a row from its tombstone."""
        return bool(self.fed)

    def ended(self) -> "TableRow":
        """Give what is left of it once its time is over: what removed it before still holds."""
        ended = TableRow()
        ended.dropped = self.dropped
        return ended

    def is_older_than_its_drop(self, mark: Mark) -> bool:
        """Say whether a drop that came before is newer than an event."""
        return self.dropped is not None and mark.order <= self.dropped.order


class TableColumns:
    """What the columns of a table do with values. `stored` are those that are not computed.

    Most columns of a row are fed by one event: its mark is written and read once for all of them.
    """

    def __init__(self, entry: TableEntry) -> None:
        kinds = {column.name: column.kind for column in entry.columns}
        self.metrics: Mapping[str, Metric | None] = {
            name: None if kind == "value" else metric_of(kind) for name, kind in kinds.items() if kind != "computed"
        }
        self._track = entry.track

    def admit(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Give values in the form in which their columns take them, but for those that a metric skips.

        Raises `UnusableValue`.
        """
        admitted: dict[str, Value] = {}
        for name, value in values.items():
            metric = self.metrics[name]
            taken = bounded(value) if metric is None else metric.admit(value)
            if metric is None or metric.takes(taken):
                admitted[name] = taken
        return admitted

    def feed(self, row: TableRow, values: Mapping[str, Value], mark: Mark) -> None:
        """Let an event feed its columns with admitted values."""
        if not values:
            return
        track = self._track or ""
        tracked = self.value(row, track) if track in row.fed else _NOTHING
        is_new = not row.fed
        row.first_at = mark.at if is_new else min(row.first_at, mark.at)
        row.numbers = None
        for name, value in values.items():
            self._feed_column(row, name, value, mark)
        row.at = mark.at if is_new else _newest(row).at
        if track in row.fed and self.value(row, track) != tracked:
            row.changed_at = row.fed[track].mark.at

    def drop(self, row: TableRow, mark: Mark) -> None:
        """Remove what is older than the event that drops the row."""
        order = mark.order
        row.dropped, row.numbers = mark, None
        row.fed = {name: fed for name, fed in row.fed.items() if fed.mark.order > order}
        if row.is_live:
            row.first_at, row.at = min(fed.mark.at for fed in row.fed.values()), _newest(row).at
        if self._track not in row.fed:
            row.changed_at = None

    def value(self, row: TableRow, name: str) -> Value:
        """Give what a stored column shows, None for one that nothing has fed."""
        fed = row.fed.get(name)
        if fed is None:
            return None
        metric = self.metrics[name]
        return cast(Value, fed.held) if metric is None else metric.read(fed.held)

    def numbers(self, row: TableRow) -> dict[str, Number]:
        """Give what the columns add to the sums of the table."""
        if row.numbers is None:
            row.numbers = {}
            for name, (held, _) in row.fed.items():
                metric = self.metrics[name]
                value = held if metric is None else metric.read(held)
                if type(value) is int or type(value) is Decimal:
                    row.numbers[name] = value
        return row.numbers

    def write(self, row: TableRow) -> Json:
        """Write a row as JSON."""
        fed: dict[str, Json] = {}
        last, last_written = None, None
        for name, (held, mark) in row.fed.items():
            metric = self.metrics[name]
            if mark is not last:
                last, last_written = mark, write_mark(mark)
            fed[name] = [tagged(held) if metric is None else metric.write(held), last_written]
        dropped = None if row.dropped is None else write_mark(row.dropped)
        return [row.first_at, row.at, row.changed_at, dropped, fed]

    def restore(self, written: Json) -> TableRow:
        """Read what `write` wrote."""
        row = TableRow()
        first_at, at, changed_at, dropped, fed = cast(list[Any], written)
        row.first_at, row.at, row.changed_at = first_at, at, changed_at
        row.dropped = None if dropped is None else read_mark(dropped)
        mark, last_written = None, None
        for name, (held, written_mark) in fed.items():
            metric = self.metrics[name]
            if mark is None or written_mark != last_written:
                mark, last_written = read_mark(written_mark), written_mark
            row.fed[name] = Fed(untagged(held) if metric is None else metric.restore(held), mark)
        return row

    def _feed_column(self, row: TableRow, name: str, value: Value, mark: Mark) -> None:
        metric, fed = self.metrics[name], row.fed.get(name)
        if metric is None:
            if fed is None or mark.order > fed.mark.order:
                row.fed[name] = Fed(value, mark)
        else:
            newest = mark if fed is None or mark.order > fed.mark.order else fed.mark
            row.fed[name] = Fed(metric.fold(None if fed is None else fed.held, value, mark), newest)


def _newest(row: TableRow) -> Mark:
    return max((fed.mark for fed in row.fed.values()), key=lambda mark: mark.order)
