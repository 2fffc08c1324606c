"""Responses that misbehave on the wire.

A reset and a half response need the connection itself, which ASGI hides; the server of
`bridge.sandbox.server` hands it down in the scope's extensions.
"""

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "pinbridge.sandbox.transport"
"""The scope extension under which the server hands down its `asyncio.Transport`."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Hang(Response):
    """Never answer; end when the client has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Wait for the client to go."""
        await _wait_for_disconnect(receive)


class Reset(Response):
    """End the connection with a TCP reset, without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Abort the connection, with nothing left to linger."""
        transport = _transport(scope)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await _wait_for_disconnect(receive)


class Half(Response):
    """Announce the whole body, send half of it and close the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of what the content length promises, then close."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(scope).close()
        await _wait_for_disconnect(receive)


class Huge(Response):
    """Send a body of 64 MiB, or as much of it as the client takes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - only sends
        """Send chunk after chunk; the server waits while the client does not read."""
        chunk, count = b" " * 2**16, 1024
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(chunk) * count).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for left in reversed(range(count)):
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"][TRANSPORT]["transport"]
    return transport


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
