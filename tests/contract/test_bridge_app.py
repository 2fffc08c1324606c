"""The rooms put together, on a real database: what no room can see alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import structlog
from support.listening import listening

from bridge.api import Access
from bridge.app import Bridge, Parts, now
from bridge.configuration import ConfigurationLoader, read_folder
from bridge.inbound.connections import guarded
from bridge.outbound import PindownClient
from bridge.secret import Secret
from bridge.settings import Settings
from bridge.store import Store

MAPPING = b"""
pin: p-abc123def456
triggers:
  - {name: paid, source: shop, extract: {amount: {path: $.amount, as: number}}}
  - {name: seen, source: shop, extract: {who: $.name}}
update: {metadata: {pin_config: {content: "{{ amount }}"}}}
"""


class Running:
    """A bridge behind a port, and a client of it; the test says when it is draining."""

    def __init__(self, folder: Path) -> None:
        self.is_draining = False
        (folder / "sales.yaml").write_bytes(MAPPING)
        (folder / "sources.yaml").write_text("shop: {verify: none, dedupe: off}")
        loader = ConfigurationLoader(folder, {})
        self.parts = Parts(
            loader=loader,
            configuration=loader.compile(read_folder(folder)),
            store=Store.open(f"sqlite:///{folder / 'b.db'}", clock=now, horizon_s=1000, retention_s=1000),
            client=PindownClient("http://127.0.0.1:9", Secret("k")),
            destination="test",
        )
        access = Access(start_token="s", admin_token=None)
        self.bridge = Bridge(Settings.from_environ({}), self.parts, access=access, draining=lambda: self.is_draining)
        self.http: httpx.AsyncClient

    async def post(self, body: bytes) -> httpx.Response:
        """Deliver a webhook."""
        return await self.http.post("/hooks/shop", content=body, headers={"Content-Type": "application/json"})

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Listen on a free port."""
        protocol = guarded(now, self.bridge.answer_whole)
        async with (
            listening(self.bridge, protocol) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as self.http,
        ):
            yield


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Give a bridge that is served, and closed after the test."""
    running = Running(tmp_path)
    try:
        async with running.served():
            yield running
    finally:
        await running.parts.store.close()
        await running.parts.client.aclose()


async def test_a_bridge_that_is_ending_says_so_and_takes_nothing(running: Running) -> None:
    """Whoever routes traffic looks at `/readyz`; a sender comes back, and meets the next process."""
    before = await running.http.get("/readyz")
    running.is_draining = True
    ready, alive, refused = [
        await running.http.get("/readyz"),
        await running.http.get("/healthz"),
        await running.post(b"{}"),
    ]

    assert (before.status_code, before.json()) == (200, {"status": "ready"})
    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
    assert int(refused.headers["retry-after"]) > 0


async def test_a_trigger_that_fails_is_told_in_the_log(running: Running) -> None:
    """The event is kept and the sender is told so; the author finds mapping, trigger and reason, once a minute."""
    with structlog.testing.capture_logs() as lines:
        answers = [await running.post(b'{"name": "x", "amount": "lots"}') for _ in range(2)]
        answers.append(await running.post(b'{"name": "%s", "amount": "many"}' % (b"x" * 20_000)))

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    (line,) = [line for line in lines if line["event"] == "event_not_folded"]
    assert (line["mapping"], line["trigger"], line["count"]) == ("sales", "paid", 1)
    assert "'lots' is not a number" in line["reason"]
