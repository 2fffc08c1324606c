"""`/api/`: the door, and behind it the routes, which are imported when somebody with a right token comes first."""

import asyncio

from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.api.access import Access
from bridge.api.door import Door
from bridge.api.rooms import Doings, Rooms
from bridge.once_a_minute import OnceAMinute


class Api:
    """The whole of it, for the Starlette app."""

    def __init__(self, rooms: Rooms, doings: Doings, access: Access) -> None:
        self._rooms = rooms
        self._doings = doings
        self._door = Door(self._pass_on, access, OnceAMinute(rooms.clock))
        self._opening = asyncio.Lock()
        self._inside: ASGIApp | None = None

    def routes(self) -> list[Mount]:
        """Give the route for the Starlette app."""
        return [Mount("/api", self._door)]

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._opening:
            if self._inside is None:
                self._inside = await asyncio.to_thread(self._open)
        await self._inside(scope, receive, send)

    def _open(self) -> ASGIApp:
        from bridge.api.routes import router  # noqa: PLC0415 - the models cost 10 ms of a start
        from bridge.api.serving import Serving  # noqa: PLC0415 - the same

        return router(Serving(self._rooms, self._doings))
