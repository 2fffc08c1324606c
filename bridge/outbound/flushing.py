"""Delivering what is due now, for whoever wakes a bridge that sleeps; nothing goes out that would not anyway.

The delivery loop sends; a flush only keeps the process awake meanwhile, and tells what came of it. Many pins may be
due, so all of them are listed when it begins and when it ends; in between it looks at the few that come last.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bridge.events import Clock, Json
from bridge.store import Prospect, Store

FLUSH_S = 20.0
"""How long a flush takes at most: less than the shortest limit that a platform or a proxy is known to set, 29 s."""

MOST_TOLD = 100
"""How many pins an answer names."""

WATCHED = 20
"""At how many pins a flush looks at once. While one of them can still be sent it is not over."""

Wait = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Returns once the event is set, or after so many seconds (None: without limit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """How many pins took an update meanwhile, of how many the dashboard still lacks something, and the first of these.

    `opens_at` is when the key may send again; None where it may now.
    """

    updated: int
    due: int
    first: tuple[Prospect, ...]
    opens_at: datetime | None

    def to_json(self) -> dict[str, Json]:
        """Give what is told of it."""
        pins: list[Json] = [
            {
                "pin": each.pin,
                "mapping": each.mapping,
                "state": each.state,
                "next_at": None if each.at is None else each.at.isoformat(),
                "why": why(each, self.opens_at),
            }
            for each in self.first
        ]
        return {"updated": self.updated, "due": self.due, "pins": pins}


class Flush:
    """What one flush is about: the pins that lacked something on the dashboard when it began. Pure; looks come in.

    `lacking` are these pins in the order of their turns, each with its revision.
    """

    def __init__(self, lacking: Mapping[str, int], began_at: datetime) -> None:
        self.until = began_at + timedelta(seconds=FLUSH_S)
        self._began_at = began_at
        self._left = dict(lacking)

    def watched(self) -> list[str]:
        """Give the pins to look at next: the last ones; none where nothing is left that can be sent in time."""
        return list(islice(reversed(self._left), WATCHED))

    def note(self, watched: Iterable[str], seen: Iterable[Prospect]) -> bool:
        """Take in what a look at these pins saw; gives whether one of them can still be sent in time.

        The others are waited for no longer: they were sent, or cannot be.
        """
        by_pin = {each.pin: each for each in seen}
        for pin in watched:
            prospect = by_pin.get(pin)
            if prospect is not None and self._is_left(prospect) and self._is_in_reach(prospect):
                return True
            del self._left[pin]
        return False

    def _is_left(self, prospect: Prospect) -> bool:
        return prospect.sent_revision < self._left[prospect.pin] or self._is_due(prospect)

    def _is_due(self, prospect: Prospect) -> bool:
        return prospect.state == "in_flight" or (prospect.at is not None and prospect.at <= self._began_at)

    def _is_in_reach(self, prospect: Prospect) -> bool:
        return prospect.state == "in_flight" or (prospect.at is not None and prospect.at <= self.until)


class Flushes:
    """All who wait until what is due is sent. Belongs to the event loop; one looks into the store at a time.

    `opens_at` says when the key may send again, None where it may now; `is_sending`, whether a delivery is under way.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        wait: Wait,
        opens_at: Callable[[], datetime | None],
        is_sending: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._wait = wait
        self._opens_at = opens_at
        self._is_sending = is_sending
        self._looking = asyncio.Lock()
        self._turned = asyncio.Event()
        self._latest: datetime | None = None

    def note(self) -> None:
        """Take in that a delivery ended, or that it is known when the next may begin."""
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    def end_by(self, latest: datetime) -> None:
        """Let nobody wait longer than that from now on, as the process ends."""
        self._latest = latest
        self.note()

    async def flush(self) -> Flushed:
        """Wait until what is due now is sent, or cannot be within `FLUSH_S`; `StoreUnavailable`."""
        began_at = self._clock()
        turned = self._turned
        async with self._looking:
            flush = Flush((await self._store.lacking(0)).revisions, began_at)
        while await self._is_left(flush):
            until = flush.until if self._latest is None else min(flush.until, self._latest)
            left_s = (until - self._clock()).total_seconds()
            if left_s <= 0:
                break
            await self._wait(turned, left_s)
            turned = self._turned
        async with self._looking:
            lacking = await self._store.lacking(MOST_TOLD)
            updated = await self._store.count_delivered(began_at)
        return Flushed(updated=updated, due=len(lacking.revisions), first=lacking.first, opens_at=self._opens_at())

    async def _is_left(self, flush: Flush) -> bool:
        """Say whether something is left that can still be sent in time."""
        while watched := flush.watched():
            opens_at = self._opens_at()
            if opens_at is not None and opens_at > flush.until:
                return self._is_sending()  # what it does may open the gate
            async with self._looking:
                seen = await self._store.outlooks(watched)
            if flush.note(watched, seen):
                return True
        return False


def why(prospect: Prospect, opens_at: datetime | None) -> str:
    """Say why a pin was not sent, or not yet."""
    if prospect.state == "in_flight":
        return "an update is under way"
    if prospect.state == "parked":
        return "it is parked; `pinbridge parked` says why"
    if prospect.state == "resting":
        return "it rests: its min_interval, or a while after a failure"
    if opens_at is not None:
        moment = opens_at.isoformat(timespec="seconds")
        return f"the key may not send before {moment}: it is paused, or the budget is spent"
    return "the time was over before its turn came"
