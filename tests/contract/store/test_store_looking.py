"""What a look at a running store gives: pages that end in time, filters, and numbers."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import StoreUnavailable
from bridge.mappings import Change
from bridge.store import ActivePin, EventFilter, PinFilter, listing
from bridge.store.database import bounded, reading_engine

FAMILY = ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16)


async def test_a_page_looks_at_so_many_events_and_says_where_to_go_on(bench: Any) -> None:
    """What a filter finds may lie far back: each page is short, and none is lost between two of them."""
    store = await bench.open()
    for number in range(10):
        await bench.send(store, f"evt_{number}", source="github" if number in {1, 8} else "stripe")

    found: list[list[int]] = []
    before = None
    while before is not None or not found:
        page = await store.look(
            lambda look, before=before: look.events(EventFilter(source="github"), limit=5, before=before, most=4)
        )
        found.append([event.number for event in page.events])
        before = page.before

    assert found == [[9], [], [2]]


async def test_a_page_that_is_full_goes_on_behind_its_last_event(bench: Any) -> None:
    """And the very last page says that there is nothing more."""
    store = await bench.open()
    for number in range(4):
        await bench.send(store, f"evt_{number}")

    async def numbers(before: int | None) -> tuple[list[int], int | None]:
        page = await store.look(lambda look: look.events(EventFilter(), limit=2, before=before))
        return [event.number for event in page.events], page.before

    assert await numbers(None) == ([4, 3], 3)
    assert await numbers(3) == ([2, 1], None)
    assert await numbers(1) == ([], None)
    assert await numbers(2**63 - 1) == ([4, 3], 3)


async def test_events_are_filtered_by_mapping_and_time(bench: Any, change: Callable[..., Change]) -> None:
    """A mapping, an outcome and a pin are those of one and the same outcome."""
    other = ActivePin(pin=None, mapping="other", fingerprint=b"o" * 16)
    store = await bench.open(FAMILY, other)
    began = bench.clock.now
    await bench.send(store, "a", change(began, pin="p-a"), change(began, mapping="other", pin="p-b"))
    bench.clock.now += timedelta(minutes=1)
    await bench.send(store, "b", change(bench.clock.now, pin="p-a"))

    def numbers(**wanted: Any) -> list[int]:
        return [event.number for event in bench.look().events(**wanted)]

    assert numbers(mapping="sales") == [2, 1]
    assert numbers(mapping="other") == [1]
    assert numbers(mapping="oth") == numbers(mapping="other", pin="p-a") == []
    assert numbers(since=began + timedelta(minutes=1)) == [2]
    assert numbers(until=began + timedelta(minutes=1)) == [1]
    assert numbers(since=began, until=began) == []


async def test_pins_are_listed_page_by_page(bench: Any, change: Callable[..., Change]) -> None:
    """By their ids; a page that looked at enough says where to go on, though it found nothing."""
    other = ActivePin(pin=None, mapping="other", fingerprint=b"o" * 16)
    store = await bench.open(FAMILY, other)
    now = bench.clock.now
    await bench.send(store, "a", *[change(now, pin=f"p-{number}") for number in range(5)])
    await bench.send(store, "b", change(now, mapping="other", pin="p-z"))

    async def listed(wanted: PinFilter, **page: Any) -> tuple[list[str], str | None]:
        found = await store.look(lambda look: look.pins(wanted, **page))
        return [pin.pin for pin in found.pins], found.after

    assert await listed(PinFilter(), limit=4) == (["p-0", "p-1", "p-2", "p-3"], "p-3")
    assert await listed(PinFilter(), limit=4, after="p-3") == (["p-4", "p-z"], None)
    assert await listed(PinFilter(mapping="other"), limit=4) == (["p-z"], None)
    assert await listed(PinFilter(state="shown"), limit=4, most=3) == ([], "p-2")
    assert await listed(PinFilter(state="due"), limit=1) == (["p-0"], "p-0")
    assert await listed(PinFilter(state="parked"), limit=4) == ([], None)


async def test_the_body_of_an_event_is_shown_up_to_a_bound(bench: Any) -> None:
    """Its size is told as it is."""
    store = await bench.open()
    await bench.send(store, "a", body=b"x" * (listing.MOST_BODY_BYTES + 1))
    event = await store.look(lambda look: look.event(1))
    assert (len(event.body), event.body_bytes) == (listing.MOST_BODY_BYTES, listing.MOST_BODY_BYTES + 1)


async def test_a_look_that_takes_too_long_is_broken_off(bench: Any) -> None:
    """And the connection is as good as new for whoever reads next."""
    await bench.open()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    engine = reading_engine(Path(bench.url.removeprefix("sqlite:///")))
    with engine.connect() as connection, connection.begin():
        with pytest.raises(StoreUnavailable, match=r"longer than 0\.05 s"), bounded(connection, 0.05):
            connection.exec_driver_sql(endless).all()
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    engine.dispose()
