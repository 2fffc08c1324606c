"""Who waits for pins, over a real store and a real sandbox: what goes out for him, and what he is told."""

import asyncio
from pathlib import Path

import pytest
from support.delivering import MAPPING, at_work

from bridge.mappings import load_texts
from bridge.outbound import confirmations
from bridge.store import Budget
from bridge.units import Window


async def test_a_pin_that_is_waited_for_has_no_pace(tmp_path: Path) -> None:
    """Its `min_interval` of five seconds holds up nothing, and goes on for what nobody waits for."""
    async with at_work(tmp_path) as bench:
        for words in ("a", "b", "c"):
            await bench.say("p-1", words)
            assert await bench.confirm("p-1") is True
            assert bench.shown("p-1") == words
        await bench.say("p-1", "d")
        await bench.quiet()
        assert bench.sent() == ["a", "b", "c"]
        await bench.move(5.1)
        assert bench.sent() == ["a", "b", "c", "d"]


async def test_what_is_shown_already_costs_no_update(tmp_path: Path) -> None:
    """A repeated delivery, and a change that looks the same."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "a")
        await bench.quiet()
        assert await bench.confirm("p-1") is True
        await bench.say("p-1", "a")
        assert await bench.confirm("p-1") is True
        assert bench.sent() == ["a"]


async def test_who_comes_during_an_update_shares_the_next(tmp_path: Path) -> None:
    """One request at a time for a pin, however many wait."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=0.2, times=1)
        await bench.say("p-1", "0")
        told = [bench.confirm("p-1")]
        await bench.until(lambda: bench.under_way() == 1)
        await asyncio.gather(*(bench.say("p-1", str(words)) for words in range(1, 30)))
        told += [bench.confirm("p-1") for _ in range(29)]
        assert await asyncio.gather(*told) == [True] * 30
        assert bench.sent() == ["0", "29"]


async def test_a_doubt_keeps_its_rest_whoever_waits(tmp_path: Path) -> None:
    """After an unknown outcome nothing follows within the rest, and who waits for less is told so at once."""
    async with at_work(tmp_path) as bench:
        bench.fault("hang", times=1)
        await bench.say("p-1", "a")
        assert await bench.confirm("p-1") is False
        await bench.say("p-1", "b")
        assert await bench.confirm("p-1") is False
        assert bench.sent() == ["a"]
        told = bench.confirm("p-1", within_s=60)
        await bench.quiet()
        assert not told.done()
        await bench.move(20.1)
        assert await told is True
        assert bench.sent() == ["a", "b"]


async def test_a_spent_budget_is_waited_for_only_where_it_comes_back_in_time(tmp_path: Path) -> None:
    """And is never exceeded."""
    async with at_work(tmp_path, budget=Budget(windows=(Window(2, 60),), cost=2)) as bench:
        await bench.say("p-1", "a")
        assert await bench.confirm("p-1") is True
        await bench.say("p-1", "b")
        assert await bench.confirm("p-1") is False
        told = bench.confirm("p-1", within_s=70)
        await bench.move(61)
        assert await told is True
        assert bench.sent() == ["a", "b"]


async def test_nobody_waits_longer_than_he_may(tmp_path: Path) -> None:
    """At his time he is told that it is not shown yet; the end of the process makes it earlier for all."""
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=0.5)
        await bench.say("p-1", "a")
        assert await bench.confirm("p-1", within_s=0.05) is False
        told = bench.confirm("p-1", within_s=60)
        bench.loop.confirmations.end_by(bench.time.now())
        assert await told is False


async def test_what_is_no_pin_of_the_mapping_is_not_waited_for(tmp_path: Path) -> None:
    """Another mapping's, one that there never was, and one that sleeps: nothing of the event is to be shown there."""
    async with at_work(tmp_path) as bench:
        assert await bench.confirm("p-never") is True
        await bench.say("p-1", "a")
        await bench.quiet()
        await bench.store.activate([], "sandbox")
        await bench.say("p-1", "b")
        assert await bench.confirm("p-1") is True


async def test_a_repeated_delivery_is_not_taken_for_shown_before_its_event_is_folded(tmp_path: Path) -> None:
    """One that was on its way during a reload stands in the journal first, and moves its pin a moment later."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "a")
        await bench.quiet()
        before = bench.mappings
        bench.mappings = load_texts(
            {"said.yaml": MAPPING.replace("source: test", "source: test\n    when: {$.pin: {ne: none}}").encode()}, {}
        )
        await bench.activate(bench.mappings)
        await bench.rebuild()
        after, bench.mappings = bench.mappings, before
        await bench.say("p-1", "b")
        bench.mappings = after
        await bench.repeat()
        assert await bench.confirm("p-1") is False
        await bench.rebuild()
        assert await bench.confirm("p-1") is True
        assert bench.shown("p-1") == "b"


async def test_while_the_store_is_out_of_reach_nobody_waits(tmp_path: Path) -> None:
    """What cannot be known is no yes."""
    async with at_work(tmp_path) as bench:
        await bench.say("p-1", "a")
        await bench.quiet()
        bench.store.out_of_reach = True
        assert await bench.confirm("p-1") is False
        bench.store.out_of_reach = False


async def test_too_many_do_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, and who is beyond the bound is told at once."""
    monkeypatch.setattr(confirmations, "MAX_WAITS", 1)
    async with at_work(tmp_path) as bench:
        bench.fault("slow", delay_s=0.1)
        await bench.say("p-1", "a")
        first, second = bench.confirm("p-1"), bench.confirm("p-1")
        assert second.done()
        assert (await first, await second) == (True, False)


async def test_without_anybody_who_waits_no_query_runs(tmp_path: Path) -> None:
    """The background pays nothing for it."""
    async with at_work(tmp_path) as bench:
        for words in ("a", "b"):
            await bench.say("p-1", words)
            await bench.move(6)
        assert bench.store.calls["prospects"] == 0
