"""Silence on a real SQLite file: a pin is due when it turns stale, and again at once when it is heard."""

from datetime import datetime, timedelta
from typing import Any

from support.storing import snapshot_of

from bridge.mappings import stale_since
from bridge.store import ActivePin, Budget, Settlement, Store
from bridge.units import Window

BUDGET = Budget(windows=(Window(160, 60),), cost=2)
HOUR_S, DAY_S = 3600, 86400
BODY = b"h" * 16


def backup(**fields: Any) -> ActivePin:
    """Give a pin that turns stale after an hour."""
    given: dict[str, Any] = {
        "pin": "p-sales",
        "mapping": "sales",
        "fingerprint": b"f" * 16,
        "stale_after_s": HOUR_S,
    }
    return ActivePin(**given | fields)


async def deliver_due(bench: Any, store: Store) -> dict[str, datetime | None]:
    """Deliver what is due, as the loop does; gives since when each of these pins was shown as stale."""
    shown: dict[str, datetime | None] = {}
    for claim in (await store.claim_due(8, BUDGET)).claims:
        snapshot = await snapshot_of(store, claim)
        since = shown[claim.pin] = stale_since(snapshot.stale_at, bench.clock.now)
        booking = await bench.book(store, claim)
        await store.settle(
            booking,
            Settlement(outcome="delivered", revision=snapshot.revision, body_hash=BODY, stale_since=since),
        )
    return shown


async def next_at(store: Store) -> datetime | None:
    """Say when something is due, where nothing is now."""
    looked = await store.claim_due(8, BUDGET)
    assert looked.claims == ()
    return looked.next_at


async def test_a_pin_is_due_the_moment_it_turns_stale(bench: Any) -> None:
    """Not a microsecond before; once it was shown so, nothing is due any more."""
    store = await bench.open(backup())
    await bench.send(store, "a")
    assert await deliver_due(bench, store) == {"p-sales": None}
    turns_at = bench.clock.now + timedelta(hours=1)
    assert await next_at(store) == turns_at

    bench.clock.move(HOUR_S - 0.000001)
    assert await deliver_due(bench, store) == {}
    assert bench.look().pins()[0].stale_since is None
    bench.clock.move(0.000001)
    assert bench.look().pins()[0].stale_since == turns_at
    assert await deliver_due(bench, store) == {"p-sales": turns_at}
    assert await next_at(store) is None


async def test_a_pin_that_was_never_heard_turns_stale_too(bench: Any) -> None:
    """A first activation counts as heard, so that a heartbeat that never came shows."""
    store = await bench.open(backup())
    assert await deliver_due(bench, store) == {"p-sales": None}
    loaded_at = bench.clock.now
    bench.clock.move(HOUR_S)
    assert await deliver_due(bench, store) == {"p-sales": loaded_at + timedelta(hours=1)}


async def test_an_event_ends_staleness_at_once(bench: Any) -> None:
    """And silence is counted from its arrival."""
    store = await bench.open(backup())
    await deliver_due(bench, store)
    bench.clock.move(2 * HOUR_S)
    await deliver_due(bench, store)

    await bench.send(store, "a")
    assert await deliver_due(bench, store) == {"p-sales": None}
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)


async def test_a_repeated_delivery_renews_and_changes_nothing_else(bench: Any) -> None:
    """The pin turns stale an hour after it; neither its revision nor the journal moves, and nobody is woken."""
    store = await bench.open(backup())
    await bench.send(store, "a")
    await deliver_due(bench, store)
    before = bench.look().pins()[0]
    bench.moved.clear()

    bench.clock.move(HOUR_S - 1)
    assert (await bench.send(store, "a")).status == "duplicate"
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)
    after = bench.look().pins()[0]
    assert (after.revision, after.state, after.changed_at) == (before.revision, "shown", before.changed_at)
    assert len(bench.look().events()) == 1
    assert bench.moved == []


async def test_a_repeated_delivery_ends_staleness_at_once(bench: Any) -> None:
    """Whoever waits for due pins is told; state stays as it was."""
    store = await bench.open(backup())
    await bench.send(store, "a")
    bench.clock.move(HOUR_S)
    await deliver_due(bench, store)
    bench.moved.clear()

    bench.clock.move(60)
    await bench.send(store, "a")
    assert bench.moved == ["p-sales"]
    assert bench.look().pins()[0].revision == 2
    assert await deliver_due(bench, store) == {"p-sales": None}
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)


