"""Who waits until pins show what an event moved them to, and when there is no use in waiting any longer.

One look into the store serves all who wait. It is taken when one begins to wait and after the delivery loop did
something, so that nothing polls. The loop asks here which pins are `hurried`: those that somebody waits for.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import structlog

from bridge.errors import StoreUnavailable
from bridge.events import Clock
from bridge.store import Prospect, Prospects, Store

MAX_WAITS = 1000
"""Who may wait at once; one more is told at once that it is not shown yet, which is so."""

MAX_PINS = 5000
"""Pins that may be waited for at once, counted once for each who waits."""

Touched = Collection[tuple[str, str]]
"""Pins that an event touched, each with the mapping that did."""

Tell = Callable[[bool], None]
"""Takes whether every pin shows what it was moved to, or a later state."""

Verdict = Literal["shown", "coming", "out of reach"]

log = structlog.get_logger()


def judge(
    prospect: Prospect | None, mapping: str, target: int, *, opens_at: datetime | None, until: datetime
) -> Verdict:
    """Say whether a pin shows a revision, or may until an instant; `opens_at` is when the key may send again. Pure.

    A pin that is another mapping's, or that no mapping may show, has nothing to show of it: that counts as shown.
    """
    if prospect is None or prospect.mapping != mapping or prospect.state == "dormant":
        return "shown"
    if prospect.is_rebuilding:
        return "out of reach"
    if prospect.sent_revision >= target:
        return "shown"
    if prospect.state == "in_flight":
        return "coming"
    moments = [moment for moment in (prospect.at, opens_at) if moment is not None]
    return "out of reach" if prospect.at is None or max(moments) > until else "coming"


@dataclass(slots=True, eq=False)
class _Wait:
    """One who waits: for which pins still, until when, and whether one of the others is out of reach."""

    left: set[tuple[str, str]]
    number: int | None
    until: datetime
    tell: Tell
    targets: dict[str, int] = field(default_factory=dict)
    is_new: bool = True
    has_missed: bool = False
    timer: asyncio.TimerHandle | None = None


class Confirmations:
    """Belongs to the event loop. `opens_at` says when the key may send again, None where it may now."""

    def __init__(self, store: Store, *, clock: Clock, opens_at: Callable[[], datetime | None]) -> None:
        self._store = store
        self._clock = clock
        self._opens_at = opens_at
        self._waits: dict[_Wait, None] = {}
        self._hurried: Counter[str] = Counter()
        self._stirred = asyncio.Event()
        self._latest: datetime | None = None
        self._stopping = False

    @property
    def hurried(self) -> Collection[str]:
        """The pins that somebody waits for."""
        return self._hurried.keys()

    def begin(self, touched: Touched, *, number: int | None, until: datetime, tell: Tell) -> None:
        """Have `tell` called once the pins show all that they were moved to until now, or cannot until then.

        `number` is the journal's number of the event, None for a repeated delivery.
        """
        if len(self._waits) >= MAX_WAITS or self._hurried.total() + len(touched) > MAX_PINS:
            tell(False)
            return
        wait = _Wait(set(touched), number, until, tell)
        self._waits[wait] = None
        self._hurried.update(pin for pin, _ in touched)
        self._set_timer(wait)
        self._stirred.set()

    def note(self) -> None:
        """Take in that a delivery ended, or that it is known when the next may begin."""
        if self._waits:
            self._stirred.set()

    def end_by(self, latest: datetime) -> None:
        """Let nobody wait longer than that from now on, as the process ends."""
        self._latest = latest
        for wait in self._waits:
            self._set_timer(wait)

    async def run(self) -> None:
        """Look and tell, until `stop`."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            if self._stopping:
                break
            await self._look()
        self._give_up(self._waits)

    def stop(self) -> None:
        """End `run`; who still waits is told that nothing is shown yet."""
        self._stopping = True
        self._stirred.set()

    def _set_timer(self, wait: _Wait) -> None:
        if wait.timer is not None:
            wait.timer.cancel()
        if self._latest is not None:
            wait.until = min(wait.until, self._latest)
        delay_s = max(0.0, (wait.until - self._clock()).total_seconds())
        wait.timer = asyncio.get_running_loop().call_later(delay_s, self._end, wait, False)

    async def _look(self) -> None:
        waits = list(self._waits)
        if not waits:
            return
        pins = {pin for wait in waits for pin, _ in wait.left}
        numbers = {wait.number for wait in waits if wait.is_new}
        try:
            seen = await self._store.prospects(pins, numbers)
        except StoreUnavailable as error:
            log.warning("confirmation_interrupted", reason=str(error), waiting=len(waits))
            self._give_up(waits)
            return
        opens_at = self._opens_at()
        for wait in waits:
            if wait in self._waits:
                self._judge(wait, seen, opens_at)

    def _judge(self, wait: _Wait, seen: Prospects, opens_at: datetime | None) -> None:
        if wait.is_new:
            wait.is_new = False
            wait.has_missed = wait.number in seen.pending
            # At least what the event moved them to, since this is seen after its commit.
            wait.targets = {pin: seen.pins[pin].revision for pin, _ in wait.left if pin in seen.pins}
        for pin, mapping in list(wait.left):
            target = wait.targets.get(pin, 0)
            verdict = judge(seen.pins.get(pin), mapping, target, opens_at=opens_at, until=wait.until)
            if verdict != "coming":
                wait.left.discard((pin, mapping))
                wait.has_missed |= verdict == "out of reach"
                self._calm(pin)
        if not wait.left:
            self._end(wait, not wait.has_missed)

    def _end(self, wait: _Wait, is_shown: bool) -> None:  # noqa: FBT001 - as `Tell` has it
        if wait not in self._waits:
            return
        del self._waits[wait]
        if wait.timer is not None:
            wait.timer.cancel()
        for pin, _ in wait.left:
            self._calm(pin)
        try:
            wait.tell(is_shown)
        except Exception:
            # What one who waits does wrong concerns none of the others.
            log.exception("confirmation_failed")

    def _give_up(self, waits: Collection[_Wait]) -> None:
        for wait in list(waits):
            self._end(wait, False)

    def _calm(self, pin: str) -> None:
        self._hurried[pin] -= 1
        if not self._hurried[pin]:
            del self._hurried[pin]
