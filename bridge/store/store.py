"""The store as the running bridge sees it: opening, ingesting, delivering.

Reads run in worker threads on connections of their own; every write is a job of the one
writer thread (`writer.py`). Errors of the engine become `StoreUnavailable` where the database
is used and `StoreUnusable` where it is opened.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

from bridge.events import Clock, Event, Offer, OfferedKey, Settle
from bridge.instants import to_micros
from bridge.mappings import Evaluation
from bridge.mappings.entries.definitions import Definition
from bridge.state import Readings
from bridge.store import activation, bookings, claims, generations, prospects, schema, setback, wire_keys
from bridge.store.active_set import ActiveSet
from bridge.store.batches import Batches
from bridge.store.beginning import tell_losses
from bridge.store.builds import Builds
from bridge.store.checkpoints import Checkpointer
from bridge.store.database import Database, bounded, create_file, outages, reading_engine, refusals, writing_engine
from bridge.store.ingest import Arrival
from bridge.store.log_head import check_log
from bridge.store.presence import Presence
from bridge.store.prospects import Lacking, Prospect, Prospects
from bridge.store.pruning import Keeping, Pruning
from bridge.store.reader import Look
from bridge.store.records import (
    ActivePin,
    Booking,
    Budget,
    Claim,
    Claimed,
    Lost,
    NoSlot,
    Rest,
    Settlement,
    Snapshot,
)
from bridge.store.side_files import Lock, Running
from bridge.store.snapshots import view_pin
from bridge.store.soundness import look_for_damage
from bridge.store.survey import Sizes, Survey, measure, take_survey
from bridge.store.writer import Writer
from bridge.tallies import StoreTally

T = TypeVar("T")

JOURNAL_BYTES = 2 * 2**30
"""What the journal may take where nothing else is said."""

LOOK_S = 5.0
"""How long a look may take, however slow the disk is."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What stands open for one store; `closing` closes it all, in the right order."""

    path: Path | None
    connection: Connection
    batches: Batches
    presence: Presence
    readers: Engine | None
    checkpointer: Checkpointer | None
    lock: Lock | None
    closing: ExitStack


