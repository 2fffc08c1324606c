"""The rows that state is kept in, and what whoever keeps them must be able to answer.

A row is small and stands for itself: one bucket of one group of a metric, one row of a table. An event touches few of
them, however long the history is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from bridge.mappings.entries.definitions import Entry


class RowKey(NamedTuple):
    """Where a row stands; rows are read and written in this order.

    `generation` numbers one definition of one entry of one mapping. `part` says what kind of row it is, `key` (at most
    16 bytes) which group or which row of a table, `bucket` is when its bucket begins (microseconds; 0 for all time).
    What is written lies in the buckets of now, so that these stand together.
    """

    generation: int
    pin: str
    part: str
    bucket: int
    key: bytes


class Row(NamedTuple):
    """What a row holds. `data` is JSON.

    A live row of a table has `at`, when it was last fed (microseconds), and where the table is in order of a column,
    `rank`, whose order as bytes is that order. The `at` of a group is its newest bucket. Nothing needs the row from
    `expires_at` on (microseconds; None: never).
    """

    data: str
    at: int | None = None
    rank: bytes | None = None
    expires_at: int | None = None


class Shelf(NamedTuple):
    """Where a table keeps the rows of one bucket (microseconds; 0 for all time), or a metric its groups (0)."""

    generation: int
    pin: str
    bucket: int


class Carried(NamedTuple):
    """What a generation has from the one before it: the buckets that begin `before` an instant (microseconds).

    Events to the journal number `until` are in them already.
    """

    before: int
    until: int


class Held(NamedTuple):
    """An entry as it is kept: the generation that its rows stand under, and since when no event is missing in them.

    `complete_since` is None where none ever was. `carried` is set while the generation is built.
    """

    generation: int
    entry: Entry
    complete_since: datetime | None
    carried: Carried | None = None


class Holdings(Protocol):
    """What the fold asks of whoever keeps the rows."""

    def rows(self, keys: Sequence[RowKey]) -> Mapping[RowKey, Row]:
        """Read those rows that there are; the keys are sorted."""
        ...

    def count(self, shelf: Shelf, *, fed_since: int, most: int) -> int:
        """Count the rows with an `at` that is not before an instant; counting ends at `most`."""
        ...

    def oldest(self, shelf: Shelf, most: int) -> Sequence[tuple[RowKey, Row]]:
        """Read the first live rows of a table by (`at`, key)."""
        ...


class Readings(Protocol):
    """What a view asks of whoever keeps the rows; all answers are of one moment."""

    def rows(self, keys: Sequence[RowKey]) -> Mapping[RowKey, Row]:
        """Read those rows that there are; the keys are sorted."""
        ...

    def stretch(self, first: RowKey, last: RowKey, *, most: int) -> Sequence[tuple[RowKey, Row]]:
        """Read the first rows of one part from one key to another, both included: all groups of some buckets."""
        ...

    def live(
        self, shelf: Shelf, *, by: Literal["at", "rank"], descending: bool, fed_after: int | None, most: int
    ) -> Sequence[tuple[RowKey, Row]]:
        """Read live rows of a table in order, by (`by`, key): those that were last fed after an instant (None: all)."""
        ...

    def expired(self, shelf: Shelf, *, fed_until: int) -> Sequence[tuple[RowKey, Row]]:
        """Read the live rows that were last fed at an instant or before."""
        ...
