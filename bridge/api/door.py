"""The one way into `/api/`: every path behind it needs a token, also those that are not there."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.api.access import Access
from bridge.api.answers import TooMany
from bridge.once_a_minute import OnceAMinute
from bridge.proxies import peer

_NEEDS = "this needs the admin token, as `Authorization: Bearer`, or the token of this start from this machine"


class Door:
    """An ASGI app in front of another, with who may pass; refusals are raised for whoever answers errors."""

    def __init__(self, inside: ASGIApp, access: Access, seldom: OnceAMinute) -> None:
        self._inside = inside
        self._access = access
        self._seldom = seldom

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or raise why not."""
        allowance = self._access.allowance(scope)
        if allowance is None:
            raise self._turned_away(scope)
        if wait_s := allowance.take():
            message = "more is asked with this token than the bridge answers beside its webhooks; ask again a bit later"
            raise TooMany(message, wait_s)
        await self._inside(scope, receive, send)

    def _turned_away(self, scope: Scope) -> HTTPException:
        self._seldom.warn("api_refused", path=scope["path"][:100], peer=peer(scope))
        if wait_s := self._access.strangers.take():
            return TooMany("too many requests without a right token; one with it is answered all the same", wait_s)
        return HTTPException(401, _NEEDS, {"WWW-Authenticate": "Bearer"})