class Store:
    """An open database; from `open` until `close` nobody else writes it.

    Every method but `open` and `announce` belongs to the event loop, and raises
    `StoreUnavailable` while the database does not answer. `on_due` is called on the loop,
    after a commit, with the pins that it made due; `on_pending` where an event is left to be folded by itself
    (`builds`); `on_failure` with what broke the writer, after which the store refuses everything.
    """

    def __init__(self, opened: _Opened, keeping: Keeping, clock: Clock) -> None:
        """Take over what `open` opened."""
        self.on_due: Callable[[Collection[str]], None] = _tell_nobody
        self.on_pending: Callable[[], None] = _tell_nobody
        self.on_failure: Callable[[BaseException], None] = _log_failure
        self._clock = clock
        self._destination = ""
        self._declared: Mapping[str, Mapping[str, Definition]] = {}
        self._started_at: int | None = None
        self._looked_at = 0
        self._checking: asyncio.Future[None] | None = None
        self._opened = opened
        self._writer = Writer(
            opened.connection,
            batches=opened.batches,
            pruning=Pruning(keeping, clock),
            checkpointer=opened.checkpointer,
            on_due=self._report,
            on_pending=self._report_pending,
            on_failure=self._report_failure,
        )
        self.builds = Builds(self._writer.run, self._read, batches=opened.batches, clock=clock, on_due=self._report)

    @classmethod
    def open(  # noqa: PLR0913 - what a database is opened with, each by its name
        cls,
        url: str,
        *,
        clock: Clock,
        horizon_s: int,
        retention_s: int,
        journal_bytes: int = JOURNAL_BYTES,
        lock_wait_s: float = 10.0,
        busy_wait_s: float = 2.0,
    ) -> "Store":
        """Open a database for writing: lock it, bring its schema up, release the claims of who held it before.

        Blocks for at most `lock_wait_s` while another process holds the database.
        `busy_wait_s` is how long each write waits for a lock inside it. Raises `StoreUnusable`.
        """
        database = Database.at(url)
        with ExitStack() as opening:
            horizon = timedelta(seconds=horizon_s)
            opened = _open(database, opening, horizon, lock_wait_s, busy_wait_s)
            retention = timedelta(seconds=retention_s)
            return cls(opened, Keeping(retention=retention, horizon=horizon, journal_bytes=journal_bytes), clock)

    def announce(self, address: str, token: str) -> None:
        """Leave word beside the database how to reach this process; gone once the store is closed."""
        if self._opened.lock is not None:
            self._opened.lock.announce(Running(address=address, token=token))

    async def close(self) -> None:
        """Finish what waits, and let the database go."""
        await self._writer.close()
        await asyncio.to_thread(self._opened.closing.close)

    async def check(self) -> None:
        """Make sure that the database takes a write: one that changes nothing, and must reach the disk all the same.

        Whoever asks while a check is under way shares it, so that asking often costs no webhook its place.
        """
        self._opened.presence.confirm()
        if self._checking is None or self._checking.done():
            self._checking = self._writer.run(_write_nothing_new)
        await asyncio.shield(self._checking)

    @property
    def tally(self) -> StoreTally:
        """What was committed so far."""
        return self._opened.batches.tally

    @property
    def waiting(self) -> int:
        """How many deliveries wait to be committed."""
        return self._writer.waiting

    async def survey(self, budget: Budget) -> Survey:
        """Look at the pins, at the journal, and at what is left of the budget."""
        now = self._now()
        return await self._read(lambda connection: take_survey(connection, budget, now))

    async def sizes(self) -> Sizes | None:
        """Measure the database; None where it is in memory."""
        path = self._opened.path
        return None if path is None else await asyncio.to_thread(measure, path)

    def ingest(self, event: Event, evaluation: Evaluation, settle: Settle) -> None:
        """Make a delivery durable with everything that follows from it; `settle` is told after the commit.

        It gets `StoreUnavailable` where the commit fails; where too many deliveries wait, that is raised here.
        """
        self._writer.ingest(Arrival(event, evaluation), settle)

    async def activate(self, pins: Iterable[ActivePin], destination: str) -> list[str]:
        """Show what the loaded mappings declare, at `destination` (names the place that pins are sent to).

        Gives the pins that are due by it. Every event that is committed later is folded by these mappings; where
        this raises, the mappings of before stay.
        """
        declared, now = ActiveSet.of(pins), self._now()
        # Since when this process listens; a reload finds it so, and gives no pin another grace.
        self._started_at = now if self._started_at is None else min(self._started_at, now)
        moment = activation.Moment(now, self._started_at)
        activated = await self._writer.run(
            lambda connection: activation.activate(connection, declared, destination, moment),
            then=lambda activated: self._opened.batches.load(activated.active),
        )
        self._destination = destination
        self._declared = declared.definitions
        tell_losses(activated.losses)
        return activated.moved

    async def declare(self, pins: Iterable[ActivePin]) -> None:
        """Fold by what the loaded mappings declare; of the pins, and of what was sent, nothing changes."""
        declared, now = ActiveSet.of(pins), self._now()
        assigned = await self._writer.run(
            lambda connection: generations.assign(connection, declared, now),
            then=lambda assigned: self._opened.batches.load(assigned.active),
        )
        tell_losses(assigned.losses)

    # What the delivery loop calls, in the order in which it does.

    async def claim_due(self, limit: int, budget: Budget, hurried: Collection[str] = ()) -> Claimed:
        """Claim at most `limit` due pins for 60 s each, never more than the budget has slots.

        Those that are `hurried` do not wait for their `min_interval`.
        """
        now, destination = self._now(), self._destination
        if now < self._looked_at - setback.TOLERATED:
            await self._writer.run(lambda connection: setback.bring_back(connection, now))
        self._looked_at = now
        choice = await self._read(lambda connection: claims.choose(connection, budget, limit, now, hurried))
        if not choice.due:
            return claims.nothing(choice)
        return await self._writer.run(lambda connection: claims.take(connection, choice, destination, now))

    async def view(self, claim: Claim, work: Callable[[Snapshot, Readings], T]) -> T:
        """Give what `work` makes of what a claimed pin shows; it runs on another thread, and reads one moment.

        What is held is that of the mappings that are loaded when this is called.
        """
        declared = self._declared
        return await self._read(lambda connection: view_pin(connection, claim.pin, declared, work))

    async def settle_unchanged(self, claim: Claim, revision: int, *, rest: Rest) -> None:
        """Record that the dashboard shows this revision already."""
        await self._writer.run(lambda connection: bookings.settle_unchanged(connection, claim, revision, rest))

    async def book(self, claim: Claim, budget: Budget) -> Booking | NoSlot | Lost:
        """Pay for a request that goes out right after; from here on the outcome is in doubt until it is settled."""
        return await self._writer.run(lambda connection: bookings.book(connection, claim, budget, self._now()))

    async def settle(self, booking: Booking, settlement: Settlement) -> None:
        """Record how a booked request ended, and what follows for its pin."""
        where, now = self._destination, self._now()
        await self._writer.run(lambda connection: bookings.settle(connection, booking, settlement, where, now))

    async def park(self, claim: Claim, settlement: Settlement) -> None:
        """Set aside a pin that could not be rendered; no request went out."""
        now = self._now()
        await self._writer.run(lambda connection: bookings.park(connection, claim, settlement, now))

    async def release(self, claim: Claim) -> None:
        """Give a claim back with nothing done."""
        await self._writer.run(lambda connection: bookings.release(connection, claim))

    async def retry(self, pins: Collection[str] | None) -> list[str]:
        """Make parked and failing pins due now, all (None) or those named; gives those that were."""
        now = self._now()
        retried = await self._writer.run(lambda connection: bookings.retry(connection, pins, now))
        if retried:
            self.on_due(retried)
        return retried

    async def keys(self) -> list[OfferedKey]:
        """Give the keys that came over the wire."""
        return await self._read(wire_keys.read_keys)

    async def offer_key(self, offer: Offer, address: str) -> OfferedKey:
        """Keep a key that was offered from an address; one that is there stays as it is."""
        now = self._now()
        return await self._writer.run(lambda connection: wire_keys.keep(connection, offer, address, now))

    async def approve_key(self, number: int) -> OfferedKey | None:
        """Let a key count; gives it as it was before, None where there is none."""
        now = self._now()
        return await self._writer.run(lambda connection: wire_keys.approve(connection, number, now))

    async def remove_key(self, number: int) -> OfferedKey | None:
        """Forget a key; gives it as it was, None where there is none."""
        return await self._writer.run(lambda connection: wire_keys.remove(connection, number))

    async def prospects(self, wanted: Collection[str], numbers: Collection[int | None] = ()) -> Prospects:
        """Say what pins lack and when they can have it, whatever their pace, and which events are still to be folded.

        `numbers` are those of the events that are asked about; None asks for any that is.
        """
        now = self._now()
        return await self._read(lambda connection: prospects.read_prospects(connection, wanted, numbers, now))

    async def lacking(self, most: int) -> Lacking:
        """Say of which pins the dashboard lacks something now, and how the first `most` of them stand."""
        now = self._now()
        return await self._read(lambda connection: prospects.read_lacking(connection, now, most))

    async def outlooks(self, wanted: Collection[str]) -> list[Prospect]:
        """Say of pins when each is due by its pace; those that there never were are left out."""
        now = self._now()
        return await self._read(lambda connection: prospects.read_outlooks(connection, wanted, now))

    async def count_delivered(self, since: datetime) -> int:
        """Count the pins that took an update since an instant."""
        return await self._read(lambda connection: prospects.count_delivered(connection, to_micros(since)))

    async def look(self, work: Callable[[Look], T]) -> T:
        """Give what `work` makes of one moment, on another thread; for people, who must not hold up deliveries."""
        now = self._now()

        def read(connection: Connection) -> T:
            with bounded(connection, LOOK_S):
                return work(Look(connection, now))

        return await self._read(read)

    def _report(self, pins: Collection[str]) -> None:
        self.on_due(pins)

    def _report_pending(self) -> None:
        self.on_pending()

    def _report_failure(self, error: BaseException) -> None:
        self.on_failure(error)

    def _now(self) -> int:
        return to_micros(self._clock())

    async def _read(self, work: Callable[[Connection], T]) -> T:
        readers = self._opened.readers
        # A database in memory has one connection, and that is the writer's.
        return await (self._writer.run(work) if readers is None else asyncio.to_thread(_read_on, readers, work))


