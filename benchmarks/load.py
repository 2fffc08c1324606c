"""The load generator, in its own process: keep-alive connections, one request in flight on each.

Every request is built and signed before the clock starts, so that what is measured is the server.
Prints one JSON line. Bounded by the number of requests; a lost connection ends it with an error.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.traffic import USUAL_KB, signed_requests


class Run:
    """One measured run: what is still to be sent, and what came back."""

    def __init__(self, requests: list[bytes], pause_s: float) -> None:
        self.requests: Iterator[bytes] = iter(requests)
        self.pause_s = pause_s
        self.latencies_s: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.failure: str | None = None


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last is complete."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.received = b""
        self.sent_at = 0.0
        self.done = asyncio.get_running_loop().create_future()
        self.transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, as soon as the connection stands."""
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's own class does not derive from it
        self.send_next()

    def send_next(self) -> None:
        """Send one request more, or close where none is left."""
        request = next(self.run.requests, None)
        if request is None:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the answer, once it is complete."""
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self.run.latencies_s.append(time.perf_counter() - self.sent_at)
        self.run.statuses[head[9:12].decode()] += 1
        self.received = b""
        if self.run.pause_s:
            asyncio.get_running_loop().call_later(self.run.pause_s, self.send_next)
        else:
            self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """End this connection's part; an early end spoils the run."""
        if exc is not None or next(self.run.requests, None) is not None:
            self.run.failure = f"the server closed a connection: {exc}"
        self.done.set_result(None)


def _content_length(head: bytes) -> int:
    name = head.lower().find(b"\r\ncontent-length:")
    if name < 0:
        return 0
    return int(head[name + 17 :].split(b"\r\n", 1)[0])


async def drive(url: str, requests: list[bytes], *, connections: int, pause_s: float = 0) -> dict[str, object]:
    """Send all requests and give what was measured: times in seconds and milliseconds."""
    run = Run(requests, pause_s)
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    started_at = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: Connection(run), str(address.hostname), address.port or 80)
        for _ in range(min(connections, len(requests)))
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    elapsed_s = time.perf_counter() - started_at
    latencies = sorted(run.latencies_s)
    return {
        "requests": len(latencies),
        "elapsed_s": elapsed_s,
        "rps": len(latencies) / elapsed_s,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
        "max_ms": 1000 * latencies[-1],
        "statuses": dict(run.statuses),
        "failure": run.failure,
    }


def main() -> None:
    """Read the arguments, build the requests, drive them and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--first", type=int, default=0, help="number of the first event")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--shops", type=int, default=1)
    parser.add_argument("--size_kb", type=float, default=USUAL_KB, help="size of a body")
    parser.add_argument("--pause", type=float, default=0, help="seconds that a connection rests between requests")
    given = parser.parse_args()
    numbers = range(given.first, given.first + given.requests)
    requests = list(signed_requests(urlsplit(given.url).path, numbers, shops=given.shops, size_kb=given.size_kb))
    result = uvloop.run(drive(given.url, requests, connections=given.connections, pause_s=given.pause))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
