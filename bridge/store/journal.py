"""Where the journal ends, on both sides. Numbers follow one another; only what is forgotten leaves gaps."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from bridge.store.tables import events, unfolded


@dataclass(frozen=True, slots=True)
class JournalEnds:
    """The number of the newest event, and since when none is missing (microseconds)."""

    newest: int
    complete_since: int


def read_ends(connection: Connection) -> JournalEnds | None:
    """Say where the journal ends; None where it is empty.

    Events that are still to be folded outlive those around them, so it is complete after the newest gap.
    """
    newest = connection.scalar(select(func.max(events.c.number)))
    if newest is None:
        return None
    is_unfolded = select(unfolded.c.number).where(unfolded.c.number == events.c.number).exists()
    number = connection.scalar(select(func.min(events.c.number)).where(~is_unfolded)) or newest
    while connection.scalar(select(events.c.number).where(events.c.number == number - 1)) is not None:
        number -= 1
    received_at = connection.execute(select(events.c.received_at).where(events.c.number == number)).scalar_one()
    return JournalEnds(newest, received_at)
