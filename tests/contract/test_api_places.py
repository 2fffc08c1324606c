"""How much the API does at once: what waits holds its place, and gives it back however it ends."""

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from types import AsyncGeneratorType

import pytest

from bridge.api import Doings, Rooms
from bridge.api.answers import TooMany
from bridge.api.serving import DOINGS, LOOKS, WAITING_LOOKS, Serving
from bridge.api.wanted import EventsWanted, RebuildWanted, RetryWanted
from bridge.app import now
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json, OfferedKey
from bridge.store import Budget, Store
from bridge.tallies import KeyStanding
from bridge.units import Window

BUDGET = Budget(windows=(Window(tokens=10, length_s=60),), cost=2)


class Bench:
    """The operations on a real store; a rebuild goes on until the test lets it end."""

    def __init__(self) -> None:
        self.store = Store.open("sqlite://", clock=now, horizon_s=1000, retention_s=1000)
        self.ending = asyncio.Event()
        rooms = Rooms(
            store=self.store,
            mappings=dict,
            refused=tuple,
            key=lambda: KeyStanding(state="open", rate=1.0),
            budget=lambda: BUDGET,
            clock=now,
            started_at=now(),
        )
        doings = Doings(
            retry=self._retry,
            replay=self._nothing,
            rebuild=self._rebuild,
            flush=self._nothing,
            approve=self._no_key,
            remove=self._no_key,
        )
        self.serving = Serving(rooms, doings)

    async def _retry(self, _pins: object) -> list[str]:
        return []

    async def _nothing(self, *_asked: object) -> dict[str, Json]:
        return {}

    async def _no_key(self, number: int) -> OfferedKey:
        raise ConfigurationError([Problem(file=f"key {number}", message="there is none")])

    async def _rebuild(self, mapping: str, _since: datetime | None) -> AsyncIterator[dict[str, Json]]:
        await asyncio.sleep(0)
        if mapping != "sales":
            raise ConfigurationError([Problem(file=mapping, message="unknown")])
        return self._lines()

    async def _lines(self) -> AsyncIterator[dict[str, Json]]:
        yield {"of": 1, "lost": []}
        await self.ending.wait()
        yield {"rebuilt": "sales"}


async def follow_many(bench: Bench) -> list[AsyncGenerator[dict[str, Json]]]:
    """Ask for more rebuilds at once than there are places; gives those that are followed."""
    wanted = RebuildWanted(mapping="sales")
    asked = await asyncio.gather(*[bench.serving.rebuild(wanted) for _ in range(30)], return_exceptions=True)
    assert {type(each) for each in asked} == {AsyncGeneratorType, TooMany}
    return [each for each in asked if isinstance(each, AsyncGenerator)]


async def test_rebuilds_that_are_followed_hold_their_places() -> None:
    """However many come at once; what they hold is free again where they end, are left, or were never listened to."""
    bench = Bench()
    followed = await follow_many(bench)
    assert len(followed) == DOINGS
    with pytest.raises(TooMany):
        await bench.serving.retry(RetryWanted())

    followed.pop()  # whose sender went before it was answered
    left = followed.pop()
    await anext(left)
    await left.aclose()
    bench.ending.set()
    for lines in followed:
        assert [line async for line in lines][-1] == {"rebuilt": "sales"}
    for _ in range(5):
        gc.collect()
        await asyncio.sleep(0)
    again = [await bench.serving.rebuild(RebuildWanted(mapping="sales")) for _ in range(DOINGS)]
    assert len(again) == DOINGS
    await bench.store.close()


async def test_a_rebuild_that_does_not_begin_holds_nothing() -> None:
    """Asking for what is not there costs nobody a place."""
    bench = Bench()
    for _ in range(DOINGS + 2):
        with pytest.raises(ConfigurationError):
            await bench.serving.rebuild(RebuildWanted(mapping="none"))
    assert (await bench.serving.retry(RetryWanted())).pins == ()
    await bench.store.close()


async def test_looks_wait_for_each_other_up_to_a_bound() -> None:
    """Those beyond are told so at once; the others are all answered."""
    bench = Bench()
    many = LOOKS + WAITING_LOOKS + 10
    looks = await asyncio.gather(*[bench.serving.events(EventsWanted()) for _ in range(many)], return_exceptions=True)
    refused = [each for each in looks if isinstance(each, TooMany)]
    assert len(refused) == 10
    assert [each.events for each in looks if not isinstance(each, BaseException)] == [()] * (LOOKS + WAITING_LOOKS)
    await bench.store.close()
