"""Deliveries that are taken apart, on the real process: kills, repetitions, rebuilds and a mended declaration."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
from support.processes import BridgeProcess, Sandbox, eventually

BATCHES, EVENTS, KILLS = 12, 500, 4
MAPPING = """
pin: p-shop
type: stat-cards
triggers:
  - {name: sale, source: shop, event: sale, extract: {amount: $.amount}}
state: {sales: {sum: amount}, orders: {count: sale}}
update:
  metadata:
    pin_config:
      cards: [{title: orders, value: "{{ orders.value }}"}, {title: sales, value: "{{ sales.value }}"}]
deliver: {min_interval: 0s}
"""
SHOP = "shop: {verify: none, each: '$.events[*]', event: $.type, id: $.id}"
WRAPPED = "shop: {verify: none, event: $.type, id: $.id, unwrap: {path: $.WHERE, as: json}}"


def declare(bridge: BridgeProcess, sources: str) -> None:
    """Write the sources beside the mapping."""
    Path(bridge.mappings, "sources.yaml").write_text(sources)


def batch(number: int) -> bytes:
    """Give a batch whose first half repeats the second one of the batch before it."""
    ids = range(number * EVENTS // 2, number * EVENTS // 2 + EVENTS)
    return orjson.dumps({"events": [{"type": "sale", "id": f"evt_{each}", "amount": each} for each in ids]})


def deliver(bridge: BridgeProcess, body: bytes) -> int | None:
    """Post once; gives the status, None where the process was killed meanwhile."""
    try:
        answer = httpx.post(
            f"{bridge.url}/hooks/shop", content=body, headers={"content-type": "application/json"}, timeout=30
        )
    except httpx.TransportError:
        return None
    return answer.status_code


def test_killed_amid_batches_every_item_counts_once(new_bridge: Callable[..., BridgeProcess], sandbox: Sandbox) -> None:
    """Each batch is repeated until it is acknowledged; numbers, journal and a rebuild know each item once."""
    moments = random.Random(7)
    bridge = new_bridge(MAPPING)
    declare(bridge, SHOP)
    bridge.start()
    left = [*range(BATCHES)]

    def send() -> None:
        while left:
            if deliver(bridge, batch(left[0])) in {200, 202}:
                left.pop(0)
            else:
                threading.Event().wait(0.05)

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(KILLS):
        threading.Event().wait(moments.uniform(0.01, 0.2))
        bridge.kill()
        bridge.start()
    sender.join(60)
    assert left == []

    count = (BATCHES + 1) * EVENTS // 2
    ids = [event_id for (event_id,) in bridge.rows("SELECT id FROM events")]
    assert sorted(ids) == sorted(f"evt_{each}" for each in range(count))
    expected = [str(count), f"{sum(range(count))}"]
    # A request that was under way when it was killed rests its pin for 40 s.
    eventually(lambda: sandbox.values("p-shop") == expected, within_s=60)
    assert bridge.command("rebuild", "payments").returncode == 0
    rows = bridge.rows("SELECT count(*) FROM unfolded")
    assert rows == [(0,)]
    assert deliver(bridge, batch(0)) == 200
    eventually(lambda: sandbox.values("p-shop") == expected)


def test_what_could_not_be_unwrapped_counts_once_it_can(
    new_bridge: Callable[..., BridgeProcess], sandbox: Sandbox
) -> None:
    """It is acknowledged, told beside its trigger, and folded by a replay when the declaration is mended."""
    bridge = new_bridge(MAPPING)
    declare(bridge, WRAPPED.replace("WHERE", "elsewhere"))
    bridge.start()
    body = orjson.dumps({"type": "sale", "id": "1", "inside": '{"amount": 5}'})
    assert deliver(bridge, body) == 202
    shown = bridge.command("events", "1").stdout
    assert "what is wrapped at $.elsewhere is missing" in shown
    assert bridge.terminate() == 0
    declare(bridge, WRAPPED.replace("WHERE", "inside"))
    bridge.start()
    assert deliver(bridge, body) == 200
    replayed = bridge.command("replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    eventually(lambda: sandbox.values("p-shop") == ["1", "5"])
