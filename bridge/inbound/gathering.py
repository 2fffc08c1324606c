"""Requests that came together are read together: one step for all of them, then the next.

A request's steps have little code in common, so that on its own each of them finds the processor's
caches full of the others. In a row for all that wait, they cost little more than half. So a
request waits until a turn of the event loop brings no other, or until `ENOUGH` do. There is no
time window: where one comes alone, it is read at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from bridge.events import Clock, Event, Settle
from bridge.inbound.receive import Request
from bridge.inbound.sources import Source

ENOUGH = 64
"""Requests that are read even while every turn of the loop brings more."""


IN_A_ROW = 32
"""Requests that go through one step together: few enough that what one step made is still at hand in the next."""

Accept = Callable[[Event, Settle], None]
"""Sees to it that an event becomes durable, and is settled then; or raises what settles it at once."""


class Waiting(NamedTuple):
    """A request that is to be read, with what takes its event, and what is told in the end."""

    source: Source
    request: Request
    accept: Accept
    settle: Settle


class Gathering:
    """Gathers requests and works them off.

    `read` makes an event of one that came at the given instant, or raises what its sender is told.
    """

    def __init__(self, read: Callable[[Source, Request, datetime], Event], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._waiting: list[Waiting] = []

    def take(self, source: Source, request: Request, accept: Accept, settle: Settle) -> None:
        """Have a request read and its event accepted; `settle` is called later, whatever goes wrong with it."""
        if not self._waiting:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._end_turn, loop, 0)
        self._waiting.append(Waiting(source, request, accept, settle))

    def _end_turn(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Work off what waits once a turn of the loop brought nothing new; `known` was there before it."""
        if known < len(self._waiting) < ENOUGH:
            loop.call_soon(self._end_turn, loop, len(self._waiting))
            return
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), IN_A_ROW):
            self._work_off(waiting[start : start + IN_A_ROW])

    def _work_off(self, waiting: Sequence[Waiting]) -> None:
        now = self._clock()
        read: list[tuple[Waiting, Event]] = []
        for each in waiting:
            try:
                read.append((each, self._read(each.source, each.request, now)))
            except Exception as error:  # noqa: BLE001 - told to who waits for this one; the others are not concerned
                each.settle(error)
        for each, event in read:
            try:
                each.accept(event, each.settle)
            except Exception as error:  # noqa: BLE001 - the same
                each.settle(error)
