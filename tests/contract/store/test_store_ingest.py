"""What one transaction promises: once, whole, durable, and nobody shares another's fate."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.storing import forgotten, ingest, snapshot_of

from bridge.errors import StoreUnavailable
from bridge.events import Receipt
from bridge.mappings import Change, Evaluation, Outcome
from bridge.store import ActivePin

COUNTS = """
    SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM item_keys),
           (SELECT count(*) FROM events), (SELECT count(*) FROM attempts)
"""


async def test_an_event_is_accepted_journalled_and_shown(bench: Any) -> None:
    """The receipt names the number and the mapping; journal, pin and newest change say the same."""
    store = await bench.open()

    receipt = await bench.send(store, "evt_1", bench.change(amount=Decimal("20.50"), buyer="ann"))

    assert (receipt.status, receipt.number, receipt.mappings) == ("accepted", 1, ("sales",))
    event = bench.look().event(1)
    assert (event.id, event.body, event.headers) == ("evt_1", b'{"id": 1}', {"content-type": "application/json"})
    assert [(found.kind, found.pin) for found in event.outcomes] == [("matched", "p-sales")]
    snapshot = await snapshot_of(store, await bench.claim(store))
    assert snapshot.revision == 2
    assert snapshot.latest["sale"].variables == {"amount": Decimal("20.50"), "buyer": "ann"}
    assert snapshot.latest["sale"].event.id == "evt_1"
    assert bench.moved == ["p-sales"]


async def test_a_repeated_delivery_changes_nothing(bench: Any) -> None:
    """The second of two equal keys is a duplicate, in the same batch as in a later one."""
    store = await bench.open()

    together = await asyncio.gather(*(bench.send(store, "evt_1") for _ in range(5)))
    later = await bench.send(store, "evt_1")

    assert sorted(receipt.status for receipt in together) == ["accepted"] + ["duplicate"] * 4
    assert (later.status, later.number) == ("duplicate", None)
    assert len(bench.look().events()) == 1
    assert bench.look().pins()[0].revision == 2


async def test_equal_keys_in_one_batch_are_reduced_to_the_earliest_arrival(bench: Any) -> None:
    """Whoever arrived first is journalled, whatever the order in the queue."""
    store = await bench.open()
    early = bench.clock.now - timedelta(seconds=1)

    late, first = await asyncio.gather(bench.send(store, "evt_1"), bench.send(store, "evt_1", received_at=early))

    assert (late.status, first.status) == ("duplicate", "accepted")
    assert bench.look().event(1).received_at == early


async def test_the_same_key_of_two_sources_is_two_events(bench: Any) -> None:
    """Keys are remembered by source."""
    store = await bench.open()

    await bench.send(store, "evt_1", source="stripe")
    other = await bench.send(store, "evt_1", source="billing")

    assert other.status == "accepted"


async def test_a_source_without_dedup_takes_every_delivery(bench: Any) -> None:
    """`dedupe: off` has no key, and nothing is a duplicate."""
    store = await bench.open()

    receipts = [await bench.send(store, "evt_1", dedup_key=None) for _ in range(3)]

    assert [receipt.number for receipt in receipts] == [1, 2, 3]


async def test_a_dedup_window_ends(bench: Any) -> None:
    """Within the window a key is a duplicate; at its end it is new, and the window begins again."""
    store = await bench.open()
    window = {"dedup_window_s": 600.0}

    statuses = [(await bench.send(store, "alert", **window)).status]
    for seconds in (599, 1, 599, 1):
        bench.clock.move(seconds)
        statuses.append((await bench.send(store, "alert", **window)).status)

    assert statuses == ["accepted", "duplicate", "accepted", "duplicate", "accepted"]


async def test_keys_outlive_the_horizon_by_the_tolerance(bench: Any) -> None:
    """A delivery id is a duplicate for the horizon and the source's tolerance."""
    store = await bench.open(horizon_s=3600)

    statuses = [(await bench.send(store, "evt_1")).status]
    for seconds in (3600 + 299, 1):
        bench.clock.move(seconds)
        statuses.append((await bench.send(store, "evt_1")).status)

    assert statuses == ["accepted", "duplicate", "accepted"]


async def test_an_older_event_never_overwrites_a_newer_one(bench: Any, change: Callable[..., Change]) -> None:
    """It is journalled and says why, and the pin does not move."""
    store = await bench.open()
    now = bench.clock.now
    await bench.send(store, "new", change(now, variables={"amount": 2}))

    receipt = await bench.send(store, "old", change(now - timedelta(hours=1), variables={"amount": 1}))

    assert receipt.mappings == ()
    (outcome,) = bench.look().event(2).outcomes
    assert (outcome.kind, outcome.reason) == ("matched", "older than what the pin shows, which came with event 1")
    snapshot = await snapshot_of(store, await bench.claim(store))
    assert snapshot.latest["sale"].variables == {"amount": 2}
    assert snapshot.revision == 2


