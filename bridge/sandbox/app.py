"""The sandbox as an ASGI app: the API, the control paths and the board, on one state."""

from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route

from bridge.errors import SenderError
from bridge.sandbox.account import ALL_SCOPES, DEFAULT_KEY
from bridge.sandbox.api import pin_endpoint, refusal
from bridge.sandbox.board import Board
from bridge.sandbox.control import ROUTES as CONTROL_ROUTES
from bridge.sandbox.sandbox import Options, Sandbox, steady_clock
from bridge.units import parse_windows

DEFAULT_RATE = "180/60s"


def create_sandbox(
    *,
    keys: Mapping[str, Iterable[str]] | None = None,
    rate: str = DEFAULT_RATE,
    auto_create: bool = False,
    pin_types: Mapping[str, str] | None = None,
    control: bool = False,
) -> Starlette:
    """Make a sandbox app; its state stands in `app.state.sandbox`.

    Works at the root of a server and mounted under a prefix; its API's base is `<prefix>/v1`.
    `keys` gives each API key its scopes (`pk_sandbox` with all of them), `rate` is the budget in
    tokens, `pin_types` names pins that exist from the start, with their types; `auto_create`
    makes any other pin on its first update. `control` opens `/_sandbox/`, which asks for no key
    and is for tests alone.
    """
    options = Options(
        keys={key: frozenset(scopes) for key, scopes in (keys or {DEFAULT_KEY: ALL_SCOPES}).items()},
        windows=parse_windows(rate),
        auto_create=auto_create,
        pin_types=pin_types or {},
    )
    sandbox = Sandbox(options, steady_clock())
    routes: list[BaseRoute] = [
        Route("/v1/pins/{pin_id}", pin_endpoint, methods=["GET", "PUT"]),
        *Board(sandbox).routes,
    ]
    if control:
        routes.append(Mount("/_sandbox", routes=CONTROL_ROUTES))
    app = Starlette(routes=routes, exception_handlers={SenderError: refusal, HTTPException: refusal})
    app.state.sandbox = sandbox
    return app
