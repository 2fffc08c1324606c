"""`pinbridge serve`: open every room, listen, and end cleanly when asked to."""

import asyncio
import hashlib
import secrets
import signal
import socket
from collections.abc import Mapping
from functools import partial
from uuid import uuid4

import structlog
import uvicorn
from starlette.types import ASGIApp

from bridge.api import Access
from bridge.app import Bridge, Parts, now
from bridge.cli.opening import open_store
from bridge.cli.server import QuietServer
from bridge.configuration import ConfigurationLoader, read_folder
from bridge.errors import ConfigurationError, OperatorError, Problem
from bridge.inbound.connections import RESTING_S, allow_many_connections, guarded
from bridge.logs import configure_logging
from bridge.lossy import Platform, platform_under, refuse_state
from bridge.outbound.client import PindownClient
from bridge.secret import Secret
from bridge.settings import Settings, unknown_settings
from bridge.store.database import Database

GRACE_S = 3
"""How long requests in flight may take to finish once the process is asked to end."""

log = structlog.get_logger()


def serve(settings: Settings, environ: Mapping[str, str], *, sandbox: bool) -> None:
    """Run the bridge until SIGTERM or SIGINT.

    Raises `ConfigurationError` or `StoreUnusable` where it cannot start, `OperatorError` where it could not go on.
    """
    configure_logging()
    client, destination, sandbox_app = _destination(settings, sandbox=sandbox)
    path = Database.at(settings.database).path
    platform = platform_under(path, environ)
    refuse = partial(refuse_state, platform, allow_lossy=settings.allow_lossy)
    loader = ConfigurationLoader(settings.mappings, environ, public_url=settings.public_url, refuse=refuse)
    configuration = loader.compile(read_folder(settings.mappings))
    for warning in (*unknown_settings(environ), *configuration.mappings.warnings):
        log.warning("configuration_warning", reason=str(warning))
    if platform is not None:
        _warn_of_the_disk(platform, settings)
    # The store first: a predecessor that is about to end holds both the database and the address.
    store = open_store(settings, now)
    try:
        listener = _listen(settings)
    except ConfigurationError:
        asyncio.run(store.close())
        raise
    parts = Parts(
        loader=loader,
        configuration=configuration,
        store=store,
        client=client,
        destination=destination,
        sandbox=sandbox_app,
        keeps=platform is None and path is not None,
    )
    with listener:
        _run(settings, parts, listener)


def _warn_of_the_disk(platform: Platform, settings: Settings) -> None:
    act = "put the database on a disk that lasts, or show only what each event says by itself: the next one has it all"
    if settings.delivery == "background":
        act = "set PINBRIDGE_DELIVERY=inline, so that a webhook which is answered 200 is on the dashboard already"
    reason = f"{platform.name} ({platform.variable} is set) takes it away with each instance, and what was stored there"
    log.warning("disk_does_not_last", reason=reason, act=act)


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (while attempting")[0]  # Python appends the address once more
        message = f"cannot listen on {_address(settings.host, settings.port)}: {reason}"
        raise ConfigurationError([Problem(file="HOST, PORT", message=message)]) from error


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _destination(settings: Settings, *, sandbox: bool) -> tuple[PindownClient, str, ASGIApp | None]:
    """Give the client, what names the place it writes to, and the sandbox to mount where that is the place.

    A sandbox forgets its pins with the process, so each start is a destination of its own.
    Raises `ConfigurationError` without a key for the real one.
    """
    if sandbox:
        from bridge.sandbox import DEFAULT_KEY, create_sandbox  # noqa: PLC0415 - it draws, with much that a bridge needs not

        app = create_sandbox(auto_create=True)
        return PindownClient.for_app(app, Secret(DEFAULT_KEY)), f"sandbox {uuid4()}", app
    if settings.api_key is None:
        message = "is not set; set it to your Pindown key, or try `pinbridge serve --sandbox`, which needs none"
        raise ConfigurationError([Problem(file="PINDOWN_API_KEY", message=message)])
    fingerprint = hashlib.sha256(settings.api_key.text.encode()).hexdigest()[:12]
    return PindownClient(settings.api_url, settings.api_key), f"{settings.api_url} {fingerprint}", None


def _run(settings: Settings, parts: Parts, listener: socket.socket) -> None:
    address = f"http://{_address(*listener.getsockname()[:2])}"
    admin_token = settings.admin_token.text if settings.admin_token else None
    access = Access(start_token=secrets.token_urlsafe(32), admin_token=admin_token)
    parts.store.announce(address, access.start_token)
    bridge = Bridge(settings, parts, access=access, draining=lambda: server.should_exit)
    server = QuietServer(
        uvicorn.Config(
            bridge,
            loop="uvloop",
            http=guarded(now, bridge.answer_whole, bridge.refused_connections),
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=RESTING_S,
            timeout_graceful_shutdown=GRACE_S,
        ),
        when_asked=bridge.drain,
    )
    # For what comes before uvicorn takes signals, and what it raises again once it has ended: the exit code is 0.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, server.handle_exit)
    log.info(
        "listening",
        address=address,
        mappings=len(parts.configuration.mappings.mappings),
        sources=[*parts.configuration.sources],
        destination=parts.destination if parts.sandbox is None else f"the sandbox, drawn at {address}/sandbox/",
    )
    allow_many_connections()
    server.run(sockets=[listener])
    if bridge.failure is not None:
        raise OperatorError(f"ended, since a part of it failed: {bridge.failure}")
    log.info("ended")
