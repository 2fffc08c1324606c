"""Folds changes into state in memory, in batches of any size: what the store does, without a database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.instants import to_micros
from bridge.mappings import Change
from bridge.mappings.entries.definitions import Entry
from bridge.mappings.records import Measurement, Operation, RowChange
from bridge.mappings.values.values import Value
from bridge.rehearsal.rows import Rows
from bridge.state import Arriving, Carried, Folders, Held, Moment, PinState, StateFold

PIN = "p-1"


def measured(entry: str, value: Value = None, group: tuple[Value, ...] | None = None) -> Measurement:
    """Say something to a metric."""
    return Measurement(entry=entry, value=value, group=group)


def row(entry: str, key: Value, *, drops: bool = False, **columns: Value) -> RowChange:
    """Say something to a row."""
    return RowChange(entry=entry, key=(key,), columns=columns, drops=drops)


class Folding:
    """The state of one pin's entries. Each event has one change, and the next number."""

    def __init__(self, *entries: Entry, complete_since: datetime | None = None, carried: Carried | None = None) -> None:
        self.held = {
            entry.name: Held(generation, entry, complete_since, carried) for generation, entry in enumerate(entries, 1)
        }
        self.rows = Rows()
        self.numbers = 0
        self._folders = Folders({"m": self.held})

    def tell(self, at: datetime, *operations: Operation, received_at: datetime | None = None) -> list[str]:
        """Fold one event; gives what its outcome has to say."""
        return self.tell_all([(at, operations, received_at or at)])[0]

    def tell_all(self, events: Iterable[tuple[datetime, Sequence[Operation], datetime]]) -> list[list[str]]:
        """Fold several events in one batch."""
        prepared = [self._prepare(*event) for event in events]
        fold = StateFold(self.rows, [each for each in prepared if each is not None])
        told = [[*fold.apply(each), *each.late] if each is not None else [] for each in prepared]
        self.rows.keep(fold.written())
        return told

    def state(self) -> PinState:
        """Give what there is."""
        return PinState(pin=PIN, held=self.held, readings=self.rows)

    def parts(self) -> Mapping[str, int]:
        """Count the rows by their part."""
        parts: dict[str, int] = {}
        for key in self.rows:
            parts[key.part] = parts.get(key.part, 0) + 1
        return parts

    def _prepare(self, at: datetime, operations: Sequence[Operation], received_at: datetime) -> Any:
        self.numbers += 1
        change = Change("m", "t", PIN, at, (at,), None, {}, operations=tuple(operations))
        received = to_micros(received_at)
        return self._folders.prepare(change, Arriving(self.numbers, 0, received, received + 10**15))


def moment(now: datetime) -> Moment:
    """Give a moment at which state is read, in UTC."""
    return Moment(now, UTC)