async def test_of_equal_versions_the_later_in_the_journal_holds(bench: Any, change: Callable[..., Change]) -> None:
    """The order is version, journal number, place in the event."""
    store = await bench.open()
    now = bench.clock.now

    await bench.send(store, "a", change(now, variables={"n": 1}))
    await bench.send(store, "b", change(now, variables={"n": 2}), change(now, variables={"n": 3}))

    snapshot = await snapshot_of(store, await bench.claim(store))
    assert snapshot.latest["sale"].variables == {"n": 3}
    assert (snapshot.latest["sale"].number, snapshot.latest["sale"].item) == (2, 1)


async def test_the_version_decides_and_not_the_time(bench: Any, change: Callable[..., Change]) -> None:
    """A trigger with a `version` goes by it, however the events are dated."""
    store = await bench.open()
    now = bench.clock.now

    await bench.send(store, "a", change(now, version=(Decimal("2.0"), "b"), variables={"n": 1}))
    await bench.send(store, "b", change(now + timedelta(minutes=1), version=(2, "a"), variables={"n": 2}))

    snapshot = await snapshot_of(store, await bench.claim(store))
    assert snapshot.latest["sale"].variables == {"n": 1}


async def test_an_item_counts_once(bench: Any, change: Callable[..., Change]) -> None:
    """A second item with the same key is refused by name, in the same event, batch, or later."""
    store = await bench.open()
    now = bench.clock.now
    item = {"item_key": b"k" * 16}

    await asyncio.gather(
        bench.send(store, "a", change(now, **item), change(now, **item)), bench.send(store, "b", change(now, **item))
    )
    await bench.send(store, "c", change(now, **item), change(now, item_key=b"l" * 16))

    kinds = [[outcome.kind for outcome in bench.look().event(number).outcomes] for number in (1, 2, 3)]
    assert kinds == [["matched", "duplicate_item"], ["duplicate_item"], ["duplicate_item", "matched"]]
    assert bench.look().event(3).outcomes[0].reason == "this item came with event 1"


async def test_an_item_outlives_the_horizon_by_the_tolerance(bench: Any, change: Callable[..., Change]) -> None:
    """As a delivery's own key does: an item dated ahead of its arrival is not folded twice."""
    store = await bench.open(horizon_s=3600)
    item = change(bench.clock.now + timedelta(seconds=300), item_key=b"k" * 16)

    await bench.send(store, "a", item)
    bench.clock.move(3600 + 299)
    await bench.send(store, "b", item)
    bench.clock.move(1)
    await bench.send(store, "c", item)

    kinds = [bench.look().event(number).outcomes[0].kind for number in (1, 2, 3)]
    assert kinds == ["matched", "duplicate_item", "matched"]


async def test_an_item_that_was_not_folded_is_not_remembered(bench: Any, change: Callable[..., Change]) -> None:
    """Item keys are written for successful folds only, so that a mended mapping can fold them."""
    store = await bench.open()
    item = {"item_key": b"k" * 16}
    endless: list[Any] = []
    for _ in range(150):
        endless = [endless]

    await bench.send(store, "a", change(bench.clock.now, variables={"deep": endless}, **item))
    second = await bench.send(store, "b", change(bench.clock.now, variables={"n": 1}, **item))

    assert bench.look().event(1).outcomes[0].kind == "error"
    assert "nests deeper" in bench.look().event(1).outcomes[0].reason
    assert second.mappings == ("sales",)


async def test_an_error_touches_its_own_mapping_only(bench: Any, change: Callable[..., Change]) -> None:
    """Of one event, what one mapping cannot keep leaves the other's change in place; batch mates too."""
    pins = [ActivePin(pin=f"p-{name}", mapping=name, fingerprint=b"f" * 16) for name in ("sales", "other")]
    store = await bench.open(*pins)
    endless: list[Any] = []
    for _ in range(150):
        endless = [endless]
    now = bench.clock.now

    mixed, mate = await asyncio.gather(
        bench.send(
            store,
            "a",
            change(now, variables={"n": 1}),
            change(now, variables={"deep": endless}, trigger="second"),
            change(now, mapping="other", pin="p-other", variables={"n": 2}),
        ),
        bench.send(store, "b", change(now - timedelta(seconds=1), variables={"n": 3})),
    )

    assert (mixed.mappings, mate.mappings) == (("other",), ("sales",))
    assert [outcome.kind for outcome in bench.look().event(1).outcomes] == ["error", "error", "matched"]


