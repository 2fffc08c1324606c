"""How large the journal is, without adding up its events: it is measured in segments of a mebibyte, as they fill up.

A segment is noted in the transaction of the batch that comes after it; a start adds up the few events of the one that
is not full yet.
"""

from typing import Any

from sqlalchemy import Connection, func, select

from bridge.store.tables import events, segments

SEGMENT_BYTES = 2**20

NOTE = "INSERT INTO segments (number, bytes) VALUES (?, ?)"

_EVENT_BYTES = (
    func.length(events.c.headers)
    + func.length(events.c.query)
    + func.length(events.c.outcomes)
    + func.length(events.c.body)
)


class Segments:
    """Notes segments as they fill up; belongs to the writer's thread."""

    def __init__(self, connection: Connection) -> None:
        noted = select(func.coalesce(func.max(segments.c.number), 0)).scalar_subquery()
        added_up = select(func.coalesce(func.sum(_EVENT_BYTES), 0)).where(events.c.number > noted)
        self._bytes: int = connection.scalar(added_up) or 0

    def note(self, cursor: Any, newest: int) -> int:
        """Note a segment that is full, up to its newest event; gives how many bytes the one after it has."""
        if self._bytes < SEGMENT_BYTES:
            return self._bytes
        cursor.execute(NOTE, (newest, self._bytes))
        return 0

    def grown_to(self, size: int) -> None:
        """Take in how many bytes the last segment has, once that is committed."""
        self._bytes = size


def journal_bytes(connection: Connection) -> int:
    """Give what the journal's events take, but for those of the last segment."""
    return connection.scalar(select(func.coalesce(func.sum(segments.c.bytes), 0))) or 0


def last_beyond(connection: Connection, most_bytes: int) -> int:
    """Give the number up to which events have to go, so that the journal has at most so many bytes; 0 where none do."""
    from_the_end = func.sum(segments.c.bytes).over(order_by=segments.c.number.desc())
    added_up = select(segments.c.number, from_the_end.label("bytes")).subquery()
    beyond = select(func.coalesce(func.max(added_up.c.number), 0)).where(added_up.c.bytes > most_bytes)
    return connection.scalar(beyond) or 0
