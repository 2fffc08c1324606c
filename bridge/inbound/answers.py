"""How answers go out: each in one piece, and all of one turn of the event loop in a row.

The server below writes an answer's head and its body one after the other, and each at once. Each
write is a call into the kernel and wakes whoever reads: two for a webhook cost as much as its
signature and its parsing, and one between two requests drives what they share out of the
processor's caches. So what is written waits until the turn ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]

LONG_PIECE_BYTES = 16 * 1024
"""What is sent at once, and waits for no turn's end."""


class HoldingTransport:
    """A connection's transport that holds what is written until the turn ends, or the connection does."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
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
        self._transport.close()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._transport.write(held)


class _Head(NamedTuple):
    """The head of an answer as it goes over the wire, with what it says of the body and of the connection."""

    wire: bytes
    body_bytes: int | None
    closes: bool


@lru_cache(maxsize=1024)
def _head(status: int, fields: tuple[tuple[bytes, bytes], ...], *, keep_alive: bool) -> _Head:
    """Write out a head; the answers of one second have few different ones. Raises `RuntimeError` for a bad field."""
    lines, length, closes = [STATUS_LINE[status]], None, False
    for name, value in fields:
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            raise RuntimeError(f"the header {name!r} cannot be sent")
        lines.append(name + b": " + value + b"\r\n")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"connection":
            closes |= b"close" in value.lower()
    if not keep_alive and not closes:
        lines.append(b"connection: close\r\n")
    return _Head(b"".join([*lines, b"\r\n"]), length, closes or not keep_alive)


class Answering:
    """The `send` of one request: writes an answer at once where it is known to its end when it begins.

    Anything else is left to the server's own `send`, `in_pieces`.
    """

    __slots__ = ("_begun", "_cycle", "_in_pieces")

    def __init__(self, cycle: RequestResponseCycle, in_pieces: Send) -> None:
        self._cycle = cycle
        self._in_pieces = in_pieces
        self._begun: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Keep the head until it is known what follows."""
        if message["type"] == "http.response.start" and not self._cycle.response_started:
            self._begun = message
            return
        begun, self._begun = self._begun, None
        if begun is not None:
            if self._is_sent_whole(begun, message):
                return
            await self._in_pieces(begun)
        await self._in_pieces(message)

    def _is_sent_whole(self, begun: Message, message: Message) -> bool:
        cycle = self._cycle
        is_plain = cycle.scope["method"] != "HEAD" and not message.get("more_body")
        if cycle.disconnected or cycle.flow.write_paused or not is_plain:
            return False
        fields = (*cycle.default_headers, *begun["headers"])
        head, body = _head(begun["status"], fields, keep_alive=cycle.keep_alive), message.get("body", b"")
        if head.body_bytes != len(body):
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.transport.write(head.wire + body)
        if head.closes:
            cycle.transport.close()
        cycle.on_response()
        return True
