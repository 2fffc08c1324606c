"""Forgetting what is past its time, or beyond the journal's size, in small steps between the writer's other work.

A round begins after something was written, at most once a minute, and goes on step by step until
nothing old is left. There is no timer: where nothing is written, nothing grows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
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

STEP = 64
"""Rows of each table that one step deletes at most: about a millisecond of the writer, and a commit."""

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


Forget = Callable[[Connection], int]
"""Deletes at most `STEP` rows of one kind, in the connection's transaction; gives how many."""


class Pruning:
    """Belongs to the writer's thread."""

    def __init__(self, keeping: Keeping, clock: Clock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._began_at = 0
        self._told_at = 0
        self._left: list[Forget] | None = None
        self.is_under_way = False
        """Whether steps are left to do."""

    def begin(self) -> None:
        """Begin a round, unless the last one began less than a minute ago."""
        now = to_micros(self._clock())
        if abs(now - self._began_at) >= _EVERY:
            self._began_at = now
            self._left = None
            self.is_under_way = True

    def step(self, connection: Connection) -> None:
        """Delete a few rows of each kind of which some may be left, in the connection's transaction."""
        left = self._plan(connection) if self._left is None else self._left
        self._left = [forget for forget in left if forget(connection) >= STEP]
        self.is_under_way = bool(self._left)

    def give_up(self) -> None:
        """End the round early; the next one goes on."""
        self.is_under_way = False

    def _plan(self, connection: Connection) -> list[Forget]:
        """Decide what goes in this round; what comes meanwhile is the next one's."""
        keeping, now = self._keeping, self._clock()
        at, old, given_up = (to_micros(now - age * keeping.retention) for age in (0, 1, SPARED_FOR))
        beyond = last_beyond(connection, keeping.journal_bytes)
        self._tell_of_size(connection, beyond, old)
        retire_rested(connection, to_micros(now - keeping.horizon))
        most_attempts = keeping.journal_bytes // ATTEMPTS_SHARE // ATTEMPT_BYTES
        return [
            partial(_execute, _expired(seen, at)),
            partial(_execute, _expired(item_keys, at, _is_not_rebuilt)),
            partial(_forget_events, _old_events(old, given_up, beyond)),
            partial(_execute, _oldest(attempts, or_(attempts.c.ended_at < old, _is_beyond(most_attempts)))),
            partial(delete_each, table=state, found=_expired_state(at)),
            partial(forget_retired, most=STEP),
        ]

    def _tell_of_size(self, connection: Connection, beyond: int, old: int) -> None:
        """Warn where events go by size that age would have kept."""
        newest = select(events.c.received_at).where(events.c.number <= beyond).order_by(events.c.number.desc()).limit(1)
        received_at = connection.scalar(newest) if beyond else None
        if received_at is not None and received_at >= old and abs(self._began_at - self._told_at) >= _TOLD_EVERY:
            self._told_at = self._began_at
            kept_since = to_instant(received_at).isoformat(timespec="seconds")
            log.warning("journal_cut_by_size", kept_since=kept_since, journal_max=self._keeping.journal_bytes)


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


def _forget_events(old: Delete, connection: Connection) -> int:
    """Delete events, and what says something of those that are gone."""
    deleted = _execute(old, connection)
    connection.execute(delete(segments).where(segments.c.number < _FIRST_EVENT))
    noted = select(*unfolded.primary_key.columns).where(unfolded.c.number < _FIRST_EVENT).limit(STEP)
    return max(deleted, delete_each(connection, unfolded, noted))


def _old_events(old: int, given_up: int, beyond: int) -> Delete:
    """Find the events that are old, or stand at or before the number `beyond`.

    By size nothing is spared but what is still to be read: what waits for a replay would fill the disk.
    """
    is_beyond = events.c.number <= beyond
    candidates = _is_read, or_(is_beyond, _is_settled(given_up))
    return _oldest(events, or_(is_beyond, events.c.received_at < old), *candidates)


def _is_beyond(most_attempts: int) -> ColumnElement[bool]:
    return attempts.c.number <= select(func.max(attempts.c.number)).scalar_subquery() - most_attempts


def _execute(statement: Delete, connection: Connection) -> int:
    return connection.execute(statement).rowcount


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
