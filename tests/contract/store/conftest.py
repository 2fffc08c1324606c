"""A real SQLite file for each test, a clock that the test moves, and events in few words."""

import asyncio
import hashlib
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.events import an_event
from support.storing import ingest, snapshot_of

from bridge.events import Event, Receipt
from bridge.mappings import Change, Evaluation, Outcome
from bridge.mappings.values.values import Value
from bridge.store import ActivePin, Booking, Budget, Claim, Reader, Settlement, Store, open_readonly
from bridge.store.database import Database, writing_engine
from bridge.store.schema import bring_up
from bridge.units import Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUDGET = Budget(windows=(Window(160, 60),), cost=2)


@dataclass
class MovingClock:
    """Stands still until the test moves it. Raises on the thread that `breaks_on` names."""

    now: datetime = NOON
    breaks_on: str = ""

    def __call__(self) -> datetime:
        if threading.current_thread().name == self.breaks_on:
            raise OverflowError("the clock is broken")
        return self.now

    def move(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class Bench:
    """One database, opened as often as a test likes."""

    path: Path
    migrated: Path
    clock: MovingClock
    opened: AsyncExitStack
    moved: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    async def open(self, *pins: ActivePin, destination: str = "https://api", **options: Any) -> Store:
        if not self.path.exists():
            shutil.copyfile(self.migrated, self.path)
        given = {"horizon_s": 35 * 86400, "retention_s": 35 * 86400, "lock_wait_s": 0.0, "busy_wait_s": 0.1, **options}
        store = await asyncio.to_thread(lambda: Store.open(self.url, clock=self.clock, **given))
        self.opened.push_async_callback(store.close)
        store.on_due = self.moved.extend
        await store.activate(pins or [ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16)], destination)
        return store

    def event(self, id: str = "evt_1", **fields: Any) -> Event:  # noqa: A002 - the field's own name
        given: dict[str, Any] = {
            "source": "stripe",
            "type": "payment_intent.succeeded",
            "id": id,
            "dedup_key": hashlib.blake2b(id.encode(), digest_size=16).digest(),
            "at": self.clock.now,
            "received_at": self.clock.now,
            "headers": {"content-type": "application/json"},
            "body": b'{"id": 1}',
            "payload": {"id": 1},
        }
        return an_event(**given | fields)

    async def send(self, store: Store, id: str, *changes: Change, **fields: Any) -> Receipt:  # noqa: A002 - as above
        event = self.event(id, **fields)
        return await ingest(store, event, evaluation(*(changes or [self.change(amount=1)])))

    def change(self, pin: str = "p-sales", **variables: Value) -> Change:
        return change_at(self.clock.now, pin=pin, variables=variables)

    def look(self) -> Reader:
        reader = open_readonly(self.url, clock=self.clock)
        self.opened.callback(reader.close)
        return reader

    async def claim(self, store: Store, budget: Budget = BUDGET) -> Claim:
        claimed = await store.claim_due(1, budget)
        assert len(claimed.claims) == 1
        return claimed.claims[0]

    async def book(self, store: Store, claim: Claim, budget: Budget = BUDGET) -> Booking:
        booking = await store.book(claim, budget)
        assert isinstance(booking, Booking)
        return booking

    async def deliver(self, store: Store, body_hash: bytes = b"h" * 16, **fields: Any) -> None:
        claim = await self.claim(store)
        snapshot = await snapshot_of(store, claim)
        booking = await self.book(store, claim)
        given: dict[str, Any] = {"outcome": "delivered", "revision": snapshot.revision, "body_hash": body_hash}
        await store.settle(booking, Settlement(**given | fields))


def change_at(at: datetime, **fields: Any) -> Change:
    """Give a change of the pin `p-sales` that is newest by its time."""
    given: dict[str, Any] = {
        "mapping": "sales",
        "trigger": "sale",
        "pin": "p-sales",
        "at": at,
        "version": (at,),
        "item_key": None,
        "variables": {},
    }
    return Change(**given | fields)


def evaluation(*changes: Change) -> Evaluation:
    """Give changes with an outcome `matched` for each."""
    matched = [
        Outcome(mapping=change.mapping, trigger=change.trigger, kind="matched", reason="", pin=change.pin)
        for change in changes
    ]
    return Evaluation(changes=changes, outcomes=tuple(matched))


@pytest.fixture
def clock() -> MovingClock:
    """Give a clock that stands at noon."""
    return MovingClock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database with the tables and nothing in them, to be copied: migrating costs each test 0.2 s."""
    path = tmp_path_factory.mktemp("migrated") / "pinbridge.db"
    engine = writing_engine(Database(path=path), busy_wait_s=0)
    with engine.connect() as connection, connection.begin():
        bring_up(connection)
    engine.dispose()
    return path


@pytest.fixture
async def bench(tmp_path: Path, migrated: Path, clock: MovingClock) -> AsyncIterator[Bench]:
    """Give a database that is closed after the test, however often it was opened."""
    async with AsyncExitStack() as opened:
        yield Bench(tmp_path / "pinbridge.db", migrated, clock, opened)


@pytest.fixture
def change() -> Callable[..., Change]:
    """Give what makes a change at a time."""
    return change_at
