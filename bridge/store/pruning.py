"""Forgetting what is past its time, in small steps between the writer's other work.

A round begins after something was written, at most once a minute, and goes on step by step until
nothing old is left. There is no timer: where nothing is written, nothing grows.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Column,
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
from bridge.instants import SECOND, to_micros
from bridge.store.retirement import delete_each, forget_retired, retire_rested
from bridge.store.tables import attempts, events, generations, item_keys, seen, state, unfolded

STEP = 256
"""Rows of each table that one step deletes at most."""

_EVERY = 60 * SECOND


SPARED_FOR = 2
"""How many times the retention an event that is still to be folded stays at most."""


class Pruning:
    """Belongs to the writer's thread."""

    def __init__(self, *, clock: Clock, retention: timedelta, horizon: timedelta) -> None:
        self._clock = clock
        self._retention = retention
        self._horizon = horizon
        self._began_at = 0
        self.is_under_way = False
        """Whether steps are left to do."""

    def begin(self) -> None:
        """Begin a round, unless the last one began less than a minute ago."""
        now = to_micros(self._clock())
        if abs(now - self._began_at) >= _EVERY:
            self._began_at = now
            self.is_under_way = True

    def step(self, connection: Connection) -> None:
        """Delete a few old rows, in the connection's transaction."""
        now = self._clock()
        old, given_up = to_micros(now - self._retention), to_micros(now - SPARED_FOR * self._retention)
        retire_rested(connection, to_micros(now - self._horizon))
        deleted = (
            connection.execute(_expired(seen, to_micros(now))).rowcount,
            connection.execute(_expired(item_keys, to_micros(now), _is_not_rebuilt)).rowcount,
            connection.execute(_oldest(events, events.c.received_at, old, _is_read, _is_settled(given_up))).rowcount,
            connection.execute(_oldest(attempts, attempts.c.ended_at, old)).rowcount,
            delete_each(connection, state, _expired_state(to_micros(now))),
            delete_each(connection, unfolded, _without_event()),
            forget_retired(connection, STEP),
        )
        self.is_under_way = max(deleted) >= STEP

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


def _without_event() -> Select[Any]:
    oldest = select(func.min(events.c.number)).scalar_subquery()
    return select(*unfolded.primary_key.columns).where(unfolded.c.number < oldest).limit(STEP)


def _is_settled(given_up: int) -> ColumnElement[bool]:
    """Tell whether an event waits no more to be folded by itself; one from before an instant has waited enough."""
    is_unfolded = select(unfolded.c.number).where(unfolded.c.number == events.c.number).exists()
    return or_(~is_unfolded, events.c.received_at < given_up)


def _oldest(table: Table, instant: Column[int], before: int, *others: ColumnElement[bool]) -> Delete:
    """Delete the first rows as far as they are old; the very last one stays, so that numbers only rise."""
    first = select(table.c.number, instant.label("instant")).where(*others).order_by(table.c.number).limit(STEP)
    rows = first.subquery()
    newest = select(func.max(table.c.number)).scalar_subquery()
    old = select(rows.c.number).where(rows.c.instant < before)
    return delete(table).where(table.c.number.in_(old), table.c.number < newest)
