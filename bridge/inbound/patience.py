"""How long a connection may wait for a request: one timer, moved when it fires and not with each request.

A timer that is set after each answer and cancelled by the next request costs every webhook some
microseconds. So a connection only notes by when it must have got on.

What came in time counts, though the loop was busy with other things and has not looked at it yet.
"""

import asyncio
from collections.abc import Callable

TURNS = 3
"""Turns of the loop that a wait is given beyond its end: one to read what lies in the socket, one to take it in, and
one because a turn may begin with either. To close before would drop a request that came in time, without an answer.
"""


class Patience:
    """Calls `end` once a wait takes longer than it may. Belongs to one connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
        self._loop = loop
        self._end = end
        self._ends_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, limit_s: float) -> None:
        """Wait from now on, for at most so long."""
        ends_at = self._ends_at = self._loop.time() + limit_s
        if self._timer is not None and self._timer.when() > ends_at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(ends_at, self._look)

    def rest(self) -> None:
        """Wait no longer."""
        self._ends_at = None

    def stop(self) -> None:
        """Call nobody any more."""
        self.rest()
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._ends_at is None:
            return
        if self._ends_at > self._loop.time():
            self._timer = self._loop.call_at(self._ends_at, self._look)
        else:
            self._end_after(TURNS)

    def _end_after(self, turns: int) -> None:
        """End the wait, unless it is over by then or another one has begun, which has its own timer."""
        if self._ends_at is None or self._ends_at > self._loop.time():
            return
        if turns:
            self._loop.call_soon(self._end_after, turns - 1)
        else:
            self._end()
