"""The sandbox as a process of its own: a uvicorn server that lets faults reach the connection."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bridge.sandbox.misbehaviour import TRANSPORT


class _OpenProtocol(HttpToolsProtocol):
    """Hands the connection down to the app, for resets and half responses."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class SandboxServer(uvicorn.Server):
    """Calls `ready` with its address once it listens."""

    def __init__(self, app: Starlette, *, host: str, port: int, ready: Callable[[str], None]) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=_OpenProtocol,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell the address."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
