"""The hook endpoint with some sources, behind a real server and an HTTP client, for handshakes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from support.listening import listening
from support.providers import PUBLIC_URL

from bridge.events import Event, Offer, Receipt, Settle
from bridge.inbound import HookEndpoint, Keys, Reply, Sources, load_sources, sign
from bridge.inbound.connections import guarded
from bridge.inbound.sources import Source
from bridge.located import Place

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
SECRET = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
TOKEN = b"made-up-verify-token"


class Room:
    """What stands behind the endpoint: the events that came, and the keys that were offered, each with an address."""

    def __init__(self, sources: Sources, keys: Keys | None = None) -> None:
        self.sources = sources
        self.keys = keys or Keys()
        self.events: list[Event] = []
        self.offers: list[tuple[Offer, str]] = []
        self.failure: Exception | None = None
        self.endpoint = HookEndpoint(
            sources, accept=self._accept, clock=lambda: NOW, max_body_bytes=10_000, keep_key=self._keep
        )

    def _accept(self, event: Event, settle: Settle) -> None:
        self.events.append(event)
        settle(Receipt(status="accepted", id=event.id, number=len(self.events), mappings=()))

    async def _keep(self, offer: Offer, address: str) -> None:
        if not self.keys.offer(offer.source, offer.key):
            return
        if self.failure is not None:
            self.keys.withdraw(offer.source, offer.key)
            raise self.failure
        self.offers.append((offer, address))


def declared(yaml: str = "", *named: str, keys: Keys | None = None, secrets: tuple[bytes, ...] = (SECRET,)) -> Sources:
    """Load sources, those of the catalogue that are named among them."""
    places = dict.fromkeys(named, Place("m.yaml", 1, 1))
    return load_sources(
        places, yaml.encode(), lambda _: secrets, tokens=lambda _: (TOKEN,), keys=keys, public_url=PUBLIC_URL
    )


def signed(
    source: Source, body: bytes, secret: bytes = SECRET, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the headers of a genuine request, JSON."""
    given = {"content-type": "application/json", **(headers or {})}
    return {**given, **sign(source, body, secret, NOW, headers=given)}


@asynccontextmanager
async def asking(room: Room, *, hands_over: bool) -> AsyncIterator[httpx.AsyncClient]:
    """Serve on a free port; gives a client. `hands_over`: the server hands whole bodies over, as `serve` does."""

    def answer_whole(scope: Any, body: bytes, reply: Reply) -> bool:
        room.endpoint.answer_whole(scope, body, reply)
        return True

    protocol = guarded(lambda: NOW, answer_whole) if hands_over else "httptools"
    async with (
        listening(room.endpoint, protocol) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield client
