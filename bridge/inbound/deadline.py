"""The deadline for reading a request: one timer for all of them.

Nearly every body is there at the first look, and a timer of its own for each would cost more
than reading it does. So a request only notes by when it must be read, and one timer follows
whichever must be done first.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Deadline:
    """Ends readings that take longer than `limit_s`. Belongs to one event loop."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ends_at: dict[asyncio.Task[Any], float] = {}
        """By when each task must have read, the earliest first: all have the same time."""
        self._timer: asyncio.TimerHandle | None = None

    async def hold(self, reading: Awaitable[T]) -> T:
        """Await a reading. Raises `TimeoutError` where it takes too long."""
        loop = self._loop = self._loop or asyncio.get_running_loop()
        task: asyncio.Task[Any] = asyncio.current_task(loop)  # type: ignore[assignment]  # awaited, so there is one
        ends_at = self._ends_at[task] = loop.time() + self.limit_s
        if self._timer is None:
            self._timer = loop.call_at(ends_at, self._end_overdue, loop)
        try:
            return await reading
        except asyncio.CancelledError as error:
            # Still noted: another cancelled it. Cancelled more than once: another did so as well.
            if task in self._ends_at or task.uncancel():
                raise
            raise TimeoutError from error
        finally:
            self._ends_at.pop(task, None)

    def _end_overdue(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is overdue; come back when the next is."""
        self._timer = None
        now = loop.time()
        for task, ends_at in list(self._ends_at.items()):
            if ends_at > now:
                self._timer = loop.call_at(ends_at, self._end_overdue, loop)
                return
            del self._ends_at[task]
            task.cancel()
