"""Forgetting what is past its time, or beyond the journal's size, in small steps between the writer's other work.

A round begins after something was written, at most once a minute, and goes on step by step until
nothing old is left. There is no timer: where nothing is written, nothing grows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    Table,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)

from bridge.events import Clock
from bridge.instants import SECOND, to_instant, to_micros
from bridge.store.retirement import delete_each, forget_retired, retire_rested
from bridge.store.segments import last_beyond
from bridge.store.tables import attempts, events, generations, item_keys, seen, segments, state, unfolded

STEP = 256
"""Rows of each table that one step deletes at most."""

_EVERY = 60 * SECOND

_TOLD_EVERY = 3600 * SECOND
"""How often it is told at most that events went before their time."""

SPARED_FOR = 2
"""How many times the retention an event that is still to be folded stays at most."""

ATTEMPT_BYTES, ATTEMPTS_SHARE = 256, 8
"""What an attempt takes, roughly, and which part of the journal's size all of them may take beside it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long, and how many bytes of, events are kept, and how long keys are remembered."""

    retention: timedelta
    horizon: timedelta
    journal_bytes: int


class Pruning:
    """Belongs to the writer's thread."""

    def __init__(self, keeping: Keeping, clock: Clock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._began_at = 0
        self._told_at = 0
        self._beyond: int | None = None
        self.is_under_way = False
        """Whether steps are left to do."""

    def begin(self) -> None:
        """Begin a round, unless the last one began less than a minute ago."""
        now = to_micros(self._clock())
        if abs(now - self._began_at) >= _EVERY:
            self._began_at = now
            self._beyond = None
            self.is_under_way = True

    def step(self, connection: Connection) -> None:
        """Delete a few old rows, in the connection's transaction."""
        now, keeping = self._clock(), self._keeping
        old, given_up = to_micros(now - keeping.retention), to_micros(now - SPARED_FOR * keeping.retention)
        if self._beyond is None:
            # Measured once a round: what comes meanwhile is the next one's.
            self._beyond = last_beyond(connection, keeping.journal_bytes)
            self._tell_of_size(connection, self._beyond, old)
        retire_rested(connection, to_micros(now - keeping.horizon))
        deleted = (
            connection.execute(_expired(seen, to_micros(now))).rowcount,
            connection.execute(_expired(item_keys, to_micros(now), _is_not_rebuilt)).rowcount,
            self._forget_events(connection, old, given_up),
            connection.execute(_oldest(attempts, or_(attempts.c.ended_at < old, self._attempts_beyond()))).rowcount,
            delete_each(connection, state, _expired_state(to_micros(now))),
            delete_each(connection, unfolded, _without_event()),
            forget_retired(connection, STEP),
        )
        self.is_under_way = max(deleted) >= STEP

    def _forget_events(self, connection: Connection, old: int, given_up: int) -> int:
        is_beyond = events.c.number <= (self._beyond or 0)
        # By size nothing is spared but what is still to be read: what waits for a replay would fill the disk.
        candidates = _is_read, or_(is_beyond, _is_settled(given_up))
        deleted = connection.execute(_oldest(events, or_(is_beyond, events.c.received_at < old), *candidates)).rowcount
        connection.execute(delete(segments).where(segments.c.number < _FIRST_EVENT))
        return deleted

    def _attempts_beyond(self) -> ColumnElement[bool]:
        most = self._keeping.journal_bytes // ATTEMPTS_SHARE // ATTEMPT_BYTES
        return attempts.c.number <= select(func.max(attempts.c.number)).scalar_subquery() - most

    def _tell_of_size(self, connection: Connection, beyond: int, old: int) -> None:
        """Warn where events go by size that age would have kept."""
        newest = select(events.c.received_at).where(events.c.number <= beyond).order_by(events.c.number.desc()).limit(1)
        received_at = connection.scalar(newest) if beyond else None
        if received_at is not None and received_at >= old and abs(self._began_at - self._told_at) >= _TOLD_EVERY:
            self._told_at = self._began_at
            kept_since = to_instant(received_at).isoformat(timespec="seconds")
            log.warning("journal_cut_by_size", kept_since=kept_since, journal_max=self._keeping.journal_bytes)

    def give_up(self) -> None:
        """End the round early; the next one goes on."""
        self.is_under_way = False


_is_built = generations.c.status == literal_column("'building'")
_takes_events = generations.c.status == literal_column("'live'")

_is_not_rebuilt = item_keys.c.generation.not_in(select(generations.c.number).where(_is_built))
"""A rebuild may come to the same item twice, long after it has expired."""

_unread = select(func.min(generations.c.cursor)).where(_is_built).scalar_subquery()
_is_read = events.c.number <= func.coalesce(_unread, literal_column(str(2**63 - 1)))
"""Whether every rebuild is past an event."""


def _expired(table: Table, now: int, *others: ColumnElement[bool]) -> Delete:
    key = table.primary_key.columns
    expired = select(*key).where(table.c.expires_at <= now, *others).order_by(table.c.expires_at).limit(STEP)
    return delete(table).where(tuple_(*key).in_(expired))


def _expired_state(now: int) -> Select[Any]:
    """Find what no view and no event needs any more; a rebuild still folds events for which it was not too late."""
    rows = generations.join(state, state.c.generation == generations.c.number)
    expired = select(*state.primary_key.columns).select_from(rows).where(_takes_events, state.c.expires_at <= now)
    return expired.limit(STEP)


_FIRST_EVENT = select(func.min(events.c.number)).scalar_subquery()


def _without_event() -> Select[Any]:
    return select(*unfolded.primary_key.columns).where(unfolded.c.number < _FIRST_EVENT).limit(STEP)


def _is_settled(given_up: int) -> ColumnElement[bool]:
    """Tell whether an event waits no more to be folded by itself; one from before an instant has waited enough."""
    is_unfolded = select(unfolded.c.number).where(unfolded.c.number == events.c.number).exists()
    return or_(~is_unfolded, events.c.received_at < given_up)


def _oldest(table: Table, is_over: ColumnElement[bool], *candidates: ColumnElement[bool]) -> Delete:
    """Delete of the first rows those that are over; the very last one stays, so that numbers only rise."""
    first = select(table.c.number, is_over.label("is_over")).where(*candidates).order_by(table.c.number).limit(STEP)
    rows = first.subquery()
    newest = select(func.max(table.c.number)).scalar_subquery()
    over = select(rows.c.number).where(rows.c.is_over)
    return delete(table).where(table.c.number.in_(over), table.c.number < newest)