async def test_what_is_heard_while_the_pin_is_being_sent_as_stale_is_not_lost(bench: Any) -> None:
    """Whoever delivers is told, and the pin is due right after."""
    store = await bench.open(backup())
    await bench.send(store, "a")
    await deliver_due(bench, store)
    bench.clock.move(HOUR_S)
    claim = await bench.claim(store)
    since = stale_since((await snapshot_of(store, claim)).stale_at, bench.clock.now)
    booking = await bench.book(store, claim)
    bench.moved.clear()

    await bench.send(store, "a")
    assert bench.moved == ["p-sales"]
    await store.settle(booking, Settlement(outcome="delivered", revision=2, body_hash=BODY, stale_since=since))
    assert await deliver_due(bench, store) == {"p-sales": None}


async def test_what_moves_no_pin_is_heard_all_the_same(bench: Any) -> None:
    """An event older than what is shown, an item that was there before, and one that is too late are signs of life."""
    store = await bench.open(backup())
    newest, item = bench.clock.now, b"i" * 16
    await bench.send(store, "a", bench.change()._replace(item_key=item))
    for id_, change in (
        ("older", bench.change()._replace(at=newest - timedelta(days=1), version=(newest - timedelta(days=1),))),
        ("known", bench.change()._replace(item_key=item)),
        ("late", bench.change()._replace(at=newest - timedelta(days=99))),
    ):
        bench.clock.move(60)
        await bench.send(store, id_, change)
        await deliver_due(bench, store)
        assert await next_at(store) == bench.clock.now + timedelta(hours=1), id_


async def test_the_pin_of_another_mapping_is_not_heard(bench: Any) -> None:
    """What is refused as `pin_taken` says nothing of the pin's own senders."""
    other = ActivePin(pin=None, mapping="other", fingerprint=b"o" * 16, stale_after_s=60)
    store = await bench.open(backup(), other)
    await deliver_due(bench, store)
    turns_at = bench.clock.now + timedelta(hours=1)
    bench.clock.move(60)
    await bench.send(store, "a", bench.change()._replace(mapping="other"))
    assert await next_at(store) == turns_at


async def test_each_pin_of_a_family_is_heard_for_itself(bench: Any) -> None:
    """One event that names two pins is heard by both, the next by the one that it names."""
    store = await bench.open(backup(pin=None))
    await bench.send(store, "a", bench.change(pin="p-1"), bench.change(pin="p-2"))
    assert await deliver_due(bench, store) == {"p-1": None, "p-2": None}
    started = bench.clock.now

    bench.clock.move(HOUR_S - 60)
    await bench.send(store, "b", bench.change(pin="p-2"))
    await deliver_due(bench, store)
    bench.clock.move(60)
    assert await deliver_due(bench, store) == {"p-1": started + timedelta(hours=1)}
    bench.clock.move(HOUR_S - 60)
    assert await deliver_due(bench, store) == {"p-2": started + timedelta(seconds=2 * HOUR_S - 60)}


async def test_hundreds_of_pins_are_heard_with_one_delivery(bench: Any) -> None:
    """Each of them is renewed, also when the delivery is repeated."""
    store = await bench.open(backup(pin=None))
    pins = [f"p-{number:03}" for number in range(200)]
    await bench.send(store, "a", *(bench.change(pin=pin) for pin in pins))
    bench.clock.move(HOUR_S - 1)
    await bench.send(store, "a", *(bench.change(pin=pin) for pin in pins))
    bench.clock.move(HOUR_S - 1)
    assert [pin.pin for pin in bench.look().pins() if pin.stale_since is None] == pins
    bench.clock.move(1)
    assert [pin.pin for pin in bench.look().pins() if pin.stale_since == bench.clock.now] == pins


