"""A store under mappings that the test writes, with events of the source `shop`, and what each pin shows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.events import an_event
from support.storing import ingest

from bridge.configuration import Configuration
from bridge.events import Event, Receipt
from bridge.inbound import load_sources
from bridge.mappings import MappingSet, RenderError, load_texts
from bridge.outbound.drawing import Drawn, draw
from bridge.rebuilding import Rebuilder
from bridge.store import Budget, Claim, Store, active_pins
from bridge.units import Window

SOURCES = b"{shop: {verify: none, dedupe: 10m, event: $.type, at: $.at}}"
PLENTY = Budget(windows=(Window(1_000_000, 60),), cost=2)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def configured(texts: Mapping[str, str]) -> Configuration:
    """Compile mappings by their names."""
    mappings = load_texts({f"{name}.yaml": text.encode() for name, text in texts.items()}, {})
    return Configuration(mappings=mappings, sources=load_sources(mappings.source_places, SOURCES, lambda _: ()))


@dataclass
class Shop:
    """A store that takes events as the bridge does, rebuilds when it is told to, and is read as deliveries do."""

    path: Path
    configuration: Configuration
    now: datetime = START
    sent: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    store: Any = None
    rebuilder: Any = None

    @property
    def mappings(self) -> MappingSet:
        """Give what is loaded."""
        return self.configuration.mappings

    @property
    def url(self) -> str:
        """Give the database's."""
        return f"sqlite:///{self.path}"

    async def open(self) -> "Shop":
        """Start, as the bridge does."""
        given = {"horizon_s": 35 * 86400, "retention_s": 35 * 86400, **self.options}
        self.store = Store.open(self.url, clock=lambda: self.now, **given)
        self.rebuilder = Rebuilder(self.store, lambda: self.configuration)
        await self.store.activate(active_pins(self.mappings), "nowhere")
        return self

    async def load(self, texts: Mapping[str, str]) -> None:
        """Reload."""
        self.configuration = configured(texts)
        await self.store.activate(active_pins(self.mappings), "nowhere")

    async def rebuild(self) -> None:
        """Build all that is to be built."""
        await self.rebuilder.work()

    def event(self, at: datetime | None = None, **payload: Any) -> Event:
        """Give the next event, of now unless it says when it happened."""
        self.sent += 1
        happened = at or self.now
        body = json.dumps({"type": "sale", "n": self.sent, "at": happened.isoformat(), **payload}).encode()
        return an_event(
            type="sale",
            id=str(self.sent),
            dedup_key=hashlib.blake2b(str(self.sent).encode(), digest_size=16).digest(),
            at=happened,
            received_at=self.now,
            body=body,
            payload=json.loads(body),
        )

    async def send(self, at: datetime | None = None, **payload: Any) -> Receipt:
        """Bring an event."""
        event = self.event(at, **payload)
        return await ingest(self.store, event, self.mappings.evaluate(event))

    async def shown(self, pin: str, now: datetime | None = None) -> str:
        """Give what a pin would show: the text of its content, why it cannot be drawn, or that it is rebuilt."""
        mapping = self.mappings.literal_pins().get(pin, "")
        claim = Claim(
            pin=pin,
            mapping=mapping,
            token="",
            reason="event",
            revision=0,
            sent_hash=None,
            failures=0,
            parked=False,
        )
        drawn: Drawn | None = await self.store.view(
            claim, lambda snapshot, readings: draw(self.mappings, pin, now or self.now, snapshot, readings)
        )
        if drawn is None:
            return "rebuilding"
        if isinstance(drawn.shown, RenderError):
            return str(drawn.shown)
        body: Any = drawn.shown.rendered.body
        content: str = body["metadata"]["pin_config"]["content"]
        return content

    async def due(self) -> list[str]:
        """Name the pins that are due."""
        claimed = await self.store.claim_due(100, PLENTY)
        for claim in claimed.claims:
            await self.store.release(claim)
        return sorted(claim.pin for claim in claimed.claims)

    def move(self, **length: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**length)