async def test_an_event_older_than_the_horizon_is_kept_and_not_folded(
    bench: Any, change: Callable[..., Change]
) -> None:
    """Its outcome is `too_late`; at the horizon itself it still counts."""
    store = await bench.open(horizon_s=3600)
    now = bench.clock.now

    late = await bench.send(store, "late", change(now - timedelta(seconds=3601)))
    just = await bench.send(store, "just", change(now - timedelta(seconds=3600)))

    assert (late.mappings, just.mappings) == ((), ("sales",))
    assert bench.look().event(1).outcomes[0].kind == "too_late"
    assert "1:00:00" in bench.look().event(1).outcomes[0].reason


async def test_one_pin_belongs_to_one_loaded_mapping(bench: Any, change: Callable[..., Change]) -> None:
    """The second mapping gets `pin_taken`, naming the first."""
    family = ActivePin(pin=None, mapping="family", fingerprint=b"g" * 16, max_pins=10)
    store = await bench.open(ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16), family)

    receipt = await bench.send(store, "a", change(bench.clock.now, mapping="family"))

    assert receipt.mappings == ()
    (outcome,) = bench.look().event(1).outcomes
    assert (outcome.kind, outcome.reason) == ("pin_taken", "the pin p-sales belongs to the mapping 'sales'")


async def test_the_pin_of_an_unloaded_mapping_may_be_taken(bench: Any, change: Callable[..., Change]) -> None:
    """A renamed file keeps its pins."""
    first = await bench.open(ActivePin(pin=None, mapping="old", fingerprint=b"f" * 16))
    await bench.send(first, "a", change(bench.clock.now, mapping="old"))
    await first.close()
    store = await bench.open(ActivePin(pin=None, mapping="new", fingerprint=b"f" * 16))
    assert bench.look().pins()[0].state == "dormant"

    receipt = await bench.send(store, "b", change(bench.clock.now, mapping="new"))

    assert receipt.mappings == ("new",)
    (pin,) = bench.look().pins()
    assert (pin.mapping, pin.state, pin.revision) == ("new", "due", 2)


async def test_a_family_is_bounded(bench: Any, change: Callable[..., Change]) -> None:
    """One pin beyond `max_pins` is an error that names the bound; pins that are there go on."""
    store = await bench.open(ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16, max_pins=2))
    now = bench.clock.now

    await bench.send(store, "a", *(change(now, pin=pin) for pin in ("p-1", "p-2", "p-3")))
    await bench.send(store, "b", change(now, pin="p-1"), change(now, pin="p-4"))

    kinds = [[outcome.kind for outcome in bench.look().event(number).outcomes] for number in (1, 2)]
    assert kinds == [["matched", "matched", "error"], ["matched", "error"]]
    assert "max_pins" in bench.look().event(2).outcomes[1].reason
    assert [pin.pin for pin in bench.look().pins()] == ["p-1", "p-2"]


async def test_a_pin_is_bumped_once_a_batch_and_waits_since_the_first_change(bench: Any) -> None:
    """`changed_at` keeps the older instant while the pin is due, and is new once it was sent."""
    store = await bench.open()
    await bench.deliver(store)
    first = bench.clock.move(10)
    await bench.send(store, "a")
    bench.clock.move(10)

    await bench.send(store, "b")

    (pin,) = bench.look().pins()
    assert (pin.revision, pin.changed_at) == (3, first)
    await bench.deliver(store)
    last = bench.clock.move(10)
    await bench.send(store, "c")
    assert bench.look().pins()[0].changed_at == last


async def test_an_event_that_nobody_wants_is_journalled_with_the_reason(bench: Any) -> None:
    """Why a trigger did not match stands in the event's outcomes."""
    store = await bench.open()
    missed = Outcome(mapping="sales", trigger="sale", kind="not_matched", reason="$.x: wanted 1, found 2", pin=None)

    receipt = await ingest(store, bench.event("a"), Evaluation(changes=(), outcomes=(missed,)))

    assert (receipt.number, receipt.mappings) == (1, ())
    assert bench.look().event(1).outcomes == (missed,)
    assert bench.moved == []


async def test_a_poisoned_event_is_journalled_as_failed_and_its_batch_mates_commit(
    bench: Any, change: Callable[..., Change]
) -> None:
    """What the engine refuses in one row is found, kept with its reason, and shared by nobody."""
    store = await bench.open()
    now = bench.clock.now
    poison = change(now, trigger="\ud800", variables={"n": 1})

    receipts = await asyncio.gather(
        bench.send(store, "a"), bench.send(store, "b", poison), bench.send(store, "c"), bench.send(store, "b", poison)
    )

    assert [receipt.status for receipt in receipts] == ["accepted", "accepted", "accepted", "duplicate"]
    assert [receipt.mappings for receipt in receipts] == [("sales",), (), ("sales",), ()]
    (failed,) = [event for event in bench.look().events() if event.id == "b"]
    assert failed.outcomes[0].kind == "error"
    assert "the database refused it: UnicodeEncodeError" in failed.outcomes[0].reason


