"""Senders that keep their connections, on the real process: no request is lost on one, in the background and inline."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

import httpx
import pytest
from support.processes import BridgeProcess, payment, signed

NewBridge = Callable[..., BridgeProcess]

SENDERS = 20
RESTS_S = 5.5
"""Longer than usual clients keep a connection that rests: they must be the first to let go of it."""

PATIENT = httpx.Limits(max_connections=SENDERS + 1, keepalive_expiry=60)


@pytest.mark.parametrize(("delivery", "status", "at_least"), [("background", 202, 2000), ("inline", 200, 300)])
async def test_thousands_of_webhooks_on_connections_that_are_kept(
    new_bridge: NewBridge, delivery: str, status: int, at_least: int
) -> None:
    """Also on one that rested meanwhile for longer than most clients let it."""
    bridge = new_bridge(PINBRIDGE_DELIVERY=delivery)
    bridge.start()
    numbers = count()
    answers = Counter[int]()
    rested_at = time.monotonic()

    async def deliver(client: httpx.AsyncClient) -> None:
        number = next(numbers)
        body = payment(f"evt_{number}", key=f"k{number % SENDERS}", turn=number)
        answer = await client.post(f"{bridge.url}/hooks/stripe", content=body, headers=signed(body))
        answers[answer.status_code] += 1

    async def send(client: httpx.AsyncClient) -> None:
        while answers.total() < at_least or time.monotonic() - rested_at < RESTS_S:
            await deliver(client)

    async with httpx.AsyncClient(limits=PATIENT, timeout=30) as resting:
        await deliver(resting)
        async with httpx.AsyncClient(limits=PATIENT, timeout=30) as client:
            await asyncio.gather(*(send(client) for _ in range(SENDERS)))
        await deliver(resting)
    assert answers == {status: answers.total()}
    assert bridge.rows("SELECT count(*) FROM events") == [(answers.total(),)]
