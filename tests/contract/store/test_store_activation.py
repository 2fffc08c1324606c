"""What a reload does to the pins, and to events that were evaluated before it and are committed after it."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from support.storing import snapshot_of

from bridge.errors import StoreUnavailable
from bridge.mappings import AllowedPins, Change
from bridge.store import ActivePin, Budget, Lost, PinRecord
from bridge.units import Window

BUDGET = Budget(windows=(Window(160, 60),), cost=2)
SALES = ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16)
OTHER = ActivePin(pin="p-other", mapping="other", fingerprint=b"o" * 16)
FAMILY = ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16, max_pins=5)
NARROWED = replace(FAMILY, allowed=AllowedPins.of(["p-shop-*", "p-sales"]))


def pins(bench: Any) -> dict[str, PinRecord]:
    """Give what is known of every pin."""
    return {pin.pin: pin for pin in bench.look().pins()}


def outcomes(bench: Any, number: int) -> list[tuple[str, str]]:
    """Give kind and reason of each outcome of an event."""
    return [(each.kind, each.reason) for each in bench.look().event(number).outcomes]


async def test_activation_tells_which_pins_moved(bench: Any) -> None:
    """New, changed and woken ones; not what stays, nor what goes to sleep."""
    store = await bench.open(SALES)
    changed = ActivePin(pin="p-sales", mapping="sales", fingerprint=b"g" * 16)
    assert await store.activate([SALES, OTHER], "https://api") == ["p-other"]
    assert await store.activate([SALES, OTHER], "https://api") == []
    assert await store.activate([changed], "https://api") == ["p-sales"]
    assert await store.activate([changed, OTHER], "https://api") == ["p-other"]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(OTHER, id="its mapping is gone"),
        pytest.param(ActivePin(pin="p-new", mapping="sales", fingerprint=b"f" * 16), id="its mapping has another pin"),
        pytest.param(
            ActivePin(pin="p-sales", mapping="other", fingerprint=b"f" * 16), id="another mapping has its pin"
        ),
    ],
)
async def test_an_event_from_before_moves_no_pin_that_its_mapping_lost(bench: Any, after: ActivePin) -> None:
    """It is journalled, once, and says what became of it; should the mapping return, it is not shown without it."""
    sales = replace(SALES, latest_fingerprint=b"l" * 16)
    store = await bench.open(sales)
    await bench.deliver(store)
    await store.activate([after], "https://api")
    before = {pin: (record.state, record.mapping) for pin, record in pins(bench).items()}
    bench.moved.clear()

    receipt = await bench.send(store, "late", bench.change(amount=7))
    again = await bench.send(store, "late", bench.change(amount=7))

    assert (receipt.status, receipt.mappings, again.status) == ("accepted", ("sales",), "duplicate")
    assert {pin: (record.state, record.mapping) for pin, record in pins(bench).items()} == before
    assert bench.moved == []
    [(kind, reason)] = outcomes(bench, 1)
    assert kind == "matched"
    assert reason.startswith("kept, but not shown")

    assert "p-sales" in await store.activate([sales], "https://api")
    assert pins(bench)["p-sales"].state == "rebuilding"
    assert "p-sales" not in {claim.pin for claim in (await store.claim_due(9, BUDGET)).claims}


async def test_an_event_from_before_moves_a_pin_that_its_mapping_still_has(bench: Any) -> None:
    """It is shown by the new rendering."""
    store = await bench.open(SALES)
    await store.activate([ActivePin(pin="p-sales", mapping="sales", fingerprint=b"g" * 16)], "https://api")
    await bench.send(store, "late", bench.change(amount=7))
    snapshot = await snapshot_of(store, await bench.claim(store))
    assert (snapshot.latest["sale"].variables, snapshot.fingerprint) == ({"amount": 7}, b"g" * 16)


async def test_an_event_from_before_founds_no_pin_of_a_family_that_is_one_pin_now(bench: Any) -> None:
    """Nothing is ever written to a pin that the loaded mappings do not allow."""
    store = await bench.open(FAMILY)
    await store.activate([SALES], "https://api")
    await bench.send(store, "late", bench.change(pin="p-strange", amount=1))
    assert set(pins(bench)) == {"p-sales"}


async def test_where_an_activation_fails_the_mappings_of_before_stay(bench: Any, change: Any) -> None:
    """Pins and folding alike: nothing is half swapped."""
    store = await bench.open(SALES)
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await store.activate([OTHER], "https://api")
        other.execute("ROLLBACK")
    late: Change = change(bench.clock.now, mapping="other", pin="p-other")
    await bench.send(store, "a", bench.change(amount=1))
    await bench.send(store, "b", late)
    assert set(pins(bench)) == {"p-sales"}
    assert outcomes(bench, 1) == [("matched", "")]
    assert json.dumps(outcomes(bench, 2)).count("kept, but not shown") == 1


async def test_pins_that_a_narrowed_family_no_longer_allows_sleep(bench: Any) -> None:
    """Whatever was outstanding for them, and whatever else changed; once allowed again they show the newest."""
    store = await bench.open(FAMILY)
    for number, pin in enumerate(("p-shop-1", "p-sales", "p-strange")):
        await bench.send(store, f"evt_{number}", bench.change(pin=pin, amount=number))

    moved = await store.activate([replace(NARROWED, fingerprint=b"g" * 16)], "https://api")

    assert set(moved) == {"p-sales", "p-shop-1"}
    assert {pin: record.state for pin, record in pins(bench).items()} == {
        "p-sales": "due",
        "p-shop-1": "due",
        "p-strange": "dormant",
    }
    assert {claim.pin for claim in (await store.claim_due(9, BUDGET)).claims} == {"p-sales", "p-shop-1"}
    assert await store.activate([replace(FAMILY, fingerprint=b"g" * 16)], "https://api") == ["p-strange"]
    claim = await bench.claim(store)
    assert (claim.pin, (await snapshot_of(store, claim)).latest["sale"].variables) == ("p-strange", {"amount": 2})


async def test_an_event_from_before_wakes_no_pin_that_its_family_lost(bench: Any) -> None:
    """What it says is kept for the case that the file allows the pin again."""
    store = await bench.open(FAMILY)
    await bench.send(store, "early", bench.change(pin="p-strange", amount=1))
    await store.activate([NARROWED], "https://api")
    await bench.send(store, "late", bench.change(pin="p-strange", amount=2))
    assert pins(bench)["p-strange"].state == "dormant"
    assert outcomes(bench, 2)[0][1].startswith("kept, but not shown")


async def test_a_pin_that_falls_asleep_while_it_is_claimed_is_not_sent(bench: Any) -> None:
    """The last look comes right before the request is paid for."""
    store = await bench.open(FAMILY)
    await bench.send(store, "early", bench.change(pin="p-strange", amount=1))
    claim = await bench.claim(store)
    await store.activate([NARROWED], "https://api")
    assert await store.book(claim, BUDGET) == Lost()
