"""Senders under whom the process suffers, and what every pin must show of what they sent."""

import asyncio
import random
import threading
from collections.abc import Iterable
from itertools import count

import httpx
from support.processes import MAPPING, BridgeProcess, payment, signed

COUNTING = f"""{MAPPING}
state:
  total: {{sum: amount}}
  sold: {{count: payments, every: year}}
  shops: {{sum: amount, by: key}}
  turns: {{rows: {{amount: amount}}, key: turn, capacity: 10000, limit: 3}}
""".replace(
    "cards:",
    """cards:
        - {title: Sum, value: "{{ total.value }}"}
        - {title: Sold, value: "{{ sold.value }}"}
        - {title: By shop, value: "{{ shops.groups | map(attribute='value') | first }}"}
        - {title: Rows, value: "{{ turns.count }}"}
        - {title: In rows, value: "{{ turns.sum.amount }}"}""",
)

PINS = 12
SENDERS = 8


class Senders:
    """Eight senders that post one event after the other, each until it is acked, some of them twice."""

    def __init__(self, bridge: BridgeProcess, seed: int) -> None:
        self.acked: dict[str, tuple[str, int]] = {}
        self._bridge = bridge
        self._random = random.Random(seed)
        self._turns = count(1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """Let every event that was begun be acked, then end."""
        self._stopping.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "an event was never acked"

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=10) as http:
            await asyncio.gather(*(self._send(http) for _ in range(SENDERS)))

    async def _send(self, http: httpx.AsyncClient) -> None:
        while not self._stopping.is_set():
            turn = next(self._turns)
            key = f"k{self._random.randrange(PINS)}"
            body = payment(f"evt_{turn}", key=key, turn=turn, cents=turn)
            await self._post_until_acked(http, body)
            self.acked[f"evt_{turn}"] = (key, turn)
            if self._random.random() < 0.1:
                await self._post_until_acked(http, body)

    async def _post_until_acked(self, http: httpx.AsyncClient, body: bytes) -> None:
        while True:
            try:
                url = f"{self._bridge.url}/hooks/stripe"
                answer = await http.post(url, content=body, headers=signed(body))
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code in {200, 202}:
                return
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.05)


def shown(sent: Iterable[tuple[str, int]]) -> dict[str, list[str]]:
    """Give what the first cards of each pin say of events by key and turn: an event's amount is its turn."""
    turns: dict[str, list[int]] = {}
    for key, turn in sent:
        turns.setdefault(f"p-{key}", []).append(turn)
    return {pin: _cards(of_pin) for pin, of_pin in turns.items()}


def _cards(turns: list[int]) -> list[str]:
    total, sold = str(sum(turns)), str(len(turns))
    return [total, sold, total, sold, total, str(max(turns))]
