"""uvicorn's server, but asleep while nobody asks for anything.

uvicorn looks ten times a second whether it is to end, and once a second what time it is. Here it is told of the one,
and looks for the other when a request comes. On a platform that counts what an idle instance takes, that counts.
"""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from types import FrameType

import uvicorn
from uvicorn.server import ServerState


class DatedState(ServerState):
    """What the connections share. The fields of every answer have the time of the request, to the second."""

    def __init__(self, encoded_fields: list[tuple[bytes, bytes]]) -> None:
        self._second = -1
        self._fields: list[tuple[bytes, bytes]] = []
        self._encoded = encoded_fields
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The fields of an answer to a request that begins now."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._fields = [(b"date", formatdate(second, usegmt=True).encode()), *self._encoded]
        return self._fields

    @default_headers.setter
    def default_headers(self, _fields: list[tuple[bytes, bytes]]) -> None:
        """Leave them: uvicorn sets them once, before it knows the time."""


class QuietServer(uvicorn.Server):
    """Serves until a signal asks it to end; `when_asked` is called then, before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, *, when_asked: Callable[[], None]) -> None:
        super().__init__(config)
        config.load()
        self.server_state = DatedState(config.encoded_headers)
        self._when_asked = when_asked
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Sleep until asked to end."""
        self._loop = asyncio.get_running_loop()
        try:
            if not self.should_exit:
                await self._asked.wait()
        finally:
            self._loop = None  # what is asked from now on is known already
        self._when_asked()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal, in the middle of whatever the loop does, or before there is one."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._asked.set)
