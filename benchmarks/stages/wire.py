"""The first and the last stage: requests read from bytes and answers written to them, without a socket."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import uvicorn

from benchmarks.process import BenchmarkFailed
from benchmarks.rounds import CONNECTIONS
from bridge.cli.server import DatedState
from bridge.inbound import Reply
from bridge.inbound.answers import Answer
from bridge.inbound.connections import guarded

_ANSWER = Answer(202, ((b"content-type", b"application/json"),), b'{"id":"evt_1","status":"accepted"}')

_TURNS = 3
"""Turns of the event loop that it takes until an answer goes out: a request is parsed in one, answered in the next."""


class _Nowhere(asyncio.Transport):
    """A connection's other end, which counts the answers."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0

    def write(self, _data: object) -> None:
        """Take an answer."""
        self.answers += 1

    def is_closing(self) -> bool:
        """Stay open."""
        return False

    def close(self) -> None:
        """Go away."""

    def resume_reading(self) -> None:
        """Read on."""


async def wire_s(requests: Sequence[bytes]) -> float:
    """Read requests, as many at once as under load, and answer each at once; gives the CPU in seconds."""
    server = _Server()
    connections = [server.connect() for _ in range(CONNECTIONS)]
    began_s = time.thread_time()
    for first in range(0, len(requests), CONNECTIONS):
        batch = requests[first : first + CONNECTIONS]
        for (protocol, _), request in zip(connections, batch, strict=False):
            protocol.data_received(request)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
    spent_s = time.thread_time() - began_s
    if (answers := sum(end.answers for _, end in connections)) != len(requests):
        raise BenchmarkFailed(f"{answers:,} of {len(requests):,} requests were answered within their turns of the loop")
    for protocol, _ in connections:
        protocol.connection_lost(None)
    return spent_s


class _Server:
    """What the connections of one server share."""

    def __init__(self) -> None:
        self._config = uvicorn.Config(_refuse, http="httptools", ws="none", access_log=False, log_config=None)
        self._config.load()
        self._state = DatedState(self._config.encoded_headers)
        self._protocol: Any = guarded(lambda: datetime.now(UTC), _answer)

    def connect(self) -> tuple[Any, _Nowhere]:
        """Open a connection; gives its protocol and its other end."""
        protocol = self._protocol(config=self._config, server_state=self._state, app_state={})
        end = _Nowhere()
        protocol.connection_made(end)
        return protocol, end


def _answer(_scope: Any, _body: bytes, reply: Reply) -> bool:
    reply(_ANSWER)
    return True


async def _refuse(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("every request is whole, and answered at once")
