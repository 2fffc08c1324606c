"""What people see of the store: events by page and filter, pins with their freshness, attempts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bridge.mappings import Change
from bridge.store import ActivePin, Rest, Settlement


async def test_events_are_paged_newest_first(bench: Any) -> None:
    """`before` goes on where the last page ended; a listing carries no bodies."""
    store = await bench.open()
    for number in range(5):
        await bench.send(store, f"evt_{number}", body=b"x" * number)

    first = bench.look().events(limit=2)
    second = bench.look().events(limit=9, before=first[-1].number)

    assert [event.number for event in first] == [5, 4]
    assert [event.number for event in second] == [3, 2, 1]
    assert [(event.body, event.body_bytes) for event in first] == [(b"", 4), (b"", 3)]


async def test_events_are_filtered_by_source_outcome_and_pin(bench: Any, change: Callable[..., Change]) -> None:
    """Filters hold together, and pins are told apart by case."""
    family = ActivePin(pin=None, mapping="other", fingerprint=b"o" * 16)
    store = await bench.open(ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16), family)
    now = bench.clock.now
    await bench.send(store, "a", change(now, mapping="other", pin="p-sales"))
    await bench.send(store, "b", change(now, pin="p-x"), source="github")
    await bench.send(store, "c", change(now, pin="p-X"))

    def numbers(**filters: Any) -> list[int]:
        return [event.number for event in bench.look().events(**filters)]

    assert numbers(source="github") == [2]
    assert numbers(outcome="pin_taken") == [1]
    assert numbers(pin="p-X") == [3]
    assert numbers(outcome="matched", pin="p-x") == [2]
    assert numbers(outcome="pin_taken", pin="p-x") == []
    assert numbers(source="stripe", limit=1) == [3]


async def test_one_event_is_read_whole_or_not_at_all(bench: Any) -> None:
    """Bytes as they came; an unknown number is None."""
    store = await bench.open()
    await bench.send(store, "a", body=b'{"name": "\xff"}', query={"k": "v"})

    event = bench.look().event(1)

    assert (event.body, event.query, event.at) == (b'{"name": "\xff"}', {"k": "v"}, bench.clock.now)
    assert bench.look().event(2) is None


async def test_a_pin_tells_how_fresh_it_is(bench: Any) -> None:
    """Since when it lacks a change, when it was delivered, what stands in its way, and when it is tried next."""
    store = await bench.open()
    await bench.deliver(store)
    delivered_at = bench.clock.now
    changed_at = bench.clock.move(10)
    await bench.send(store, "a")
    booking = await bench.book(store, await bench.claim(store))
    assert bench.look().pins()[0].state == "in_flight"
    next_at = changed_at + timedelta(seconds=30)
    failed = Settlement(outcome="retry", revision=2, failures=2, next_at=next_at, status=503, code="x", message="down")

    await store.settle(booking, failed)

    (pin,) = bench.look().pins()
    assert (pin.state, pin.revision, pin.sent_revision) == ("resting", 2, 1)
    assert (pin.changed_at, pin.delivered_at, pin.next_at) == (changed_at, delivered_at, next_at)
    assert (pin.failures, pin.status, pin.code, pin.message) == (2, 503, "x", "down")


async def test_a_pin_parked_again_is_parked_since_the_first_time(bench: Any) -> None:
    """Each probe that fails renews the reason and not the date."""
    store = await bench.open()
    since = bench.clock.now
    for status in (404, 403):
        booking = await bench.book(store, await bench.claim(store))
        probe_at = bench.clock.now + timedelta(hours=1)
        await store.settle(
            booking, Settlement(outcome="parked", revision=1, probe_at=probe_at, failures=1, status=status)
        )
        bench.clock.move(3600)

    (pin,) = bench.look().parked()

    assert (pin.parked_at, pin.status) == (since, 403)


async def test_an_unchanged_parked_pin_is_at_peace_again(bench: Any) -> None:
    """The dashboard shows what is rendered, so nothing is wrong with it any more."""
    store = await bench.open()
    await bench.deliver(store)
    await bench.send(store, "a")
    await store.park(await bench.claim(store), Settlement(outcome="parked", revision=2, failures=1, message="broken"))
    await store.retry(["p-sales"])

    await store.settle_unchanged(await bench.claim(store), 2, rest=Rest())

    (pin,) = bench.look().pins()
    assert (pin.state, pin.message, pin.parked_at, pin.next_at) == ("shown", "", None, None)


async def test_attempts_are_kept_newest_first(bench: Any) -> None:
    """Every request that went out, with how it ended."""
    store = await bench.open()
    booking = await bench.book(store, await bench.claim(store))
    ended_at = bench.clock.move(3)
    await store.settle(booking, Settlement(outcome="retry", revision=1, failures=1, status=500, code="internal"))
    await bench.deliver(store)

    newest, first = bench.look().attempts("p-sales")

    assert (newest.outcome, first.outcome, first.status, first.code) == ("delivered", "retry", 500, "internal")
    assert (first.started_at, first.ended_at) == (booking.booked_at, ended_at)
