"""What single pins lack, and when they can have it: for whoever waits for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bridge.instants import to_instant
from bridge.store.due import Standing, outlook, state_of, without_pace
from bridge.store.ranking import read_outstanding as read_outstanding_standings
from bridge.store.ranking import read_standings
from bridge.store.records import PinState
from bridge.store.tables import deliveries, unfolded


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """How far the dashboard is behind with one pin.

    It was confirmed to show `sent_revision`. `at` is when the pin is due, None where nothing lies ahead of it.
    `is_rebuilding`: the state behind it is not complete, so its revision does not tell what it lacks.
    """

    pin: str
    mapping: str
    state: PinState
    is_rebuilding: bool
    revision: int
    sent_revision: int
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """Pins by their ids, and the numbers of events that are in the journal and in no pin yet, as after a reload."""

    pins: dict[str, Prospect]
    pending: frozenset[int]


def read_prospects(connection: Connection, wanted: Collection[str], numbers: Collection[int], now: int) -> Prospects:
    """Look at pins as if none had a pace."""
    found = [_prospect(without_pace(standing), now) for standing in read_standings(connection, wanted)]
    pending = select(unfolded.c.number).where(unfolded.c.number.in_(numbers), unfolded.c.pending == 1)
    return Prospects(
        pins={each.pin: each for each in found},
        pending=frozenset(connection.scalars(pending)) if numbers else frozenset(),
    )


def read_outstanding(connection: Connection, now: int) -> list[Prospect]:
    """Look at every pin that lacks something, or will without an event."""
    return [_prospect(standing, now) for standing in read_outstanding_standings(connection)]


def count_delivered(connection: Connection, since: int) -> int:
    """Count the pins of which an update was confirmed since an instant (microseconds)."""
    query = select(func.count()).where(deliveries.c.delivered_at >= since)
    return connection.execute(query).scalar_one()


def _prospect(standing: Standing, now: int) -> Prospect:
    ahead = outlook(standing)
    return Prospect(
        pin=standing.pin,
        mapping=standing.mapping,
        state=state_of(standing, now),
        is_rebuilding=bool(standing.rebuilding),
        revision=standing.revision,
        sent_revision=standing.sent_revision,
        at=None if ahead is None else to_instant(ahead.at),
    )
