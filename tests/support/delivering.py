"""The delivery loop on a real store and a real sandbox, by a clock that the test moves."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from support.events import an_event
from support.storing import ingest

from bridge.configuration import Configuration
from bridge.errors import StoreUnavailable
from bridge.events import Event
from bridge.inbound import load_sources
from bridge.mappings import MappingSet, load_texts
from bridge.notices import Notice
from bridge.outbound import DeliveryLoop, PindownClient
from bridge.rebuilding import Rebuilder
from bridge.sandbox import DEFAULT_KEY, create_sandbox
from bridge.sandbox.faults import Fault
from bridge.sandbox.sandbox import Sandbox
from bridge.secret import Secret
from bridge.store import ActivePin, Budget, PinRecord, Store, open_readonly
from bridge.units import Window

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLENTY = Budget(windows=(Window(1_000_000, 60),), cost=2)
DEADLINE_S = 1.0

MAPPING = """
pin: "{{ pin_id }}"
pins: ["p-*"]
triggers:
  - name: said
    source: test
    extract: {pin_id: $.pin, words: $.words}
update:
  metadata:
    pin_config:
      cards: [{title: Said, value: "{{ words }}"}]
"""


class ManualTime:
    """A clock that stands until the test moves it, and the waiting that belongs to it."""

    def __init__(self) -> None:
        self.instant = START
        self._asleep: set[asyncio.Event] = set()

    def now(self) -> datetime:
        """Read the clock."""
        return self.instant

    async def wait(self, event: asyncio.Event, _timeout_s: float | None) -> None:
        """Wait for the event, or for the clock to be moved: whoever waits looks at it again."""
        self._asleep.add(event)
        await event.wait()
        self._asleep.discard(event)

    def is_awaited(self) -> bool:
        """Say whether somebody waits for the clock, with nothing else to wake it."""
        return any(not event.is_set() for event in self._asleep)

    def move(self, seconds: float) -> None:
        """Move the clock on."""
        self.instant += timedelta(seconds=seconds)
        for event in self._asleep:
            event.set()


class WatchedStore:
    """A store that counts what it is asked, and is out of reach while the test says so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()
        self.out_of_reach = False

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(member):
            return member

        async def watched(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            if self.out_of_reach:
                raise StoreUnavailable("locked by the test")
            return await member(*args, **kwargs)

        return watched


class Bench:
    """One loop at work. `say` brings an event, `shown` reads the dashboard."""

    def __init__(self, folder: Path, mapping: str, budget: Budget) -> None:
        self.time = ManualTime()
        self.budget = budget
        self.mappings = load_texts({"said.yaml": mapping.encode()}, {})
        self.app: Starlette = create_sandbox(rate="1000000/60s", auto_create=True)
        self.sandbox: Sandbox = self.app.state.sandbox
        self.sandbox.clock = lambda: self.time.now().timestamp()
        self.client = PindownClient(
            "http://sandbox.invalid/v1",
            Secret(DEFAULT_KEY),
            app=self.app,
            clock=self.time.now,
            deadline_s=DEADLINE_S,
        )
        self.when_mappings_are_read: Callable[[], None] = lambda: None
        self._url = f"sqlite:///{folder}/bench.db"
        self._numbers = itertools.count(1)
        self.store: Any = None
        self.loop: DeliveryLoop
        self._task: asyncio.Task[None]
        self._confirming: asyncio.Task[None]
        self._newest: Event
        self.notices: list[Notice] = []

    async def start(self) -> None:
        """Open the store and begin to deliver."""
        store = Store.open(self._url, clock=self.time.now, horizon_s=3_000_000, retention_s=3_000_000)
        self.store = WatchedStore(store)
        self.loop = DeliveryLoop(
            self.store,
            mappings=self._read_mappings,
            client=self.client,
            budget=self.budget,
            clock=self.time.now,
            notify=self.notices.append,
            random=random.Random(7).random,
            wait=self.time.wait,
        )
        store.on_due = self.loop.wake
        await self.activate(self.mappings)
        self._task = asyncio.create_task(self.loop.run())
        self._confirming = asyncio.create_task(self.loop.confirmations.run())

    async def activate(self, mappings: MappingSet) -> list[str]:
        """Let the store fold by these mappings, as the first half of a reload does; gives the pins that moved."""
        pins = [
            ActivePin(
                pin=each.pin,
                mapping=each.name,
                fingerprint=each.render_fingerprint,
                allowed=each.allowed_pins,
                max_pins=1000,
                stale_after_s=each.stale_after_s,
                state=each.state,
                latest_fingerprint=each.latest_fingerprint,
            )
            for each in mappings.mappings.values()
        ]
        moved: list[str] = await self.store.activate(pins, "sandbox")
        return moved

    async def rebuild(self) -> None:
        """Build what a reload began anew, as the bridge does in the background after it."""
        sources = load_sources(self.mappings.source_places, b"test: {verify: none, dedupe: off}", lambda _: ())
        configuration = Configuration(mappings=self.mappings, sources=sources)
        await Rebuilder(self.store, lambda: configuration).work()

    async def stop(self, deadline_s: float = 5.0) -> None:
        """End the loop in order, and close the store."""
        await self.loop.stop(deadline_s)
        await self._task
        self.loop.confirmations.stop()
        await self._confirming
        await self.store.close()

    async def say(self, pin: str, words: object) -> None:
        """Bring an event that gives a pin its words."""
        number = next(self._numbers)
        payload: Any = {"pin": pin, "words": words}
        event = an_event(
            source="test",
            type="said",
            id=f"evt_{number}",
            dedup_key=number.to_bytes(16, "big"),
            at=self.time.now() + timedelta(microseconds=number),
            received_at=self.time.now(),
            body=orjson.dumps(payload),
            payload=payload,
        )
        self._newest = event
        await ingest(self.store, event, self.mappings.evaluate(event))

    async def repeat(self) -> None:
        """Deliver the newest event once more, now."""
        event = self._newest._replace(received_at=self.time.now())
        assert (await ingest(self.store, event, self.mappings.evaluate(event))).status == "duplicate"

    def confirm(self, *pins: str, within_s: float = 8) -> asyncio.Future[bool]:
        """Wait for these pins of the mapping, as one does who holds an answer back."""
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        until = self.time.now() + timedelta(seconds=within_s)
        touched = [(pin, "said") for pin in pins]
        self.loop.confirm(touched, number=None, until=until, tell=told.set_result)
        return told

    def fault(self, kind: str, **more: Any) -> None:
        """Order a fault of the sandbox."""
        self.sandbox.faults.add(Fault.model_validate({"kind": kind, **more}))

    def sent(self, pin: str | None = None) -> list[str]:
        """Give the words of every update that arrived, oldest first."""
        return [
            orjson.loads(each.body)["metadata"]["pin_config"]["cards"][0]["value"]
            for each in self.sandbox.log
            if pin in {None, each.pin}
        ]

    def shown(self, pin: str) -> str | None:
        """Give the words that the dashboard shows."""
        for each in self.sandbox.pins:
            if each.id == pin:
                config: Any = each.to_json()["metadata"]
                words: str = config["pin_config"]["cards"][0]["value"]
                return words
        return None

    def under_way(self) -> int:
        """Count the requests that are not answered yet."""
        return sum(each.status is None for each in self.sandbox.log)

    def pins(self) -> list[PinRecord]:
        """Give what the store knows of every pin."""
        with open_readonly(self._url, clock=self.time.now) as reader:
            return reader.pins()

    def parked(self) -> list[PinRecord]:
        """Give the pins that are set aside."""
        return [pin for pin in self.pins() if pin.state == "parked"]

    def asked(self) -> int:
        """Give how often the store was asked to claim."""
        return int(self.store.calls["claim_due"])

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, without moving the clock."""
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it did not come true in time"
            await asyncio.sleep(0.005)

    async def quiet(self) -> None:
        """Wait until nothing is under way: no delivery, and the loop asleep until the clock moves or an event comes."""
        await self.until(lambda: self._task.done() or (self.time.is_awaited() and not self._delivering()))

    def _delivering(self) -> bool:
        return any(task.get_name().startswith("deliver ") for task in asyncio.all_tasks())

    async def move(self, seconds: float) -> None:
        """Let what is under way end, move the clock, and wait until what followed from that is done."""
        await self.quiet()
        self.time.move(seconds)
        await self.quiet()

    def _read_mappings(self) -> MappingSet:
        self.when_mappings_are_read()
        return self.mappings


@asynccontextmanager
async def at_work(folder: Path, *, mapping: str = MAPPING, budget: Budget = PLENTY) -> AsyncIterator[Bench]:
    """Run a loop for a test."""
    bench = Bench(folder, mapping, budget)
    await bench.start()
    try:
        yield bench
    finally:
        await bench.stop()
        await bench.client.aclose()
