"""Reading a database, for people: one moment of it at a time, nothing is written.

The commands that look read the file themselves (`open_readonly`) where no bridge runs.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine

from bridge.events import Clock, OfferedKey
from bridge.instants import to_instant, to_micros
from bridge.mappings.entries.definitions import Definition
from bridge.state import Readings
from bridge.store.building import Progress, read_progress
from bridge.store.database import Database, existing, outages, reading_engine, refusals
from bridge.store.listing import (
    EVENTS_A_PAGE,
    PINS_A_PAGE,
    EventFilter,
    EventPage,
    PinFilter,
    PinPage,
    read_attempts,
    read_events,
    read_pin,
    read_pins,
    read_shown_event,
)
from bridge.store.records import AttemptRecord, Budget, EventRecord, PinRecord, PinState, Snapshot
from bridge.store.refolding import count_lacking
from bridge.store.schema import check_current
from bridge.store.snapshots import view_pin
from bridge.store.survey import Sizes, Survey, measure, take_survey
from bridge.store.wire_keys import read_keys

T = TypeVar("T")


class Look:
    """One moment of a database, seen by whoever reads it as long as the transaction lasts."""

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now

    @property
    def now(self) -> datetime:
        """When the look began."""
        return to_instant(self._now)

    def events(
        self, wanted: EventFilter, *, limit: int, before: int | None = None, most: int = EVENTS_A_PAGE
    ) -> EventPage:
        """List events, newest first; `before` goes on where a page ended, `most` are looked at."""
        return read_events(self._connection, wanted, limit=limit, before=before, most=most)

    def event(self, number: int) -> EventRecord | None:
        """Read one event with the beginning of its body; None where the journal does not hold it."""
        return read_shown_event(self._connection, number)

    def pins(self, wanted: PinFilter, *, limit: int, after: str | None = None, most: int = PINS_A_PAGE) -> PinPage:
        """List pins as they stand now, by their ids; `after` goes on where a page ended, `most` are looked at."""
        return read_pins(self._connection, self._now, wanted, limit=limit, after=after, most=most)

    def pin(self, pin: str) -> PinRecord | None:
        """Read how one pin stands now; None where there never was such a pin."""
        return read_pin(self._connection, pin, self._now)

    def view(
        self, pin: str, declared: Mapping[str, Mapping[str, Definition]], work: Callable[[Snapshot, Readings], T]
    ) -> T:
        """Give what `work` makes of what a pin shows; `declared` are the entries of the mappings that are loaded."""
        return view_pin(self._connection, pin, declared, work)

    def attempts(self, pin: str, *, limit: int) -> list[AttemptRecord]:
        """List the newest requests for a pin, newest first."""
        return read_attempts(self._connection, pin, limit)

    def survey(self, budget: Budget) -> Survey:
        """Say how many pins stand where, what is kept, and what is left of the budget."""
        return take_survey(self._connection, budget, self._now)

    def builds(self) -> dict[str, Progress]:
        """Say how far each mapping is of which something is built from the journal."""
        return read_progress(self._connection)

    def keys(self) -> list[OfferedKey]:
        """Give the keys that came over the wire."""
        return read_keys(self._connection)

    def lacking(self) -> int:
        """Count the events that a mapping lacks, since they failed."""
        return count_lacking(self._connection)


class Reader:
    """A database that is only read; each call sees one moment of it. Close it, or use it in a `with`."""

    def __init__(self, path: Path, engine: Engine, clock: Clock) -> None:
        self._path = path
        self._engine = engine
        self._clock = clock

    def look(self, work: Callable[[Look], T]) -> T:
        """Give what `work` makes of one moment."""
        now = to_micros(self._clock())
        return self.read(lambda connection: work(Look(connection, now)))

    def sizes(self) -> Sizes:
        """Measure the files."""
        return measure(self._path)

    def events(self, *, limit: int = 20, before: int | None = None, **wanted: Any) -> list[EventRecord]:
        """List events, newest first, however far back they lie; `wanted` are fields of an `EventFilter`."""
        return self.look(lambda look: _all_events(look, EventFilter(**wanted), limit, before))

    def event(self, number: int) -> EventRecord | None:
        """Read one event with the beginning of its body; None where the journal does not hold it."""
        return self.look(lambda look: look.event(number))

    def pins(self, state: PinState | None = None) -> list[PinRecord]:
        """List every pin as it stands now."""
        return self.look(lambda look: _all_pins(look, PinFilter(state=state)))

    def parked(self) -> list[PinRecord]:
        """List the pins that are set aside."""
        return self.pins("parked")

    def attempts(self, pin: str, *, limit: int = 20) -> list[AttemptRecord]:
        """List the newest requests for a pin, newest first."""
        return self.look(lambda look: look.attempts(pin, limit=limit))

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
    path = existing(database)
    with ExitStack() as opening:
        engine = reading_engine(path)
        opening.callback(engine.dispose)
        with refusals(database), engine.connect() as connection, connection.begin():
            check_current(connection)
        opening.pop_all()
    return Reader(path, engine, clock)


def _all_events(look: Look, wanted: EventFilter, limit: int, before: int | None) -> list[EventRecord]:
    found: list[EventRecord] = []
    while True:
        page = look.events(wanted, limit=limit - len(found), before=before)
        found += page.events
        before = page.before
        if before is None or len(found) == limit:
            return found


def _all_pins(look: Look, wanted: PinFilter) -> list[PinRecord]:
    found: list[PinRecord] = []
    page = look.pins(wanted, limit=PINS_A_PAGE)
    while page.after is not None:
        found += page.pins
        page = look.pins(wanted, limit=PINS_A_PAGE, after=page.after)
    return found + page.pins
