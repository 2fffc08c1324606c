"""What is listed of a database for people: events and pins by filter, page by page, and what was sent.

A page looks at so many rows at most, whatever the filter finds among them, so that each takes a moment. Where it
ends early it says where to go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, select

from bridge.instants import maybe_instant, to_instant, to_micros
from bridge.making_way import making_way
from bridge.mappings import Outcome, OutcomeKind, stale_since
from bridge.store.due import Standing, outlook, state_of
from bridge.store.ranking import STANDINGS
from bridge.store.records import AttemptRecord, EventRecord, PinRecord, PinState
from bridge.store.tables import attempts, deliveries, events, pins

EVENTS_A_PAGE = 20_000
"""How many events a page looks at: some 50 ms of them where the disk's cache has them."""

OUTCOMES_A_PAGE = 2**20
"""How many bytes of outcomes a page has at most, or one event."""

PINS_A_PAGE = 10_000
"""How many pins a page looks at."""

MOST_BODY_BYTES = 2**20
"""How much of a body is read for people."""

_CHUNK = 200

_LISTED = (
    events.c.number,
    events.c.source,
    events.c.type,
    events.c.id,
    events.c.at,
    events.c.received_at,
    events.c.content_type,
    func.length(events.c.body).label("body_bytes"),
    events.c.outcomes,
)

WHOLE_EVENTS = select(*_LISTED, events.c.headers, events.c.query, events.c.body)
"""Events with all that is kept of them; `whole_event` reads a row."""

_SHOWN_EVENTS = select(
    *_LISTED, events.c.headers, events.c.query, func.substr(events.c.body, 1, MOST_BODY_BYTES).label("body")
)

