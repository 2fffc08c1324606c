"""Requests that came together are read together: one step for all of them, then the next.

A request's steps have little code in common, so that on its own each of them finds the processor's
caches full of the others. In a row for all that wait, they cost little more than half. So a
request waits until a turn of the event loop brings no other, or until `ENOUGH` do. There is no
time window: where one comes alone, it is read at once. One whose key must be looked up first is set
aside, and read anew once that is done; each look-up is done for it at most once.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from bridge.events import BatchReceipt, Clock, Event, Receipt, Settle
from bridge.inbound.receive import Request
from bridge.inbound.sources import Source
from bridge.inbound.verification.wanted import KeyFinder, KeyWanted, Lookup, NoKeys

ENOUGH = 64
"""Requests that are read even while every turn of the loop brings more."""

IN_A_ROW = 32
"""Requests that go through one step together: few enough that what one step made is still at hand in the next."""

Accept = Callable[[Event, Settle], None]
"""Sees to it that an event becomes durable, and is settled then; or raises what settles it at once."""

SettleAny = Callable[[Receipt | BatchReceipt | Exception], None]
"""Takes what became of an event, or of all events of a delivery."""

Read = TypeVar("Read")
"""What a request is read as: an event, or several."""


class _Waiting(NamedTuple, Generic[Read]):
    """A request that is to be read, with what takes what it brings, and what is told in the end."""

    source: Source
    request: Request
    accept: Callable[[Read, SettleAny], None]
    settle: SettleAny
    looked_up: tuple[Lookup, ...] = ()


class Gathering(Generic[Read]):
    """Gathers requests and works them off.

    `read` makes an event, or several, of one that came at the given instant, or raises what its sender is told.
    """

    def __init__(
        self, read: Callable[[Source, Request, datetime], Read], clock: Clock, keys: KeyFinder | None = None
    ) -> None:
        self._read = read
        self._clock = clock
        self._keys = keys or NoKeys()
        self._waiting: list[_Waiting[Read]] = []

    def take(
        self, source: Source, request: Request, accept: Callable[[Read, SettleAny], None], settle: SettleAny
    ) -> None:
        """Have a request read and accepted; `settle` is called later, whatever goes wrong with it."""
        self._add(_Waiting(source, request, accept, settle))

    def _add(self, one: _Waiting[Read]) -> None:
        if not self._waiting:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._end_turn, loop, 0)
        self._waiting.append(one)

    def _end_turn(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Work off what waits once a turn of the loop brought nothing new; `known` was there before it."""
        if known < len(self._waiting) < ENOUGH:
            loop.call_soon(self._end_turn, loop, len(self._waiting))
            return
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), IN_A_ROW):
            self._work_off(waiting[start : start + IN_A_ROW])

    def _work_off(self, waiting: Sequence[_Waiting[Read]]) -> None:
        now = self._clock()
        read: list[tuple[_Waiting[Read], Read]] = []
        for each in waiting:
            try:
                read.append((each, self._read(each.source, each.request, now)))
            except KeyWanted as wanted:
                self._set_aside(each, wanted)
            except Exception as error:  # noqa: BLE001 - told to who waits for this one; the others are not concerned
                each.settle(error)
        for each, brought in read:
            try:
                each.accept(brought, each.settle)
            except Exception as error:  # noqa: BLE001 - the same
                each.settle(error)

    def _set_aside(self, one: _Waiting[Read], wanted: KeyWanted) -> None:
        """Have what a verification lacks looked up; to lack it once more is no reason to look again."""
        if wanted.lookup in one.looked_up:
            one.settle(wanted.refusal)
            return
        once_more = one._replace(looked_up=(*one.looked_up, wanted.lookup))
        self._keys.find(wanted, partial(self._go_on, once_more))

    def _go_on(self, one: _Waiting[Read], failure: Exception | None) -> None:
        if failure is None:
            self._add(one)
        else:
            one.settle(failure)