async def test_an_event_that_cannot_even_be_journalled_is_refused_alone(bench: Any) -> None:
    """Its sender gets 503; the others their receipts."""
    store = await bench.open()

    results: Any = await asyncio.gather(
        bench.send(store, "a"), bench.send(store, "b", type="\ud800"), return_exceptions=True
    )

    assert results[0].status == "accepted"
    assert isinstance(results[1], StoreUnavailable)
    assert [event.id for event in bench.look().events()] == ["a"]


async def test_hundreds_of_waiting_tasks_each_get_their_own_receipt(bench: Any) -> None:
    """Numbers are dense and unique; the pins of all batches are told."""
    store = await bench.open()

    receipts = await asyncio.gather(*(bench.send(store, f"evt_{number}") for number in range(600)))

    assert sorted(receipt.number for receipt in receipts) == list(range(1, 601))
    assert {receipt.id for receipt in receipts} == {f"evt_{number}" for number in range(600)}
    assert bench.look().pins()[0].revision <= 1 + 600
    assert set(bench.moved) == {"p-sales"}


async def test_a_stream_without_a_pause_is_stored_meanwhile(bench: Any) -> None:
    """Deliveries that come with every turn of the loop do not hold back the first of them."""
    store = await bench.open()

    waiting: list[asyncio.Future[Receipt]] = []
    while not (waiting and waiting[0].done()):
        assert len(waiting) < 2000
        waiting.append(asyncio.ensure_future(bench.send(store, f"evt_{len(waiting)}")))
        await asyncio.sleep(0)
        # From here on turns are long, so that a slow disk has time to commit.
        time.sleep(0.01 if len(waiting) > 128 else 0)  # noqa: ASYNC251 - a turn that takes long, not a pause

    receipts = await asyncio.gather(*waiting)
    assert [receipt.number for receipt in receipts] == list(range(1, len(waiting) + 1))


async def test_a_cancelled_waiter_leaves_its_event_durable(bench: Any) -> None:
    """A sender that hangs up changes nothing for the others, and its retry is a duplicate."""
    store = await bench.open()
    gone = asyncio.create_task(bench.send(store, "gone"))
    await asyncio.sleep(0)
    gone.cancel()

    assert (await bench.send(store, "stays")).status == "accepted"
    assert (await bench.send(store, "gone")).status == "duplicate"


async def test_numbers_go_on_after_a_restart(bench: Any) -> None:
    """A journal number is never given twice."""
    first = await bench.open()
    await bench.send(first, "a")
    await first.close()

    store = await bench.open()

    assert (await bench.send(store, "b")).number == 2


async def test_what_is_old_is_forgotten_in_passing(bench: Any, change: Callable[..., Change]) -> None:
    """Keys, events and attempts go, step by step, once past their time; the newest stay, so that numbers only rise."""
    store = await bench.open(horizon_s=3600, retention_s=7200)
    item = change(bench.clock.now, item_key=b"k" * 16)
    await asyncio.gather(*(bench.send(store, f"evt_{n}", item) for n in range(600)))
    await bench.deliver(store)
    bench.clock.move(7201)

    await bench.send(store, "last")
    await forgotten(store)

    with closing(sqlite3.connect(bench.path)) as connection:
        assert connection.execute(COUNTS).fetchone() == (1, 0, 1, 1)
    assert (await bench.send(store, "next")).number == 602


async def test_what_is_old_is_forgotten_where_only_deliveries_write(bench: Any) -> None:
    """A pin without triggers that renders itself anew every minute does not pile up its attempts for ever."""
    store = await bench.open(retention_s=3600)
    for _ in range(3):
        await bench.deliver(store, wake_at=bench.clock.now)
    began = bench.clock.move(3601)

    for _ in range(2):
        await bench.deliver(store, wake_at=bench.clock.now)
        bench.clock.move(60)
    await forgotten(store)

    assert [attempt.started_at - began for attempt in bench.look().attempts("p-sales")] == [
        timedelta(seconds=60),
        timedelta(0),
    ]


@pytest.mark.parametrize("size", [1, 64, 65, 85, 300])
async def test_every_size_of_batch_is_written_whole(bench: Any, size: int) -> None:
    """Rows are written in chunks of fixed sizes; none is lost between them."""
    store = await bench.open(ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16))

    changes = [[bench.change(f"p-{number}", n=number)] for number in range(size)]
    await asyncio.gather(*(bench.send(store, f"evt_{number}", *changes[number]) for number in range(size)))

    assert len(bench.look().events(limit=1000)) == size
    assert len(bench.look().pins()) == size
