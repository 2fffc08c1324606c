"""Forgetting what is past its time, in small steps between the writer's other work.

A round begins after something was written, at most once a minute, and goes on step by step until
nothing old is left. There is no timer: where nothing is written, nothing grows.
"""

from datetime import timedelta

from sqlalchemy import Column, Connection, Delete, Table, delete, func, select, tuple_

from bridge.events import Clock
from bridge.store.instants import SECOND, to_micros
from bridge.store.tables import attempts, events, item_keys, seen

STEP = 256
"""Rows of each table that one step deletes at most."""

_EVERY = 60 * SECOND


class Pruning:
    """Belongs to the writer's thread."""

    def __init__(self, *, clock: Clock, retention: timedelta) -> None:
        self._clock = clock
        self._retention = retention
        self._began_at = 0
        self.is_under_way = False
        """Whether steps are left to do."""

    def begin(self) -> None:
        """Begin a round, unless the last one began less than a minute ago."""
        now = to_micros(self._clock())
        if now >= self._began_at + _EVERY:
            self._began_at = now
            self.is_under_way = True

    def step(self, connection: Connection) -> None:
        """Delete a few old rows, in the connection's transaction."""
        now = self._clock()
        old = to_micros(now - self._retention)
        statements = (
            _expired(seen, [seen.c.source, seen.c.id, seen.c.key], to_micros(now)),
            _expired(item_keys, [item_keys.c.mapping, item_keys.c.trigger, item_keys.c.key], to_micros(now)),
            _oldest(events, events.c.received_at, old),
            _oldest(attempts, attempts.c.ended_at, old),
        )
        deleted = [connection.execute(statement).rowcount for statement in statements]
        self.is_under_way = max(deleted) >= STEP

    def give_up(self) -> None:
        """End the round early; the next one goes on."""
        self.is_under_way = False


def _expired(table: Table, key: list[Column[str]], now: int) -> Delete:
    expired = select(*key).where(table.c.expires_at <= now).order_by(table.c.expires_at).limit(STEP)
    return delete(table).where(tuple_(*key).in_(expired))


def _oldest(table: Table, instant: Column[int], before: int) -> Delete:
    """Delete the first rows as far as they are old; the very last one stays, so that numbers only rise."""
    first = select(table.c.number, instant.label("instant")).order_by(table.c.number).limit(STEP).subquery()
    newest = select(func.max(table.c.number)).scalar_subquery()
    old = select(first.c.number).where(first.c.instant < before)
    return delete(table).where(table.c.number.in_(old), table.c.number < newest)
