"""The board: a page that draws the pins, and the fragments that keep it live.

Everything is drawn on the server and escaped there; the page's own script only swaps the
tiles that changed. The policy sent along lets nothing else run or load.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bridge.sandbox.account import DEFAULT_KEY
from bridge.sandbox.api import json_response
from bridge.sandbox.drawing import draw
from bridge.sandbox.sandbox import Sandbox

MAX_TILES = 300
"""How many pins the page draws, in order of creation."""

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Board:
    """Draws one sandbox. Links are made from the prefix under which the app is mounted."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._templates = Environment(
            loader=PackageLoader("bridge.sandbox"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def routes(self) -> list[BaseRoute]:
        """The page, its changes and its static files."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/board/changes", self._changes, methods=["GET"]),
            Mount("/board/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ]

    async def _page(self, request: Request) -> Response:
        tiles = [self._tile(pin_id) for pin_id in self._shown()]
        page = self._templates.get_template("board.html").render(
            base=request.scope.get("root_path", ""),
            origin=f"{request.url.scheme}://{request.url.netloc}",
            key=DEFAULT_KEY if DEFAULT_KEY in self._sandbox.account.keys else "YOUR_KEY",
            auto_create=self._sandbox.options.auto_create,
            version=self._sandbox.pins.version,
            tiles=tiles,
            account=self._account(),
        )
        return HTMLResponse(page, headers=_HEADERS)

    async def _changes(self, request: Request) -> Response:
        """Give the tiles that changed after a version, the order of all, and the account's line."""
        after = request.query_params.get("after", "")
        known = int(after) if after.isascii() and after.isdigit() and len(after) <= 15 else 0
        shown = self._shown()
        changed = {pin_id: self._tile(pin_id) for pin_id in shown if self._sandbox.pins.get(pin_id).version > known}
        answer = {
            "version": self._sandbox.pins.version,
            "order": shown,
            "tiles": changed,
            "account": self._templates.get_template("account.html").render(account=self._account()),
        }
        response = json_response(answer)
        response.headers.update(_HEADERS)
        return response

    def _shown(self) -> list[str]:
        return [pin.id for pin in self._sandbox.pins][:MAX_TILES]

    def _tile(self, pin_id: str) -> str:
        return self._templates.get_template("tile.html").render(tile=draw(self._sandbox.pins.get(pin_id)))

    def _account(self) -> dict[str, Any]:
        meter, now = self._sandbox.account.meter, self._sandbox.clock()
        pins = self._sandbox.pins
        return {
            "pins": len(pins),
            "left_out": max(0, len(pins) - MAX_TILES),
            "updates": sum(pin.updates for pin in pins),
            "violations": meter.violations,
            "windows": [(window, meter.spent(window, now)) for window in meter.windows],
        }
