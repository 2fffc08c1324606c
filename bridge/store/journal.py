"""The journal, to be read in its order: where it ends on both sides, and stretches of it.

Numbers follow one another; only what is forgotten leaves gaps.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from bridge.store.listing import WHOLE_EVENTS, whole_event
from bridge.store.records import EventRecord
from bridge.store.tables import events, unfolded


@dataclass(frozen=True, slots=True)
class JournalEnds:
    """From which event on none is missing, by its number and its arrival (microseconds), and the newest's number."""

    oldest: int
    complete_since: int
    newest: int

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was forgotten yet."""
        return self.oldest == 1

    def lacks(self, since: int | None) -> bool:
        """Tell whether events are gone of which something knows that has missed none since an instant."""
        return not self.is_whole and (since is None or since < self.complete_since)


def read_ends(connection: Connection) -> JournalEnds | None:
    """Say where the journal ends; None where it is empty.

    Events that are still to be folded outlive those around them, so it is complete after the newest gap.
    """
    newest = connection.scalar(select(func.max(events.c.number)))
    if newest is None:
        return None
    is_unfolded = select(unfolded.c.number).where(unfolded.c.number == events.c.number).exists()
    number = connection.scalar(select(func.min(events.c.number)).where(~is_unfolded)) or newest
    before = events.alias()
    follows = select(before.c.number).where(before.c.number == events.c.number - 1).exists()
    after_gaps = select(events.c.number, events.c.received_at).where(events.c.number <= number, ~follows)
    # Found by the database: there may be as many to be folded as failed before somebody mended a mapping.
    oldest, received_at = connection.execute(after_gaps.order_by(events.c.number.desc()).limit(1)).one()
    return JournalEnds(oldest, received_at, newest)


class Stretch(NamedTuple):
    """Events of a stretch of the journal, in order; `is_complete` tells whether there are no more of them in it."""

    events: tuple[EventRecord, ...]
    is_complete: bool


def read_stretch(
    connection: Connection, numbers: tuple[int, int], sources: Collection[str], *, most: int, most_bytes: int
) -> Stretch:
    """Read whole events of some sources from one number to another, at least one if there is one."""
    first, last = numbers
    query = WHOLE_EVENTS.where(events.c.number >= first, events.c.number <= last, events.c.source.in_([*sources]))
    found: list[EventRecord] = []
    size = 0
    with connection.execution_options(yield_per=most).execute(query.order_by(events.c.number)) as rows:
        for row in rows:
            size += row.body_bytes
            if len(found) == most or (found and size > most_bytes):
                return Stretch(tuple(found), is_complete=False)
            found.append(whole_event(row))
    return Stretch(tuple(found), is_complete=True)
