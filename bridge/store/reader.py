"""Reading a database for people: the commands that look read it themselves, whether a bridge runs or not."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine

from bridge.errors import StoreUnusable
from bridge.events import Clock
from bridge.mappings import OutcomeKind
from bridge.store import reading
from bridge.store.database import Database, outages, reading_engine, refusals
from bridge.store.instants import to_micros
from bridge.store.records import AttemptRecord, EventRecord, PinRecord
from bridge.store.schema import check_current

T = TypeVar("T")


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
        wanted = reading.EventFilter(source=source, outcome=outcome, pin=pin)
        return self._read(lambda connection: reading.read_events(connection, limit, before, wanted))

    def event(self, number: int) -> EventRecord | None:
        """Read one event whole; None where the journal does not hold it."""
        return self._read(lambda connection: reading.read_event(connection, number))

    def pins(self) -> list[PinRecord]:
        """List every pin as it stands now."""
        now = to_micros(self._clock())
        return self._read(lambda connection: reading.read_pins(connection, now))

    def parked(self) -> list[PinRecord]:
        """List the pins that are set aside."""
        return [pin for pin in self.pins() if pin.state == "parked"]

    def attempts(self, pin: str, *, limit: int = 20) -> list[AttemptRecord]:
        """List the newest requests for a pin, newest first."""
        return self._read(lambda connection: reading.read_attempts(connection, pin, limit))

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
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
    if database.path is None or not database.path.is_file():
        raise StoreUnusable(f"{database}: there is no database yet; start `pinbridge serve` once")
    with ExitStack() as opening:
        engine = reading_engine(database.path)
        opening.callback(engine.dispose)
        with refusals(database), engine.connect() as connection, connection.begin():
            check_current(connection)
        opening.pop_all()
    return Reader(engine, clock)
