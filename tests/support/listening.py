"""An ASGI app behind a real server on a free port, in the event loop of the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


@asynccontextmanager
async def listening(app: Any, http: Any) -> AsyncIterator[int]:
    """Serve an app, without its lifespan; gives the port. `http` is the protocol, as uvicorn takes it."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=http, ws="none", lifespan="off", log_config=None)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    sockets = [config.bind_socket()]
    # Its `serve` would do the same, and tick ten times a second until it notices the end.
    await server.startup(sockets=sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.force_exit = True
        await server.shutdown(sockets=sockets)
