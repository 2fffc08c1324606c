"""A bridge that serves from a thread of the test: real rooms, a real store, a real server on a free port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from bridge.api import Access
from bridge.app import Bridge, Parts, now
from bridge.configuration import ConfigurationLoader, read_folder
from bridge.inbound.connections import guarded
from bridge.outbound import PindownClient
from bridge.sandbox import DEFAULT_KEY, create_sandbox
from bridge.secret import Secret
from bridge.settings import Settings
from bridge.store import Store

STARTUP_S = 30.0


@contextmanager
def serving(folder: Path, access: Access, **settings: str) -> Iterator[str]:
    """Serve the mappings of a folder, on a database beside them; gives the address."""
    loader = ConfigurationLoader(folder, {})
    parts = Parts(
        loader=loader,
        configuration=loader.compile(read_folder(folder)),
        store=Store.open(f"sqlite:///{folder / 'bridge.db'}", clock=now, horizon_s=86400, retention_s=86400),
        client=PindownClient.for_app(create_sandbox(auto_create=True), Secret(DEFAULT_KEY)),
        destination="a sandbox",
    )
    bridge = Bridge(Settings.from_environ(settings), parts, access=access, draining=lambda: False)
    protocol = guarded(now, bridge.answer_whole, bridge.refused_connections)
    config = uvicorn.Config(bridge, port=0, http=protocol, ws="none", log_config=None, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="bridge")
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port_of(server)}"
    finally:
        server.should_exit = True
        thread.join(STARTUP_S)
        assert not thread.is_alive()


def _port_of(server: uvicorn.Server) -> int:
    give_up_at = time.monotonic() + STARTUP_S
    while not server.started:
        assert time.monotonic() < give_up_at, "the bridge does not start"
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
