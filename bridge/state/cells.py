"""Rows in memory while a batch is folded: read once, changed in place, written once."""

from collections.abc import Callable
from typing import Any

import orjson

from bridge.events import Json
from bridge.state.rows import Row, RowKey


class Cell:
    """One row. `held` is what its metric or table makes of the data, None where there is nothing.

    `at` and `rank` are those of a live row of a table; a cell without `held` that `is_changed` is to be deleted.
    """

    __slots__ = ("at", "expires_at", "held", "is_changed", "rank", "write")

    def __init__(self, held: Any, row: Row | None, write: Callable[[Any], Json]) -> None:
        self.held = held
        self.at = None if row is None else row.at
        self.rank = None if row is None else row.rank
        self.expires_at = None if row is None else row.expires_at
        self.is_changed = False
        self.write = write

    def expire_later(self, expires_at: int | None) -> None:
        """Let the row be needed until an instant, if it was not for longer."""
        if expires_at is not None and (self.expires_at is None or self.expires_at < expires_at):
            self.expires_at = expires_at

    def row(self) -> Row | None:
        """Give the row as it is to be written, None where it is to be deleted."""
        if self.held is None:
            return None
        return Row(orjson.dumps(self.write(self.held)).decode(), self.at, self.rank, self.expires_at)


class Cells(dict[RowKey, Cell]):
    """The cells of a batch, by their key. A key that was never asked for before the fold is a mistake of ours."""

    def written(self) -> list[tuple[RowKey, Row | None]]:
        """Give the rows that changed, in their order."""
        return [(key, self[key].row()) for key in sorted(self) if self[key].is_changed]
