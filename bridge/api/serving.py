"""What the running bridge does for each operation; a docstring here is its text in the OpenAPI document."""

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from typing import TypeVar

from bridge.api import looking, shapes
from bridge.api.health import told
from bridge.api.places import Places
from bridge.api.rooms import Doings, Lines, Rooms
from bridge.api.wanted import (
    EventsWanted,
    EventWanted,
    KeyWanted,
    Nothing,
    ParkedWanted,
    PinsWanted,
    PinWanted,
    RebuildWanted,
    ReplayWanted,
    RetryWanted,
)
from bridge.errors import StoreUnavailable
from bridge.events import Json
from bridge.store import Look

LOOKS, WAITING_LOOKS = 2, 30
"""How many looks are taken at once, and how many may wait for that."""

DOINGS = 8
"""How many requests that change something, or follow a rebuild, are under way at once."""

T = TypeVar("T")


class Serving:
    """The operations; every one takes what was asked for and gives the answer, or the lines of it."""

    def __init__(self, rooms: Rooms, doings: Doings) -> None:
        self._rooms = rooms
        self._doings = doings
        self._looking = Places(LOOKS + WAITING_LOOKS)
        self._looks = asyncio.Semaphore(LOOKS)
        self._doing = Places(DOINGS)

    async def events(self, wanted: EventsWanted) -> shapes.EventPage:
        """List events, newest first."""
        return await self._look(lambda look: looking.tell_events(look, wanted))

    async def event(self, wanted: EventWanted) -> shapes.WholeEvent:
        """Show one event: headers, payload, and what each mapping made of it."""
        return await self._look(lambda look: looking.tell_event(look, wanted))

    async def pins(self, wanted: PinsWanted) -> shapes.PinPage:
        """List pins, by their ids: how fresh each is, and what stands in its way."""
        return await self._look(lambda look: looking.tell_pins(look, wanted))

    async def pin(self, wanted: PinWanted) -> shapes.WholePin:
        """Show one pin with its state and its newest attempts."""
        mappings = self._rooms.mappings()
        return await self._look(lambda look: looking.tell_pin(look, wanted, mappings))

    async def parked(self, wanted: ParkedWanted) -> shapes.PinPage:
        """List the pins that are set aside, each with its reason."""
        parked = looking.parked(wanted)
        return await self._look(lambda look: looking.tell_pins(look, parked))

    async def keys(self, _wanted: Nothing) -> shapes.SourceKeys:
        """List the keys that came over the wire, offered and approved."""
        return await self._look(looking.tell_keys)

    async def approve(self, wanted: KeyWanted) -> shapes.Approved:
        """Let an offered key count, from the next webhook on."""
        with self._doing.held():
            return looking.approved(await self._doings.approve(wanted.number), self._rooms.clock())

    async def remove(self, wanted: KeyWanted) -> shapes.SourceKey:
        """Forget a key, offered or approved; what it signs is refused from then on."""
        with self._doing.held():
            return looking.key_of(await self._doings.remove(wanted.number))

    async def retry(self, wanted: RetryWanted) -> shapes.Retried:
        """Send parked pins again, now."""
        with self._doing.held():
            return shapes.Retried(pins=tuple(await self._doings.retry(wanted.pins)))

    async def flush(self, _wanted: Nothing) -> shapes.Flushed:
        """Send what is due now; the answer comes when that is done, or cannot be within 20 s, for a scheduler.

        Nothing goes out sooner than it would: pace, budget and pauses hold.
        """
        with self._doing.held():
            return shapes.Flushed.model_validate(await self._doings.flush())

    async def replay(self, wanted: ReplayWanted) -> shapes.Replayed:
        """Fold the events that failed and are taken now, each once; the answer comes when that is done."""
        with self._doing.held():
            return shapes.Replayed.model_validate(await self._doings.replay(wanted.mapping))

    async def rebuild(self, wanted: RebuildWanted) -> Lines:
        """Fold the journal again for one mapping; its pins keep what they show until that is done.

        The answer comes line by line as it goes. It goes on where nobody listens any more.
        """
        lines = self._rebuild(wanted)
        return _after(await anext(lines), lines)

    async def status(self, _wanted: Nothing) -> shapes.Status:
        """Show how the bridge stands: what runs, what waits, what is refused."""
        process = self._process()
        try:
            return shapes.Status(bridge=process, store=await self._standing(), problem="")
        except StoreUnavailable as error:
            return shapes.Status(bridge=process, store=None, problem=str(error))

    def _process(self) -> shapes.Process:
        rooms, now = self._rooms, self._rooms.clock()
        key = rooms.key()
        return shapes.Process(
            version=version("pinbridge"),
            started_at=rooms.started_at,
            uptime_s=max(0.0, (now - rooms.started_at).total_seconds()),
            mappings=len(rooms.mappings()),
            refused=tuple(told(rooms.refused())),
            waiting_events=rooms.store.waiting,
            key=shapes.Key(state=key.state, rate=key.rate),
            update_tokens=rooms.budget().cost,
        )

    async def _standing(self) -> shapes.Standing:
        budget, sizes = self._rooms.budget(), await self._rooms.store.sizes()
        return await self._look(lambda look: looking.tell_standing(look, budget, sizes))

    async def _look(self, work: Callable[[Look], T]) -> T:
        with self._looking.held():
            async with self._looks:
                return await self._rooms.store.look(work)

    async def _rebuild(self, wanted: RebuildWanted) -> Lines:
        """Begin, and tell how it goes; from the first line on a place is held, until the last or nobody listens."""
        with self._doing.held():
            async for line in await self._doings.rebuild(wanted.mapping, wanted.since):
                yield line


async def _after(first: dict[str, Json], rest: Lines) -> Lines:
    yield first
    async for line in rest:
        yield line
