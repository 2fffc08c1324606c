"""The rows of the state, in memory: what the store keeps in its table `state`."""

from collections.abc import Iterable, Sequence
from typing import Literal

from bridge.state import Row, RowKey, Shelf


class Rows(dict[RowKey, Row]):
    """Rows by their key, as `Holdings` and `Readings` ask for them."""

    def keep(self, written: Iterable[tuple[RowKey, Row | None]]) -> None:
        """Take over what a fold wrote."""
        for key, row in written:
            if row is None:
                self.pop(key, None)
            else:
                self[key] = row

    def rows(self, keys: Sequence[RowKey]) -> dict[RowKey, Row]:
        """Give those rows that there are."""
        return {key: self[key] for key in keys if key in self}

    def count(self, shelf: Shelf, *, fed_since: int, most: int) -> int:
        """Count rows by when they were fed."""
        return min(most, sum((row.at or 0) >= fed_since for _, row in self._on(shelf)))

    def oldest(self, shelf: Shelf, most: int) -> list[tuple[RowKey, Row]]:
        """Give the rows that were fed the longest ago."""
        return sorted(self._on(shelf), key=lambda found: (found[1].at, found[0]))[:most]

    def stretch(self, first: RowKey, last: RowKey, *, most: int) -> list[tuple[RowKey, Row]]:
        """Give the first rows from one key to another."""
        return sorted((key, row) for key, row in self.items() if first <= key <= last)[:most]

    def live(
        self, shelf: Shelf, *, by: Literal["at", "rank"], descending: bool, fed_after: int | None, most: int
    ) -> list[tuple[RowKey, Row]]:
        """Give live rows in order."""
        found = [each for each in self._on(shelf) if fed_after is None or (each[1].at or 0) > fed_after]
        found.sort(key=lambda each: (each[1].at if by == "at" else each[1].rank, each[0]), reverse=descending)
        return found[:most]

    def expired(self, shelf: Shelf, *, fed_until: int) -> list[tuple[RowKey, Row]]:
        """Give the live rows that were fed long ago."""
        return [each for each in self._on(shelf) if (each[1].at or 0) <= fed_until]

    def _on(self, shelf: Shelf) -> list[tuple[RowKey, Row]]:
        """Give the rows of a shelf that have a time."""
        return [(key, row) for key, row in self.items() if _shelf_of(key) == shelf and row.at is not None]


def _shelf_of(key: RowKey) -> Shelf:
    return Shelf(key.generation, key.pin, key.bucket)
