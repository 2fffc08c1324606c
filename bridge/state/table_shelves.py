"""The rows of tables while a batch is folded: read once, changed in place, and pushed out where there is no room."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from itertools import chain

from bridge.state.cells import Cell
from bridge.state.rows import Holdings, Row, RowKey, Shelf
from bridge.state.table_folding import ROW, TOTAL, FoldedTable, RowFold
from bridge.state.table_rows import TableRow


class TableFold:
    """The rows that the changes of a batch touch."""

    def __init__(self, changes: Iterable[RowFold], holdings: Holdings) -> None:
        """Read the rows, in order, and the oldest ones of tables that may overflow."""
        by_shelf: dict[Shelf, list[RowFold]] = defaultdict(list)
        for change in changes:
            by_shelf[change.shelf].append(change)
        keys = {shelf: _keys_of(shelf, of_shelf) for shelf, of_shelf in by_shelf.items()}
        found = holdings.rows(sorted(chain.from_iterable(of_shelf.values() for of_shelf in keys.values())))
        self._shelves: dict[Shelf, _ShelfFold] = {}
        for shelf, of_shelf in sorted(by_shelf.items()):
            fold = self._shelves[shelf] = _ShelfFold(of_shelf[0].table, keys[shelf], found)
            if most := fold.most_pushed_out(len(of_shelf)):
                fold.watch(holdings.oldest(shelf, most))

    def take(self, change: RowFold) -> str:
        """Fold a change; gives what its outcome has to say, if anything."""
        return self._shelves[change.shelf].take(change)

    def cells(self) -> Iterable[tuple[RowKey, Cell]]:
        """Give the rows as they are now."""
        return chain.from_iterable(shelf.cells() for shelf in self._shelves.values())


class _ShelfFold:
    """What a batch touches of one shelf: rows by their key, and the totals of them all.

    `_ages` is a heap of (when it was fed, key) of the rows that may be the oldest; None where there is room for all.
    """

    def __init__(self, table: FoldedTable, keys: dict[bytes, RowKey], found: Mapping[RowKey, Row]) -> None:
        totals = keys[_OF_ALL]
        self._table = table
        self._keys = keys
        self._cells = {key: table.cell(whole, found.get(whole)) for key, whole in keys.items()}
        self._totals = self._cells[_OF_ALL]
        self._totals.expires_at = table.totals_expiry(totals.bucket)
        self._row_expires_at = table.row_expiry(totals.bucket)
        self._unread: dict[bytes, Row] = {}
        self._ages: list[tuple[int, bytes]] | None = None

    def most_pushed_out(self, changes: int) -> int:
        """Say how many of the rows that were fed the longest ago have to be known: none where there is room for all.

        Each change takes one of these at most: it pushes it out, removes it, or feeds it.
        """
        new = sum(cell.at is None for key, cell in self._cells.items() if key != _OF_ALL)
        return changes if self._totals.held.count + new > self._table.entry.capacity else 0

    def watch(self, oldest: Iterable[tuple[RowKey, Row]]) -> None:
        """Begin to push out what is too much, with the oldest rows that there are."""
        self._ages = []
        for whole, row in oldest:
            self._ages.append((row.at or 0, whole.key))
            if whole.key not in self._cells:
                self._keys[whole.key], self._unread[whole.key] = whole, row
        heapify(self._ages)

    def take(self, change: RowFold) -> str:
        """Fold a change; gives what its outcome has to say, if anything."""
        table, columns, mark = self._table, self._table.columns, change.mark
        cell = self._cells[change.key]
        row: TableRow = cell.held or TableRow()
        if row.is_older_than_its_drop(mark):
            return table.outdated
        if row.fed:
            self._totals.held.include(columns.numbers(row), -1)
            self._totals.is_changed = True
            if table.is_over(row.at, change.received_at):
                row = row.ended()
        if change.drops:
            columns.drop(row, mark)
        else:
            columns.feed(row, change.columns, mark)
        cell.is_changed = True
        if not row.fed:
            cell.held = None if row.dropped is None else row
            cell.at, cell.rank, cell.expires_at = None, None, change.forget_at
            return ""
        self._totals.held.include(columns.numbers(row), 1)
        self._totals.is_changed = True
        cell.held, cell.at, cell.rank, cell.expires_at = row, row.at, table.rank(row), self._row_expires_at
        return "" if self._ages is None else self._make_room(self._ages, change)

    def cells(self) -> Iterable[tuple[RowKey, Cell]]:
        """Give the rows as they are now."""
        return ((self._keys[key], cell) for key, cell in self._cells.items())

    def _make_room(self, ages: list[tuple[int, bytes]], change: RowFold) -> str:
        """Take note of the row that was fed, and push the oldest out where it is one too many."""
        heappush(ages, (self._cells[change.key].held.at, change.key))
        if self._totals.held.count <= self._table.entry.capacity:
            return ""
        cell = self._oldest(ages)
        is_over = self._table.is_over(cell.held.at, change.received_at)
        self._totals.held.include(self._table.columns.numbers(cell.held), -1)
        cell.held, cell.at, cell.rank, cell.is_changed = None, None, None, True
        return "" if is_over else self._table.overflow

    def _oldest(self, ages: list[tuple[int, bytes]]) -> Cell:
        while True:
            at, key = heappop(ages)
            if key in self._unread:
                self._cells[key] = self._table.cell(self._keys[key], self._unread.pop(key))
            # A row that was fed since then, or is gone, was noted with another time.
            if self._cells[key].at == at:
                return self._cells[key]


_OF_ALL = b""
"""The key of the totals; no row has it."""


def _keys_of(shelf: Shelf, changes: Iterable[RowFold]) -> dict[bytes, RowKey]:
    generation, pin, bucket = shelf
    keys = {change.key: RowKey(generation, pin, ROW, bucket, change.key) for change in changes}
    keys[_OF_ALL] = RowKey(generation, pin, TOTAL, bucket, _OF_ALL)
    return keys
