"""Reading a database, for people and for deliveries: rows become records, nothing is written.

The commands that look read the file themselves (`open_readonly`), whether a bridge runs or not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson
from sqlalchemy import Connection, Engine, Select, func, select

from bridge.errors import StoreUnusable
from bridge.events import Clock
from bridge.existence import is_file
from bridge.instants import maybe_instant, to_instant, to_micros
from bridge.mappings import Outcome, OutcomeKind, stale_since
from bridge.mappings.entries.definitions import Definition
from bridge.state import Readings
from bridge.store.database import Database, outages, reading_engine, refusals
from bridge.store.due import Standing, outlook, state_of
from bridge.store.ranking import STANDINGS
from bridge.store.records import AttemptRecord, EventRecord, PinRecord, Snapshot
from bridge.store.schema import check_current
from bridge.store.snapshots import view_pin
from bridge.store.tables import attempts, deliveries, events, pins

T = TypeVar("T")

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

_PINS = STANDINGS.add_columns(
    deliveries.c.delivered_at, deliveries.c.failures, deliveries.c.status, deliveries.c.code, deliveries.c.message
).order_by(pins.c.pin)

_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are listed: those of a source, and those with an outcome of a kind, or for a pin, or both."""

    source: str | None = None
    outcome: OutcomeKind | None = None
    pin: str | None = None

    def takes(self, outcomes: Sequence[Outcome]) -> bool:
        """Say whether one of the outcomes fits."""
        if self.outcome is None and self.pin is None:
            return True
        return any(self.outcome in {None, found.kind} and self.pin in {None, found.pin} for found in outcomes)


class Reader:
    """A database that is only read; each call sees one moment of it. Close it, or use it in a `with`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def events(
        self,
        *,
        limit: int = 20,
        before: int | None = None,
        source: str | None = None,
        outcome: OutcomeKind | None = None,
        pin: str | None = None,
    ) -> list[EventRecord]:
        """List events, newest first; `before` is the last number of the page before."""
        wanted = EventFilter(source=source, outcome=outcome, pin=pin)
        return self.read(lambda connection: read_events(connection, limit, before, wanted))

    def event(self, number: int) -> EventRecord | None:
        """Read one event whole; None where the journal does not hold it."""
        return self.read(lambda connection: read_event(connection, number))

    def pins(self) -> list[PinRecord]:
        """List every pin as it stands now."""
        now = to_micros(self._clock())
        return self.read(lambda connection: read_pins(connection, now))

    def parked(self) -> list[PinRecord]:
        """List the pins that are set aside."""
        return [pin for pin in self.pins() if pin.state == "parked"]

    def view(
        self, pin: str, declared: Mapping[str, Mapping[str, Definition]], work: Callable[[Snapshot, Readings], T]
    ) -> T:
        """Give what `work` makes of what a pin shows; `declared` are the entries of the mappings that are loaded."""
        return self.read(lambda connection: view_pin(connection, pin, declared, work))

    def attempts(self, pin: str, *, limit: int = 20) -> list[AttemptRecord]:
        """List the newest requests for a pin, newest first."""
        return self.read(lambda connection: read_attempts(connection, pin, limit))

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Give what is read of one moment."""
        with outages(), self._engine.connect() as connection, connection.begin():
            return work(connection)


def wall_clock() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


def open_readonly(url: str, *, clock: Clock = wall_clock) -> Reader:
    """Open a database to look at it.

    Raises `StoreUnusable` where there is none, or where its schema is not this release's.
    """
    database = Database.at(url)
    if database.path is None or not is_file(database.path):
        raise StoreUnusable(f"{database}: there is no database yet; start `pinbridge serve` once")
    with ExitStack() as opening:
        engine = reading_engine(database.path)
        opening.callback(engine.dispose)
        with refusals(database), engine.connect() as connection, connection.begin():
            check_current(connection)
        opening.pop_all()
    return Reader(engine, clock)


def read_events(connection: Connection, limit: int, before: int | None, wanted: EventFilter) -> list[EventRecord]:
    """List events, newest first, without their bodies; `before` is a journal number to go on from."""
    query = select(*_LISTED).order_by(events.c.number.desc())
    if before is not None:
        query = query.where(events.c.number < before)
    if wanted.source is not None:
        query = query.where(events.c.source == wanted.source)
    found: list[EventRecord] = []
    for row in _stream(connection, query):
        outcomes = _outcomes(row.outcomes)
        if wanted.takes(outcomes):
            found.append(_event(row, outcomes))
        if len(found) >= limit:
            break
    return found


def read_event(connection: Connection, number: int) -> EventRecord | None:
    """Read one event whole; None where the journal does not hold it."""
    row = connection.execute(WHOLE_EVENTS.where(events.c.number == number)).one_or_none()
    return None if row is None else whole_event(row)


def read_pins(connection: Connection, now: int) -> list[PinRecord]:
    """List every pin, by its id, as it stands now."""
    return [_pin(row, now) for row in connection.execute(_PINS)]


def read_attempts(connection: Connection, pin: str, limit: int) -> list[AttemptRecord]:
    """List the newest requests for one pin, newest first."""
    query = select(attempts).where(attempts.c.pin == pin).order_by(attempts.c.number.desc()).limit(limit)
    return [
        AttemptRecord(**{**row, "started_at": to_instant(row["started_at"]), "ended_at": to_instant(row["ended_at"])})
        for row in connection.execute(query).mappings()
    ]


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Give rows as they are wanted, so that a listing stops reading where it has enough."""
    with connection.execution_options(yield_per=_CHUNK).execute(query) as rows:
        yield from rows


def _outcomes(text: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(**outcome) for outcome in orjson.loads(text))


def whole_event(row: Any) -> EventRecord:
    """Give an event with all that is kept of it."""
    return _event(row, _outcomes(row.outcomes), whole=True)


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
