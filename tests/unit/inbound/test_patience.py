"""How long a connection may wait, on a loop whose time is turned by hand."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest

from bridge.inbound.patience import TURNS, Patience


class Timer:
    """A timer of the loop below."""

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call = call
        self.is_over = False

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self.is_over = True


class HandLoop:
    """An event loop as far as timers need one; `turn_to` lets time pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[[], None]) -> Any:
        self.timers.append(Timer(at, call))
        return self.timers[-1]

    def call_soon(self, call: Callable[..., None], *arguments: Any) -> None:
        self.soon.append(partial(call, *arguments))

    def turn(self) -> None:
        """Do what is to be done soon, and not yet what that brings up."""
        soon, self.soon = self.soon, []
        for call in soon:
            call()

    def turn_to(self, now: float) -> None:
        while due := [timer for timer in self.timers if not timer.is_over and timer.at <= now]:
            timer = min(due, key=lambda each: each.at)
            self.now = timer.at
            timer.is_over = True
            timer.call()
            while self.soon:
                self.turn()
        self.now = now


class Waited:
    """A patience on such a loop, and the times at which it ended."""

    def __init__(self) -> None:
        self.loop = HandLoop()
        self.ended_at: list[float] = []
        loop = cast(asyncio.AbstractEventLoop, self.loop)
        self.patience = Patience(loop, lambda: self.ended_at.append(self.loop.now))


def test_a_wait_ends_at_its_time() -> None:
    """Once, and not before."""
    waited = Waited()
    waited.patience.wait(5)
    waited.loop.turn_to(104.9)
    assert waited.ended_at == []
    waited.loop.turn_to(200)
    assert waited.ended_at == [105]


def test_what_goes_on_is_not_ended_and_moves_no_timer() -> None:
    """A thousand requests in ten seconds look at the clock, and set three timers."""
    waited = Waited()
    for request in range(1000):
        waited.patience.wait(5)
        waited.loop.turn_to(100 + request / 100)
        waited.patience.rest()
    assert waited.ended_at == []
    assert len(waited.loop.timers) <= 3
    waited.patience.wait(5)
    waited.loop.turn_to(200)
    assert waited.ended_at == [109.99 + 5]


def test_a_shorter_wait_ends_earlier() -> None:
    """Also where the timer stands for a longer one."""
    waited = Waited()
    waited.patience.wait(10)
    waited.loop.turn_to(101)
    waited.patience.wait(5)
    waited.loop.turn_to(200)
    assert waited.ended_at == [106]


def test_nothing_ends_while_nobody_waits() -> None:
    """A request may take its time, and what is stopped is over."""
    waited = Waited()
    waited.patience.wait(5)
    waited.patience.rest()
    waited.loop.turn_to(200)
    waited.patience.wait(5)
    waited.patience.stop()
    waited.loop.turn_to(300)
    assert waited.ended_at == []


@pytest.mark.parametrize("turns", range(TURNS))
def test_what_came_in_time_counts_though_nobody_has_looked_yet(turns: int) -> None:
    """For some turns of the loop after the end; a wait that begins in one of them has its own end, and one timer."""
    waited = Waited()
    waited.patience.wait(5)
    waited.loop.now = 105
    waited.loop.timers[0].call()
    for _ in range(turns):
        waited.loop.turn()
    waited.patience.rest()
    waited.patience.wait(7)
    while waited.loop.soon:
        waited.loop.turn()
    assert (waited.ended_at, len(waited.loop.timers)) == ([], 2)
    waited.loop.timers[0].is_over = True
    waited.loop.turn_to(200)
    assert waited.ended_at == [112]
