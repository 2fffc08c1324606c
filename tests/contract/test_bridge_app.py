"""The rooms put together, on a real database: what no room can see alone."""

from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from bridge.api import Access
from bridge.app import Bridge, Parts, now
from bridge.inbound import load_sources
from bridge.mappings import load_texts
from bridge.outbound import PindownClient
from bridge.settings import Settings
from bridge.store import Store

MAPPING = b"""
pin: p-abc123def456
triggers:
  - {name: paid, source: shop, extract: {amount: {path: $.amount, as: number}}}
  - {name: seen, source: shop, extract: {who: $.name}}
update: {content: "{{ amount }}"}
"""


async def post(bridge: Bridge, body: bytes) -> int:
    """Hand a webhook to the app as a server would; gives the status of the answer."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/shop",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await bridge(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_a_trigger_that_fails_is_told_in_the_log(tmp_path: Path) -> None:
    """The event is kept and the sender is told so; the author finds mapping, trigger and reason, once a minute."""
    store = Store.open(f"sqlite:///{tmp_path / 'b.db'}", clock=now, horizon_s=1000, retention_s=1000)
    parts = Parts(
        mappings=load_texts({"sales.yaml": MAPPING}, {}),
        sources=load_sources({}, b"shop: {verify: none, dedupe: off}", lambda _: ()),
        store=store,
        client=PindownClient("http://127.0.0.1:9", SecretStr("k")),
        destination="test",
    )
    access = Access(start_token="s", admin_token=None)
    bridge = Bridge(Settings.from_environ({}), parts, access=access, draining=lambda: False)
    try:
        with structlog.testing.capture_logs() as lines:
            statuses = [await post(bridge, b'{"name": "x", "amount": "lots"}') for _ in range(2)]
            statuses.append(await post(bridge, b'{"name": "%s", "amount": "many"}' % (b"x" * 20_000)))
        assert statuses == [202, 202, 202]
    finally:
        await store.close()
        await parts.client.aclose()
    (line,) = [line for line in lines if line["event"] == "event_not_folded"]
    assert (line["mapping"], line["trigger"], line["count"]) == ("sales", "paid", 1)
    assert "'lots' is not a number" in line["reason"]
