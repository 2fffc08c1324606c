"""The rows of the state: read for views and for the fold, and written by it, on the driver's cursor.

Each look-up walks an index, so that it costs what it gives and not what is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Literal

from bridge.state.rows import Row, RowKey, Shelf
from bridge.store import statements

# Joined, because SQLite answers `(a, b) IN (VALUES …)` by reading the whole table.
ROWS = """
    WITH wanted (generation, pin, part, bucket, key) AS (VALUES {rows})
    SELECT kept.* FROM wanted JOIN state AS kept
    ON kept.generation = wanted.generation AND kept.pin = wanted.pin AND kept.part = wanted.part
        AND kept.bucket = wanted.bucket AND kept.key = wanted.key
"""

STRETCH = """
    SELECT * FROM state
    WHERE generation = ? AND pin = ? AND part = ? AND (bucket, key) BETWEEN (?, ?) AND (?, ?)
    ORDER BY bucket, key LIMIT ?
"""

COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM state WHERE generation = ? AND pin = ? AND bucket = ? AND at IS NOT NULL AND at >= ? LIMIT ?
    )
"""

LIVE = """
    SELECT * FROM state
    WHERE generation = ? AND pin = ? AND bucket = ? AND {by} IS NOT NULL AND {at} > ?
    ORDER BY {by} {way}, key {way} LIMIT ?
"""

EXPIRED = """
    SELECT * FROM state WHERE generation = ? AND pin = ? AND bucket = ? AND at IS NOT NULL AND at <= ? ORDER BY at, key
"""

KEEP = """
    INSERT INTO state (generation, pin, part, bucket, key, data, at, rank, expires_at) VALUES {rows}
    ON CONFLICT (generation, pin, part, bucket, key) DO UPDATE SET
        data = excluded.data, at = excluded.at, rank = excluded.rank, expires_at = excluded.expires_at
"""

FORGET = """
    DELETE FROM state WHERE generation = ? AND pin = ? AND part = ? AND bucket = ? AND key IN (VALUES {rows})
"""

_EVER = -(2**63)
"""Before every instant."""

Found = list[tuple[RowKey, Row]]


class StateRows:
    """The `Holdings` of a fold, and the `Readings` of a view where the cursor's transaction sees one moment."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def rows(self, keys: Sequence[RowKey]) -> Mapping[RowKey, Row]:
        """Read those rows that there are; the keys are sorted."""
        return dict(_found(statements.run(self._cursor, ROWS, keys)))

    def count(self, shelf: Shelf, *, fed_since: int, most: int) -> int:
        """Count the rows with an `at` that is not before an instant; counting ends at `most`."""
        counted: int = self._cursor.execute(COUNT, (*shelf, fed_since, most)).fetchone()[0]
        return counted

    def oldest(self, shelf: Shelf, most: int) -> Found:
        """Read the first live rows of a table by (`at`, key)."""
        return self.live(shelf, by="at", descending=False, fed_after=None, most=most)

    def stretch(self, first: RowKey, last: RowKey, *, most: int) -> Found:
        """Read the first rows of one part from one key to another, both included."""
        return self._read(STRETCH, (*first, *last[3:], most))

    def live(
        self, shelf: Shelf, *, by: Literal["at", "rank"], descending: bool, fed_after: int | None, most: int
    ) -> Found:
        """Read live rows of a table in order, by (`by`, key): those that were last fed after an instant (None: all)."""
        return self._read(live_statement(by, descending), (*shelf, _EVER if fed_after is None else fed_after, most))

    def expired(self, shelf: Shelf, *, fed_until: int) -> Found:
        """Read the live rows that were last fed at an instant or before."""
        return self._read(EXPIRED, (*shelf, fed_until))

    def keep(self, written: Sequence[tuple[RowKey, Row | None]]) -> None:
        """Write rows, in the order of their keys, over what there was; None deletes one."""
        statements.run(self._cursor, KEEP, [(*key, *row) for key, row in written if row is not None])
        forgotten = [key for key, row in written if row is None]
        for beside, keys in groupby(forgotten, key=itemgetter(0, 1, 2, 3)):
            for chunk in statements.in_chunks([(key.key,) for key in keys]):
                forget = statements.with_rows(FORGET, 1, len(chunk))
                self._cursor.execute(forget, (*beside, *chain.from_iterable(chunk)))

    def _read(self, statement: str, parameters: tuple[Any, ...]) -> Found:
        return _found(self._cursor.execute(statement, parameters))


def _found(rows: Iterable[tuple[Any, ...]]) -> Found:
    return [(RowKey._make(row[:5]), Row._make(row[5:])) for row in rows]


@lru_cache
def live_statement(by: str, descending: bool) -> str:  # noqa: FBT001 - the same switch as in `live`
    """Give the statement that reads live rows in an order."""
    # The plus keeps SQLite from walking the rows by `at` where they are wanted by rank.
    at = "at" if by == "at" else "+at"
    return LIVE.replace("{at}", at).replace("{by}", by).replace("{way}", "DESC" if descending else "ASC")
