"""Rows in memory while a batch is folded: read once, changed in place, written once."""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import orjson

from bridge.events import Json
from bridge.state.rows import Row, RowKey


class Cell:
    """One row. `held` is what its metric or table makes of the data, None where there is nothing.

    `at` and `rank` are those of a live row of a table. A cell without `held` is no row any more.
    """

    __slots__ = ("_was_there", "at", "expires_at", "held", "is_changed", "rank", "write")

    def __init__(self, held: Any, row: Row | None, write: Callable[[Any], Json]) -> None:
        self.held = held
        self.at = None if row is None else row.at
        self.rank = None if row is None else row.rank
        self.expires_at = None if row is None else row.expires_at
        self.is_changed = False
        self.write = write
        self._was_there = row is not None

    @property
    def is_to_be_written(self) -> bool:
        """Tell whether the row has become another, or is no more."""
        return self.is_changed and (self._was_there or self.held is not None)

    def row(self) -> Row | None:
        """Give the row as it is to be written, None where it is to be deleted."""
        if self.held is None:
            return None
        return Row(orjson.dumps(self.write(self.held)).decode(), self.at, self.rank, self.expires_at)


def written(cells: Iterable[tuple[RowKey, Cell]]) -> list[tuple[RowKey, Row | None]]:
    """Give the rows that changed, in their order."""
    changed = [(key, cell) for key, cell in cells if cell.is_to_be_written]
    changed.sort(key=itemgetter(0))
    return [(key, cell.row()) for key, cell in changed]
