"""How answers go out: each in one piece, and all of one turn of the event loop in a row.

The server below writes an answer's head and its body one after the other, and each at once. Each
write is a call into the kernel and wakes whoever reads: two for a webhook cost as much as its
signature and its parsing, and one between two requests drives what they share out of the
processor's caches. So what is written waits until the turn ends.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from bridge.inbound.answers import CLOSE, NO_CONTENT, Answer
from bridge.inbound.handshakes.replies import Fields

LONG_PIECE_BYTES = 16 * 1024
"""What is sent at once, and waits for no turn's end."""


class HoldingTransport:
    """A connection's transport that holds what is written until the turn ends, or the connection does.

    `when_closed` is called once it is asked to end: what is written by then still goes out, if the client reads it.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, when_closed: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._when_closed = when_closed
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Hold a piece; a long one goes at once, so that the sender may be slowed down."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        if len(data) > LONG_PIECE_BYTES:
            self.flush()

    def close(self) -> None:
        """Send what is held, and close."""
        self.flush()
        if not self.is_closing():
            self._when_closed()
        self._transport.close()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._transport.write(held)


def send_answer(cycle: RequestResponseCycle, answer: Answer) -> None:
    """Answer a request at once, as the server's own `send` would in two calls; nothing where its client is gone."""
    if cycle.disconnected:
        return
    closes = not cycle.keep_alive or CLOSE in answer.fields
    fields = (*cycle.default_headers, *answer.fields)
    head = _head(answer.status, fields, len(answer.body), closes=closes)
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(head + answer.body)
    if closes:
        cycle.transport.close()
    cycle.on_response()


@lru_cache(maxsize=1024)
def _head(status: int, fields: Fields, body_bytes: int, *, closes: bool) -> bytes:
    """Write out a head; the answers of one second have few different ones."""
    lines = [STATUS_LINE[status], *(name + b": " + value + b"\r\n" for name, value in fields)]
    if status != NO_CONTENT:
        lines.append(b"content-length: %d\r\n" % body_bytes)
    if closes and CLOSE not in fields:
        lines.append(b"connection: close\r\n")
    return b"".join([*lines, b"\r\n"])
