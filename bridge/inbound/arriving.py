"""How bodies arrive: no longer than one may be, no more than all together may be, and read to their end or not."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from bridge.errors import SenderError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_MAX_LENGTH_DIGITS = 18


class Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


class Held:
    """How many bytes of bodies are held at the moment, as they came, and how many may be of one and of all."""

    __slots__ = ("bytes", "limit", "limit_of_one")

    def __init__(self, limit_of_one: int, limit: int) -> None:
        self.bytes = 0
        self.limit_of_one = limit_of_one
        self.limit = max(limit, limit_of_one)

    def check_length(self, headers: Mapping[str, str]) -> None:
        """Refuse a body by its announced length. Raises `SenderError`: 413, or 400 where that is no number."""
        length = headers.get("content-length")
        if length is None:
            return
        if not (length.isdecimal() and len(length) <= _MAX_LENGTH_DIGITS):
            raise SenderError(400, "bad_header", "the header content-length is not a whole number")
        if int(length) > self.limit_of_one:
            raise self._too_large()

    def add(self, more_bytes: int, body_bytes: int) -> None:
        """Count bytes that came of a body, which has `body_bytes` by now.

        Raises `SenderError` where the body is too long (413), or all together are (503); they are counted all the same.
        """
        self.bytes += more_bytes
        if body_bytes > self.limit_of_one:
            raise self._too_large()
        if self.bytes > self.limit:
            raise SenderError(503, "busy", "too many webhooks are coming in at once; send again")

    def _too_large(self) -> SenderError:
        return SenderError(413, "body_too_large", f"the body is larger than {self.limit_of_one:,} bytes")


class BodyReader:
    """Reads a request's body, and knows whether it was read to its end, and how much of it counts as held."""

    __slots__ = ("_held", "_receive", "is_complete", "size")

    def __init__(self, receive: Receive, held: Held) -> None:
        self._receive = receive
        self._held = held
        self.is_complete = False
        self.size = 0

    async def read(self) -> bytes:
        """Give the whole body.

        Raises `SenderError` as soon as it exceeds the limit (413), or all bodies together theirs (503), `Disconnected`
        where the client goes away.
        """
        chunks: list[bytes] = []
        while not self.is_complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk: bytes = message.get("body", b"")
            self.size += len(chunk)
            self._held.add(len(chunk), self.size)
            chunks.append(chunk)
            self.is_complete = not message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
