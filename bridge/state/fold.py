"""Folding the changes of a batch into state: prepare, load, apply, write.

Everything that can be wrong with a change is found by `prepare`, before anything is folded, so that a change is
folded whole or not at all and the fold itself cannot fail. Rows are read once, in order, and written once.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple

from bridge.instants import to_micros
from bridge.mappings.entries.definitions import MetricEntry
from bridge.mappings.records import Change, Measurement, RowChange
from bridge.state.cells import written
from bridge.state.marks import Mark
from bridge.state.metric_folding import FoldedMetric, MeasurementFold, MetricFold
from bridge.state.rows import Held, Holdings, Row, RowKey
from bridge.state.table_folding import FoldedTable, RowFold
from bridge.state.table_shelves import TableFold

Step = MeasurementFold | RowFold


class Prepared(NamedTuple):
    """One change, ready to be folded. `late` says for which entries it comes too late, and why."""

    steps: list[Step]
    late: list[str]

    def but_for(self, generations: AbstractSet[int]) -> "Prepared":
        """Leave out what it says to some generations."""
        return self._replace(steps=[step for step in self.steps if _generation_of(step) not in generations])


def _generation_of(step: Step) -> int:
    return step.table.generation if isinstance(step, RowFold) else step[0].metric.generation


class Arriving(NamedTuple):
    """What the fold must know of an event beside a change: its number, the item's place in it, and its time.

    `received_at`, and `forget_at`, until when a tombstone is kept, are microseconds. What it says to the entries in
    `but_for` is not folded.
    """

    number: int
    item: int
    received_at: int
    forget_at: int
    but_for: AbstractSet[str] = frozenset()


class Folders:
    """The entries of all mappings, compiled for folding. They remember bounds, so they belong to one thread."""

    def __init__(self, held: Mapping[str, Mapping[str, Held]]) -> None:
        """Compile what is held of each mapping, by the names of its entries."""
        self._of_mapping = {
            mapping: {
                name: FoldedMetric(each.entry, each.generation, each.carried)
                if isinstance(each.entry, MetricEntry)
                else FoldedTable(each.entry, each.generation)
                for name, each in entries.items()
            }
            for mapping, entries in held.items()
        }

    def prepare(self, change: Change, arriving: Arriving) -> Prepared | None:
        """Check what a change says to the entries that are held; None where it says nothing to any.

        Raises `UnusableValue` for a value that an entry cannot take, with the entry's name.
        """
        folders = self._of_mapping.get(change.mapping)
        if not folders or not change.operations:
            return None
        mark = Mark(to_micros(change.at), change.version, arriving.number, arriving.item)
        prepared = Prepared([], [])
        for operation in change.operations:
            folder = None if operation.entry in arriving.but_for else folders.get(operation.entry)
            told: Step | str | None = None
            if type(operation) is Measurement and type(folder) is FoldedMetric:
                told = folder.prepare(change.pin, operation, mark, arriving.received_at)
            elif type(operation) is RowChange and type(folder) is FoldedTable:
                told = folder.prepare(change.pin, operation, mark, arriving.received_at, arriving.forget_at)
            if isinstance(told, str):
                prepared.late.append(told)
            elif told is not None:
                prepared.steps.append(told)
        return prepared


class StateFold:
    """The rows of one batch: read for all changes that may be folded, changed by those that are."""

    def __init__(self, holdings: Holdings, prepared: Iterable[Prepared]) -> None:
        """Read the rows that the changes may touch."""
        measurements: list[MeasurementFold] = []
        changes: list[RowFold] = []
        for each in prepared:
            for step in each.steps:
                if isinstance(step, RowFold):
                    changes.append(step)
                else:
                    measurements.append(step)
        self._metrics = MetricFold(measurements, holdings)
        self._tables = TableFold(changes, holdings)

    def apply(self, prepared: Prepared) -> list[str]:
        """Fold one change; gives what its outcome has to say beside that it was folded."""
        notes = []
        for step in prepared.steps:
            note = self._tables.take(step) if isinstance(step, RowFold) else self._metrics.take(step)
            if note:
                notes.append(note)
        return notes

    def written(self) -> list[tuple[RowKey, Row | None]]:
        """Give the rows that changed, in order, with None for those to be deleted."""
        return written(chain(self._metrics.cells(), self._tables.cells()))
