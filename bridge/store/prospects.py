"""What single pins lack, and when they can have it: for whoever waits for them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, func, select

from bridge.instants import to_instant
from bridge.store.due import Standing, outlook, state_of, without_pace
from bridge.store.ranking import read_lacking as read_lacking_revisions
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
    """Pins by their ids, and the numbers of events that are in the journal and in no pin yet, as after a reload.

    None among the numbers tells that there is such an event at all: it may be the one that a repeated delivery repeats.
    """

    pins: dict[str, Prospect]
    pending: frozenset[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """The pins of which the dashboard lacks something, by id, each with its revision; and what is known of the first.

    Their order is that in which they are tried. What time alone will bring is not lacking before its time.
    """

    revisions: dict[str, int]
    first: tuple[Prospect, ...]


def read_prospects(
    connection: Connection, wanted: Collection[str], numbers: Collection[int | None], now: int
) -> Prospects:
    """Look at pins as if none had a pace, and at the events of these numbers; None asks for any."""
    found = [_prospect(without_pace(standing), now) for standing in read_standings(connection, wanted)]
    return Prospects(pins={each.pin: each for each in found}, pending=frozenset(_pending(connection, numbers)))


def _pending(connection: Connection, numbers: Collection[int | None]) -> Iterator[int | None]:
    pending = select(unfolded.c.number).where(unfolded.c.pending == 1)
    if known := [number for number in numbers if number is not None]:
        yield from connection.scalars(pending.where(unfolded.c.number.in_(known)))
    if None in numbers and connection.scalar(pending.limit(1)) is not None:
        yield None


def read_lacking(connection: Connection, now: int, most: int) -> Lacking:
    """Look for every pin of which the dashboard lacks something, and at the first `most` of these."""
    revisions = read_lacking_revisions(connection, now)
    first = {each.pin: each for each in read_outlooks(connection, [*islice(revisions, most)], now)}
    return Lacking(revisions=revisions, first=tuple(first[pin] for pin in revisions if pin in first))


def read_outlooks(connection: Connection, wanted: Collection[str], now: int) -> list[Prospect]:
    """Look at pins with the pace that they have."""
    return [_prospect(standing, now) for standing in read_standings(connection, wanted)]


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
