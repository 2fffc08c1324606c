"""The log of requests, bounded in number and in bytes; for tests that ask what arrived, and when."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

MAX_EXCHANGES = 20_000
MAX_BYTES = 64 * 2**20


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what became of it. Times in seconds since the epoch.

    `status` and `ended_at` are None while it is unanswered, and stay so for a request that
    was never answered. `applied` says whether it took effect, `fault` what went wrong on demand.
    """

    number: int
    method: str
    pin: str
    started_at: float
    body: bytes = b""
    status: int | None = None
    code: str | None = None
    ended_at: float | None = None
    applied: bool = False
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the exchange with its body as JSON, or as text where it is none."""
        try:
            body = orjson.loads(self.body) if self.body else None
        except orjson.JSONDecodeError:
            body = self.body.decode("utf-8", "replace")
        named = ("number", "method", "pin", "started_at", "ended_at", "status", "code", "applied", "fault")
        return {name: getattr(self, name) for name in named} | {"body": body}


class Log:
    """The newest exchanges; `count` is how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._bytes = 0
        self._kept: deque[Exchange] = deque()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._kept)

    def begin(self, method: str, pin: str, now: float) -> Exchange:
        """Note a request on its arrival; what is too old falls out."""
        self.count += 1
        exchange = Exchange(number=self.count, method=method, pin=pin, started_at=now)
        self._kept.append(exchange)
        self._bytes += len(pin)
        self._bound()
        return exchange

    def keep_body(self, exchange: Exchange, body: bytes) -> None:
        """Note the body once it has been read; what is too much falls out, if only its own."""
        exchange.body = body
        if exchange.number >= self._kept[0].number:
            self._bytes += len(body)
            self._bound()

    def _bound(self) -> None:
        while len(self._kept) > MAX_EXCHANGES or (self._bytes > MAX_BYTES and len(self._kept) > 1):
            oldest = self._kept.popleft()
            self._bytes -= len(oldest.pin) + len(oldest.body)