async def test_a_start_waits_before_a_pin_turns_stale(bench: Any) -> None:
    """Ten minutes for a pin that fell silent while nobody listened; one with more time left keeps its hour."""
    later = backup(pin="p-later", mapping="later", stale_after_s=DAY_S)
    store = await bench.open(backup(), later)
    await deliver_due(bench, store)
    heard_at = bench.clock.now
    await store.close()

    bench.clock.move(5 * HOUR_S)
    store = await bench.open(backup(), later)
    assert await deliver_due(bench, store) == {}
    assert bench.look().pins()[1].stale_since is None
    bench.clock.move(600)
    assert await deliver_due(bench, store) == {"p-sales": bench.clock.now}
    assert await next_at(store) == heard_at + timedelta(days=1)


async def test_the_grace_is_no_longer_than_the_silence_that_is_allowed(bench: Any) -> None:
    """With `stale_after: 2s` a start waits two seconds."""
    short = backup(stale_after_s=2)
    store = await bench.open(short)
    await deliver_due(bench, store)
    await store.close()
    bench.clock.move(HOUR_S)
    store = await bench.open(short)
    assert await next_at(store) == bench.clock.now + timedelta(seconds=2)


async def test_a_pin_that_was_shown_as_stale_stays_so_over_a_start(bench: Any) -> None:
    """A restart must not paint it green, not even where its template changed meanwhile."""
    store = await bench.open(backup())
    bench.clock.move(HOUR_S)
    since = bench.clock.now
    assert await deliver_due(bench, store) == {"p-sales": since}
    await store.close()

    bench.clock.move(60)
    store = await bench.open(backup())
    assert await next_at(store) is None
    assert bench.look().pins()[0].stale_since == since
    await store.close()
    store = await bench.open(backup(fingerprint=b"g" * 16))
    assert await deliver_due(bench, store) == {"p-sales": since}


async def test_a_reload_gives_no_grace(bench: Any) -> None:
    """The process has listened all the time."""
    store = await bench.open(backup())
    await deliver_due(bench, store)
    bench.clock.move(HOUR_S - 1)
    await store.activate([backup()], "https://api")
    assert await next_at(store) == bench.clock.now + timedelta(seconds=1)


async def test_a_mapping_that_was_not_loaded_begins_anew(bench: Any) -> None:
    """While it is dormant nothing is due; nobody listened, so silence is counted from its return."""
    other = ActivePin(pin="p-other", mapping="other", fingerprint=b"o" * 16)
    store = await bench.open(backup(), other)
    await deliver_due(bench, store)
    await store.activate([other], "https://api")
    assert await next_at(store) is None
    bench.clock.move(2 * DAY_S)
    assert await next_at(store) is None
    assert bench.look().pins()[1].stale_since is None

    await store.activate([backup(), other], "https://api")
    await deliver_due(bench, store)
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)


async def test_another_stale_after_is_counted_from_when_the_pin_was_heard(bench: Any) -> None:
    """Longer, shorter, none and one again; a pin that silence made stale is so no more where it is too early for it."""
    store = await bench.open(backup())
    await bench.send(store, "a")
    await deliver_due(bench, store)
    heard_at = bench.clock.now
    bench.clock.move(HOUR_S)
    assert await deliver_due(bench, store) == {"p-sales": heard_at + timedelta(hours=1)}

    await store.activate([backup(stale_after_s=2 * HOUR_S)], "https://api")
    assert await deliver_due(bench, store) == {"p-sales": None}
    assert await next_at(store) == heard_at + timedelta(hours=2)
    await store.activate([backup(stale_after_s=60)], "https://api")
    assert await deliver_due(bench, store) == {"p-sales": heard_at + timedelta(seconds=60)}

    await store.activate([backup(stale_after_s=None, fingerprint=b"g" * 16)], "https://api")
    assert await deliver_due(bench, store) == {"p-sales": None}
    assert await next_at(store) is None
    await store.activate([backup()], "https://api")
    await deliver_due(bench, store)
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)


async def test_a_clock_that_was_set_back_leaves_silence_as_long_as_it_was(bench: Any) -> None:
    """What was heard in what is now the future was heard now."""
    store = await bench.open(backup())
    bench.clock.move(DAY_S)
    await bench.send(store, "a")
    await deliver_due(bench, store)

    bench.clock.move(-DAY_S)
    assert await next_at(store) == bench.clock.now + timedelta(hours=1)
