"""However changes are cut into batches, they fold into the same rows of a table: also where it is too small."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.instants import to_micros
from bridge.mappings.entries.definitions import Column, TableEntry
from bridge.mappings.records import Change, RowChange
from bridge.rehearsal.rows import Rows
from bridge.state import Arriving, Folders, Held, StateFold

START = datetime(2026, 11, 28, tzinfo=UTC)
MOST = 24
COLUMNS = (Column(name="amount", kind="value"), Column(name="units", kind="sum"))

entries = st.builds(
    TableEntry,
    name=st.just("rows"),
    columns=st.just(COLUMNS),
    is_keyed=st.just(True),
    order_by=st.sampled_from([None, "amount"]),
    capacity=st.integers(1, 5),
    ttl_s=st.sampled_from([None, None, 8]),
)


class Said(NamedTuple):
    """A change of a row: how long before its arrival it happened, and its version."""

    age_s: int
    version: int
    operation: RowChange

    def change(self, number: int) -> tuple[Change, Arriving]:
        """Give it as one that arrives second by second."""
        received_at = START + timedelta(seconds=number)
        at = received_at - timedelta(seconds=self.age_s, microseconds=number)
        change = Change("m", "t", "p-1", at, (self.version,), None, {}, operations=(self.operation,))
        return change, Arriving(number, 0, to_micros(received_at), to_micros(received_at + timedelta(days=1)))


def _operation(key: int, amount: int, *, drops: bool) -> RowChange:
    return RowChange("rows", (key,), {"amount": amount, "units": 1}, drops)


operations = st.builds(_operation, st.integers(1, 8), st.integers(-3, 3), drops=st.sampled_from([False] * 4 + [True]))
said = st.builds(Said, age_s=st.integers(0, 12), version=st.integers(0, 9), operation=operations)

MORTAL = TableEntry(name="rows", columns=COLUMNS, is_keyed=True, capacity=5, ttl_s=8)
REVIVED = [
    Said(0, 3, _operation(1, 1, drops=True)),
    Said(0, 5, _operation(1, 1, drops=False)),
    *[Said(0, 1, _operation(2, 1, drops=False))] * 8,
    Said(0, 1, _operation(1, 1, drops=False)),
    Said(0, 1, _operation(3, 1, drops=False)),
]
"""A row outlives its drop and then its time; what comes at last is older than the drop, and must not end it again."""


@settings(max_examples=400, deadline=None)
@example(entry=MORTAL, said=REVIVED, cuts={2, 10})
@given(entry=entries, said=st.lists(said, max_size=MOST), cuts=st.sets(st.integers(1, MOST - 1)))
def test_rows_do_not_depend_on_where_batches_end(entry: TableEntry, said: list[Said], cuts: set[int]) -> None:
    """The same rows stay, and every change that pushes one out says so."""
    changes = [each.change(number) for number, each in enumerate(said)]
    assert _folded(entry, changes, cuts) == _folded(entry, changes, set(range(MOST)))


def _folded(entry: TableEntry, changes: list[tuple[Change, Arriving]], cuts: set[int]) -> tuple[Rows, list[list[str]]]:
    """Fold changes in batches; gives the rows, and the notes on each change."""
    rows, notes = Rows(), []
    folders = Folders({"m": {"rows": Held(1, entry, None)}})
    for first, end in pairwise([0, *sorted(cut for cut in cuts if 0 < cut < len(changes)), len(changes)]):
        prepared = [folders.prepare(*each) for each in changes[first:end]]
        fold = StateFold(rows, [each for each in prepared if each is not None])
        notes += [[] if each is None else [*fold.apply(each), *each.late] for each in prepared]
        rows.keep(fold.written())
    return rows, notes