def _open(
    database: Database, opening: ExitStack, horizon: timedelta, lock_wait_s: float, busy_wait_s: float
) -> _Opened:
    """Open every part; where one fails, those before it are closed again."""
    lock = readers = checkpointer = None
    if database.path is not None:
        lock = Lock(database.path, wait_s=lock_wait_s)
        opening.callback(lock.release)
        create_file(database.path)
        check_log(database.path)
    engine = writing_engine(database, busy_wait_s=busy_wait_s)
    opening.callback(engine.dispose)
    with refusals(database):
        connection = opening.enter_context(engine.connect())
        with connection.begin():
            schema.bring_up(connection)
            activation.release_claims(connection)
        if database.path is not None:
            look_for_damage(database.path)
        presence = Presence(database.path)
        batches = Batches(connection, presence, horizon=horizon)
    if database.path is not None:
        checkpointer = Checkpointer(database.path)
        opening.callback(checkpointer.close)
        readers = reading_engine(database.path)
        opening.callback(readers.dispose)
    return _Opened(
        path=database.path,
        connection=connection,
        batches=batches,
        presence=presence,
        readers=readers,
        checkpointer=checkpointer,
        lock=lock,
        closing=opening.pop_all(),
    )


def _write_nothing_new(connection: Connection) -> None:
    """Write a number of the file's head anew; nobody reads it, and a full disk refuses it."""
    connection.exec_driver_sql("PRAGMA user_version=0").close()


def _read_on(readers: Engine, work: Callable[[Connection], T]) -> T:
    with outages(), readers.connect() as connection, connection.begin():
        return work(connection)


def _tell_nobody(*_pins: Collection[str]) -> None:
    """Stand in for whoever delivers and rebuilds, where nobody does."""


def _log_failure(error: BaseException) -> None:
    """Stand in for a process that ends itself."""
    log.critical("store_failed", exc_info=error)