_PINS = STANDINGS.add_columns(
    deliveries.c.delivered_at, deliveries.c.failures, deliveries.c.status, deliveries.c.code, deliveries.c.message
).order_by(pins.c.pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are listed: those for which all that is given holds.

    `outcome`, `mapping` and `pin` are of one outcome. `since` and `until` (left out) bound when they were received.
    """

    source: str | None = None
    mapping: str | None = None
    outcome: OutcomeKind | None = None
    pin: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, outcomes: Sequence[Outcome]) -> bool:
        """Say whether one of the outcomes fits."""
        if self.outcome is self.mapping is self.pin is None:
            return True
        return any(
            self.outcome in {None, found.kind}
            and self.mapping in {None, found.mapping}
            and self.pin in {None, found.pin}
            for found in outcomes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFilter:
    """Which pins are listed: those for which all that is given holds."""

    mapping: str | None = None
    state: PinState | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first; where older ones are still to be looked at, the page before `before` has them."""

    events: list[EventRecord]
    before: int | None


@dataclass(frozen=True, slots=True)
class PinPage:
    """Pins by their ids; where more are still to be looked at, the page after `after` has them."""

    pins: list[PinRecord]
    after: str | None


def read_events(
    connection: Connection, wanted: EventFilter, *, limit: int, before: int | None = None, most: int = EVENTS_A_PAGE
) -> EventPage:
    """List events, newest first, without their bodies; `before` is the page before's, `most` are looked at."""
    newest = connection.scalar(select(func.max(events.c.number))) or 0
    first = newest if before is None else min(before - 1, newest)
    last = first - most
    query = select(*_LISTED).where(events.c.number <= first, events.c.number > last, *_conditions(wanted))
    found: list[EventRecord] = []
    size = 0
    for row in _stream(connection, query.order_by(events.c.number.desc())):
        outcomes = _outcomes(row.outcomes)
        if not wanted.takes(outcomes):
            continue
        size += len(row.outcomes)
        if len(found) == limit or (found and size > OUTCOMES_A_PAGE):
            return EventPage(found, found[-1].number)
        found.append(_event(row, outcomes))
    oldest = connection.scalar(select(func.min(events.c.number))) or 0
    return EventPage(found, last + 1 if oldest <= last else None)


def read_event(connection: Connection, number: int) -> EventRecord | None:
    """Read one event whole; None where the journal does not hold it."""
    row = connection.execute(WHOLE_EVENTS.where(events.c.number == number)).one_or_none()
    return None if row is None else whole_event(row)


def read_shown_event(connection: Connection, number: int) -> EventRecord | None:
    """Read one event with the beginning of its body; None where the journal does not hold it."""
    row = connection.execute(_SHOWN_EVENTS.where(events.c.number == number)).one_or_none()
    return None if row is None else whole_event(row)


def read_pins(  # noqa: PLR0913 - what is listed, of what, and how much of it
    connection: Connection,
    now: int,
    wanted: PinFilter,
    *,
    limit: int,
    after: str | None = None,
    most: int = PINS_A_PAGE,
) -> PinPage:
    """List pins, by their ids, as they stand now; `after` is the page before's, `most` are looked at."""
    query = _PINS if after is None else _PINS.where(pins.c.pin > after)
    if wanted.mapping is not None:
        query = query.where(pins.c.mapping == wanted.mapping)
    if wanted.state == "parked":
        query = query.where(deliveries.c.parked_at.is_not(None))
    found: list[PinRecord] = []
    looked_at = ""
    for count, row in enumerate(_stream(connection, query.limit(most + 1))):
        if len(found) == limit or count == most:
            return PinPage(found, looked_at)
        looked_at = row.pin
        record = _pin(row, now)
        if wanted.state in {None, record.state}:
            found.append(record)
    return PinPage(found, None)


def read_pin(connection: Connection, pin: str, now: int) -> PinRecord | None:
    """Read how one pin stands now; None where there never was such a pin."""
    row = connection.execute(_PINS.where(pins.c.pin == pin)).one_or_none()
    return None if row is None else _pin(row, now)


def read_attempts(connection: Connection, pin: str, limit: int) -> list[AttemptRecord]:
    """List the newest requests for one pin, newest first."""
    query = select(attempts).where(attempts.c.pin == pin).order_by(attempts.c.number.desc()).limit(limit)
    return [
        AttemptRecord(**{**row, "started_at": to_instant(row["started_at"]), "ended_at": to_instant(row["ended_at"])})
        for row in connection.execute(query).mappings()
    ]


def whole_event(row: Any) -> EventRecord:
    """Give an event with all that is kept of it."""
    return _event(row, _outcomes(row.outcomes), whole=True)


def _conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    """Give what the database can tell; it goes over outcomes as text, several times as fast as they are read here."""
    if wanted.source is not None:
        yield events.c.source == wanted.source
    if wanted.since is not None:
        yield events.c.received_at >= to_micros(wanted.since)
    if wanted.until is not None:
        yield events.c.received_at < to_micros(wanted.until)
    for name, value in (("mapping", wanted.mapping), ("kind", wanted.outcome), ("pin", wanted.pin)):
        if value is not None:
            yield func.instr(events.c.outcomes, f'"{name}":{orjson.dumps(value).decode()}') > 0


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Give rows as they are wanted, so that a listing stops reading where it has enough, and holds up no webhook."""
    with connection.execution_options(yield_per=_CHUNK).execute(query) as rows:
        yield from making_way(rows)


def _outcomes(text: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(**outcome) for outcome in orjson.loads(text))


def _event(row: Any, outcomes: tuple[Outcome, ...], *, whole: bool = False) -> EventRecord:
    return EventRecord(
        number=row.number,
        source=row.source,
        type=row.type,
        id=row.id,
        at=maybe_instant(row.at),
        received_at=to_instant(row.received_at),
        content_type=row.content_type,
        body_bytes=row.body_bytes,
        outcomes=outcomes,
        headers=orjson.loads(row.headers) if whole else {},
        query=orjson.loads(row.query) if whole else {},
        body=row.body if whole else b"",
    )


def _pin(row: Any, now: int) -> PinRecord:
    standing = Standing(*row[: len(fields(Standing))])
    ahead = outlook(standing)
    return PinRecord(
        pin=standing.pin,
        mapping=standing.mapping,
        state=state_of(standing, now),
        revision=standing.revision,
        sent_revision=standing.sent_revision,
        stale_since=stale_since(maybe_instant(standing.stale_at), to_instant(now)) if standing.active else None,
        changed_at=to_instant(standing.changed_at),
        delivered_at=maybe_instant(row.delivered_at),
        parked_at=maybe_instant(standing.parked_at),
        next_at=None if ahead is None else to_instant(max(ahead.at, now)),
        failures=row.failures or 0,
        status=row.status,
        code=row.code or "",
        message=row.message or "",
    )
