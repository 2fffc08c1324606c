"""What the delivery side promises: one holder by pin, nothing sent twice knowingly, nothing in doubt forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from support.storing import snapshot_of

from bridge.store import ActivePin, Booking, Budget, Lost, NoSlot, Rest, Settlement
from bridge.units import Window

BUDGET = Budget(windows=(Window(160, 60),), cost=2)
SALES = ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16)


async def test_a_literal_pin_is_due_before_its_first_event(bench: Any) -> None:
    """The wall is not blank: a loaded pin is rendered with nothing remembered yet."""
    store = await bench.open()

    claim = await bench.claim(store)

    assert (claim.pin, claim.mapping, claim.reason, claim.sent_hash) == ("p-sales", "sales", "event", None)
    snapshot = await snapshot_of(store, claim)
    assert (snapshot.revision, snapshot.latest) == (1, {})


async def test_a_claimed_pin_is_not_claimed_again_before_its_lease_ends(bench: Any) -> None:
    """The lease lasts 60 s, and the answer says when it ends."""
    store = await bench.open()
    await bench.claim(store)

    bench.clock.move(59)
    held = await store.claim_due(8, BUDGET)
    bench.clock.move(1)
    again = await store.claim_due(8, BUDGET)

    assert (held.claims, held.next_at) == ((), bench.clock.now)
    assert [claim.pin for claim in again.claims] == ["p-sales"]


async def test_a_delivered_pin_is_at_rest_until_it_changes(bench: Any) -> None:
    """Nothing is due after a confirmed send; a change within the rest is due at its end."""
    store = await bench.open()
    rest_until = bench.clock.now + timedelta(seconds=5)
    await bench.deliver(store, next_at=rest_until)
    assert (await store.claim_due(8, BUDGET)).next_at is None

    await bench.send(store, "a")
    waiting = await store.claim_due(8, BUDGET)
    assert (waiting.claims, waiting.next_at) == ((), rest_until)
    assert bench.look().pins()[0].state == "resting"

    bench.clock.move(5)
    claim = await bench.claim(store)
    assert (claim.sent_hash, claim.failures) == (b"h" * 16, 0)


async def test_a_change_during_the_request_makes_the_pin_due_again(bench: Any) -> None:
    """A settlement writes the revision that was rendered, not the newest."""
    store = await bench.open()
    claim = await bench.claim(store)
    snapshot = await snapshot_of(store, claim)
    booking = await bench.book(store, claim)
    await bench.send(store, "meanwhile")
    assert (await store.claim_due(8, BUDGET)).claims == ()

    await store.settle(booking, Settlement(outcome="delivered", revision=snapshot.revision, body_hash=b"1" * 16))

    assert (await bench.claim(store)).revision == 2


async def test_an_unchanged_body_costs_nothing(bench: Any) -> None:
    """The revision is written and no slot is taken."""
    store = await bench.open()
    await bench.deliver(store)
    await bench.send(store, "a")
    claim = await bench.claim(store)
    wake_at = bench.clock.now + timedelta(minutes=15)

    await store.settle_unchanged(claim, 2, rest=Rest(wake_at=wake_at))

    looked = await store.claim_due(8, BUDGET)
    assert (looked.claims, looked.next_at) == ((), wake_at)
    (pin,) = bench.look().pins()
    assert (pin.state, pin.sent_revision, pin.next_at) == ("shown", 2, wake_at)
    assert len(bench.look().attempts("p-sales")) == 1


async def test_booking_clears_what_the_dashboard_is_known_to_show(bench: Any) -> None:
    """After an outcome that nobody knows the pin rests and is sent again, even if nothing changed."""
    store = await bench.open()
    await bench.deliver(store)
    await bench.send(store, "a")
    booking = await bench.book(store, await bench.claim(store))
    rest = bench.clock.now + timedelta(seconds=20)

    await store.settle(booking, Settlement(outcome="doubt", revision=2, next_at=rest, failures=1, code="timeout"))

    assert (await store.claim_due(8, BUDGET)).next_at == rest
    bench.clock.move(20)
    claim = await bench.claim(store)
    assert (claim.sent_hash, claim.failures, claim.reason) == (None, 1, "event")


async def test_a_doubt_about_the_newest_revision_is_a_reason_of_its_own(bench: Any) -> None:
    """Nothing changed, the revision was confirmed once, and yet the pin is due."""
    store = await bench.open()
    await bench.deliver(store, wake_at=bench.clock.now + timedelta(seconds=10))
    bench.clock.move(10)
    claim = await bench.claim(store)
    assert claim.reason == "time"
    booking = await bench.book(store, claim)

    await store.settle(booking, Settlement(outcome="doubt", revision=1, failures=1))

    assert (await bench.claim(store)).reason == "doubt"


async def test_a_lease_that_is_too_short_is_lost_before_the_request(bench: Any) -> None:
    """With less than 25 s to go nothing is booked, and the pin is free for the next claim."""
    pins = [ActivePin(pin=f"p-{name}", mapping=name, fingerprint=b"f" * 16) for name in ("late", "timely")]
    store = await bench.open(*pins)
    late, timely = (await store.claim_due(8, BUDGET)).claims

    bench.clock.move(35)
    assert isinstance(await store.book(timely, BUDGET), Booking)
    bench.clock.move(1)
    assert await store.book(late, BUDGET) == Lost()

    again = await bench.claim(store)
    assert (again.pin, again.token != late.token) == ("p-late", True)
    assert await store.book(late, BUDGET) == Lost()


async def test_a_request_whose_settlement_was_lost_is_not_overtaken(bench: Any) -> None:
    """The lease may end while it is at work; nothing follows before its deadline and the rest after it."""
    store = await bench.open()
    claim = await bench.claim(store)
    bench.clock.move(34)
    booking = await bench.book(store, claim)

    bench.clock.move(39)
    held = await store.claim_due(8, BUDGET)
    bench.clock.move(1)

    assert (held.claims, held.next_at) == ((), booking.booked_at + timedelta(seconds=20 + 20))
    assert (await bench.claim(store)).sent_hash is None


async def test_a_retry_by_hand_waits_for_a_request_that_a_crash_left(bench: Any) -> None:
    """Of a failing pin too: what its last settlement said is older than the request."""
    first = await bench.open()
    booking = await bench.book(first, await bench.claim(first))
    await first.settle(booking, Settlement(outcome="retry", revision=1, failures=1, next_at=bench.clock.now))
    bench.clock.move(5)
    booking = await bench.book(first, await bench.claim(first))
    await first.close()
    store = await bench.open()

    assert await store.retry(None) == ["p-sales"]

    assert (await store.claim_due(8, BUDGET)).next_at == booking.booked_at + timedelta(seconds=20 + 20)
    bench.clock.move(39)
    assert (await store.claim_due(8, BUDGET)).claims == ()


async def test_who_lost_the_claim_changes_nothing_of_the_pin(bench: Any) -> None:
    """The late settlement is kept as an attempt; the pin stays with its new holder, in doubt."""
    store = await bench.open()
    late = await bench.book(store, await bench.claim(store))
    bench.clock.move(60)
    new = await bench.claim(store)

    await store.settle(late, Settlement(outcome="delivered", revision=1, body_hash=b"1" * 16))
    await store.release(late.claim)

    (pin,) = bench.look().pins()
    assert (pin.state, pin.sent_revision) == ("in_flight", 0)
    assert [attempt.outcome for attempt in bench.look().attempts("p-sales")] == ["delivered"]
    assert isinstance(await store.book(new, BUDGET), Booking)


async def test_a_released_claim_is_due_at_once(bench: Any) -> None:
    """Nothing was done, nothing rests."""
    store = await bench.open()
    await store.release(await bench.claim(store))

    assert (await bench.claim(store)).failures == 0


async def test_the_budget_bounds_claims_and_bookings(bench: Any) -> None:
    """Never more claims than slots; a slot comes back one window after the request ended."""
    pins = [ActivePin(pin=f"p-{n}", mapping=f"m{n}", fingerprint=b"f" * 16) for n in range(4)]
    store = await bench.open(*pins)
    tight = Budget(windows=(Window(4, 60),), cost=2)
    first = await store.claim_due(8, tight)
    assert [claim.pin for claim in first.claims] == ["p-0", "p-1"]
    assert (await store.claim_due(8, tight)).claims == (), "held claims will need their slots"

    bookings = [await bench.book(store, claim, tight) for claim in first.claims]
    bench.clock.move(5)
    for booking in bookings:
        await store.settle(booking, Settlement(outcome="delivered", revision=1, body_hash=b"h" * 16))
    free_at = bench.clock.now + timedelta(seconds=60)

    looked = await store.claim_due(8, tight)
    assert (looked.claims, looked.no_slot_until) == ((), free_at)
    bench.clock.move(60)
    assert [claim.pin for claim in (await store.claim_due(8, tight)).claims] == ["p-2", "p-3"]


async def test_the_budget_is_checked_again_when_it_is_spent(bench: Any) -> None:
    """A claim is no slot: what others booked meanwhile counts, and the answer says until when."""
    pins = [ActivePin(pin=f"p-{n}", mapping=f"m{n}", fingerprint=b"f" * 16) for n in range(2)]
    store = await bench.open(*pins)
    wide, narrow = Budget(windows=(Window(4, 60),), cost=2), Budget(windows=(Window(2, 60),), cost=2)
    one, other = (await store.claim_due(8, wide)).claims
    await bench.book(store, one, narrow)

    refused = await store.book(other, narrow)

    assert refused == NoSlot(until=bench.clock.now + timedelta(seconds=20 + 60)), "it may end at its deadline"


async def test_a_restart_amid_a_spent_budget_does_not_forget_it(bench: Any) -> None:
    """What was booked stands on disk: it counts for one window from its end, or from its deadline."""
    tight = Budget(windows=(Window(4, 60),), cost=2)
    pins = [ActivePin(pin=f"p-{n}", mapping=f"m{n}", fingerprint=b"f" * 16) for n in range(3)]
    first = await bench.open(*pins)
    done, cut_off = (await first.claim_due(8, tight)).claims
    await first.settle(
        await bench.book(first, done, tight), Settlement(outcome="delivered", revision=1, body_hash=b"h" * 16)
    )
    booking = await bench.book(first, cut_off, tight)
    bench.clock.move(30)
    await first.close()
    store = await bench.open(*pins)

    spent = await store.claim_due(8, tight)
    bench.clock.move(30)
    one = await store.claim_due(8, tight)
    bench.clock.move(20)
    other = await store.claim_due(8, tight)

    assert (spent.claims, spent.no_slot_until) == ((), booking.booked_at + timedelta(seconds=60))
    assert [claim.pin for claim in one.claims] == ["p-2"]
    assert [claim.pin for claim in other.claims] == ["p-1"], "which rests since its request was cut off"


async def test_every_window_holds(bench: Any) -> None:
    """The tightest window decides, and the longest remembers."""
    store = await bench.open()
    budget = Budget(windows=(Window(2, 60), Window(4, 3600)), cost=2)
    began = bench.clock.now
    for _ in range(2):
        await bench.deliver(store)
        bench.clock.move(60)
        await bench.send(store, str(bench.clock.now))

    looked = await store.claim_due(8, budget)

    assert (looked.claims, looked.no_slot_until) == ((), began + timedelta(hours=1))


async def test_what_an_event_moved_goes_before_what_time_moved(bench: Any) -> None:
    """Time counts a minute later, so that midnight does not delay what just happened; and then it has aged."""
    family = ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16)
    store = await bench.open(ActivePin(pin="p-time", mapping="time", fingerprint=b"f" * 16), family)
    await bench.deliver(store, wake_at=bench.clock.now + timedelta(seconds=10))
    bench.clock.move(69)
    await bench.send(store, "a", bench.change("p-a"))
    bench.clock.move(10)
    await bench.send(store, "b", bench.change("p-b"))

    claims = (await store.claim_due(8, BUDGET)).claims

    assert [(claim.pin, claim.reason) for claim in claims] == [("p-a", "event"), ("p-time", "time"), ("p-b", "event")]


async def test_a_parked_pin_waits_for_its_probe(bench: Any) -> None:
    """New content does not wake it where that cannot help; the probe does, and a success ends it."""
    store = await bench.open()
    booking = await bench.book(store, await bench.claim(store))
    probe_at = bench.clock.now + timedelta(hours=1)
    parked = Settlement(outcome="parked", revision=1, probe_at=probe_at, failures=1, status=404, code="NOT_FOUND")
    await store.settle(booking, parked)
    await bench.send(store, "a")

    assert (await store.claim_due(8, BUDGET)).next_at == probe_at
    (pin,) = bench.look().parked()
    assert (pin.state, pin.status, pin.code, pin.next_at) == ("parked", 404, "NOT_FOUND", probe_at)

    bench.clock.move(3600)
    claim = await bench.claim(store)
    assert (claim.reason, claim.parked, claim.failures) == ("probe", True, 1)
    await store.settle(await bench.book(store, claim), Settlement(outcome="delivered", revision=2, body_hash=b"h" * 16))
    assert bench.look().parked() == []
    assert bench.look().pins()[0].code == ""


async def test_new_content_may_retry_a_parked_pin(bench: Any) -> None:
    """Once the pin has moved on, and not before the moment that was set for it."""
    store = await bench.open()
    booking = await bench.book(store, await bench.claim(store))
    later = bench.clock.now + timedelta(minutes=5)
    probe_at = bench.clock.now + timedelta(hours=1)
    await store.settle(
        booking,
        Settlement(outcome="parked", revision=1, probe_at=probe_at, retry_on_change_at=later, failures=1, status=400),
    )
    assert (await store.claim_due(8, BUDGET)).next_at == probe_at

    await bench.send(store, "a")

    assert (await store.claim_due(8, BUDGET)).next_at == later
    bench.clock.move(300)
    assert (await bench.claim(store)).reason == "event"


async def test_a_pin_that_cannot_be_rendered_is_parked_without_a_request(bench: Any) -> None:
    """No slot is spent, and what the dashboard shows stays known."""
    store = await bench.open()
    await bench.deliver(store)
    await bench.send(store, "a")
    claim = await bench.claim(store)

    await store.park(
        claim, Settlement(outcome="parked", revision=2, failures=1, message="sales.yaml:3:1: no such name")
    )

    (pin,) = bench.look().parked()
    assert pin.message == "sales.yaml:3:1: no such name"
    assert len(bench.look().attempts("p-sales")) == 1
    await store.retry(None)
    assert (await bench.claim(store)).sent_hash == b"h" * 16


async def test_retry_makes_parked_and_failing_pins_due(bench: Any) -> None:
    """Those named, or all; pins at peace and unknown pins are not touched."""
    pins = [ActivePin(pin=f"p-{name}", mapping=name, fingerprint=b"f" * 16) for name in ("failing", "fine", "parked")]
    store = await bench.open(*pins)
    far = bench.clock.now + timedelta(hours=1)
    endings = {
        "p-failing": Settlement(outcome="retry", revision=1, failures=3, next_at=far, status=500),
        "p-fine": Settlement(outcome="delivered", revision=1, body_hash=b"h" * 16),
        "p-parked": Settlement(outcome="parked", revision=1, failures=1, probe_at=far),
    }
    for claim in (await store.claim_due(8, BUDGET)).claims:
        await store.settle(await bench.book(store, claim), endings[claim.pin])
    bench.clock.move(20)
    bench.moved.clear()

    assert await store.retry(["p-fine", "p-nobody"]) == []
    assert await store.retry(["p-parked"]) == ["p-parked"]
    assert await store.retry(None) == ["p-failing"]

    assert bench.moved == ["p-parked", "p-failing"]
    claims = (await store.claim_due(8, BUDGET)).claims
    assert {claim.pin: claim.failures for claim in claims} == {"p-failing": 0, "p-parked": 0}


async def test_retry_by_hand_keeps_the_rest_of_a_doubt(bench: Any) -> None:
    """A request that may still be applied is not overtaken by a hand."""
    store = await bench.open()
    booking = await bench.book(store, await bench.claim(store))
    ended = bench.clock.move(20)
    await store.settle(booking, Settlement(outcome="doubt", revision=1, failures=1, next_at=ended))
    bench.clock.move(5)

    await store.retry(None)

    assert (await store.claim_due(8, BUDGET)).next_at == ended + timedelta(seconds=20)


async def test_another_rendering_makes_its_pins_due(bench: Any) -> None:
    """A changed fingerprint bumps literal pins and families, and frees the parked; the hash spares needless sends."""
    family = ActivePin(pin=None, mapping="family", fingerprint=b"g" * 16)
    first = await bench.open(SALES, family)
    await bench.send(first, "a", bench.change("p-member"))
    await first.close()
    first = await bench.open(SALES, ActivePin(pin=None, mapping="sales2", fingerprint=b"g" * 16))
    await bench.deliver(first)
    await first.close()

    same = await bench.open(SALES)
    assert (await same.claim_due(8, BUDGET)).claims == ()
    await same.close()
    other = await bench.open(ActivePin(pin="p-sales", mapping="sales", fingerprint=b"x" * 16))

    claim = await bench.claim(other)
    assert (claim.pin, claim.revision, claim.sent_hash) == ("p-sales", 2, b"h" * 16)


async def test_a_changed_mapping_frees_its_parked_pin(bench: Any) -> None:
    """A 404 waits for a changed mapping."""
    first = await bench.open(SALES)
    booking = await bench.book(first, await bench.claim(first))
    await first.settle(booking, Settlement(outcome="parked", revision=1, failures=1))
    await first.close()

    store = await bench.open(ActivePin(pin="p-sales", mapping="sales", fingerprint=b"x" * 16))

    claim = await bench.claim(store)
    assert (claim.parked, claim.failures) == (False, 0)


async def test_pins_of_unloaded_mappings_are_dormant(bench: Any) -> None:
    """They are not sent, and come back as they were once their mapping does."""
    first = await bench.open(SALES)
    await first.close()
    without = await bench.open(ActivePin(pin="p-other", mapping="other", fingerprint=b"f" * 16))

    assert [claim.pin for claim in (await without.claim_due(8, BUDGET)).claims] == ["p-other"]
    assert [(pin.pin, pin.state) for pin in bench.look().pins()] == [("p-other", "in_flight"), ("p-sales", "dormant")]
    await without.close()

    again = await bench.open(SALES)
    assert [claim.pin for claim in (await again.claim_due(8, BUDGET)).claims] == ["p-sales"]


async def test_another_destination_makes_every_pin_due(bench: Any) -> None:
    """What one dashboard shows says nothing of another."""
    first = await bench.open(SALES, destination="https://api")
    await bench.deliver(first)
    await first.close()

    store = await bench.open(SALES, destination="the sandbox")

    assert (await bench.claim(store)).sent_hash is None


async def test_a_start_releases_claims_and_rests_what_was_booked(bench: Any) -> None:
    """The predecessor is gone: its claims are free, and a booked request of unknown end counts until its deadline."""
    pins = [ActivePin(pin=f"p-{name}", mapping=name, fingerprint=b"f" * 16) for name in ("booked", "claimed")]
    first = await bench.open(*pins)
    booked, _ = (await first.claim_due(8, BUDGET)).claims
    booking = await bench.book(first, booked)
    bench.clock.move(1)
    await first.close()

    store = await bench.open(*pins)

    looked = await store.claim_due(8, BUDGET)
    assert [claim.pin for claim in looked.claims] == ["p-claimed"]
    assert looked.next_at == booking.booked_at + timedelta(seconds=20 + 20)
    bench.clock.move(39)
    assert [claim.pin for claim in (await store.claim_due(8, BUDGET)).claims] == ["p-booked"]


def test_a_budget_that_can_never_pay_is_refused() -> None:
    """Rather an error at the start than a pin that is never sent."""
    with pytest.raises(ValueError, match="one update costs 2 tokens"):
        Budget(windows=(Window(160, 60), Window(1, 1)), cost=2)


async def test_a_hurried_pin_goes_before_none_that_has_been_due_for_longer(bench: Any) -> None:
    """So that pins which are waited for again and again starve no other."""
    store = await bench.open()
    await bench.deliver(store, next_at=bench.clock.now + timedelta(hours=1))
    await store.activate([SALES, ActivePin(pin="p-new", mapping="new", fingerprint=b"n" * 16)], "https://api")
    bench.clock.move(1)
    await bench.send(store, "a", received_at=bench.clock.now)

    claimed = [await store.claim_due(1, BUDGET, ["p-sales"]) for _ in range(2)]

    assert [[claim.pin for claim in each.claims] for each in claimed] == [["p-new"], ["p-sales"]]
    assert [each.left for each in claimed] == [True, False]


async def test_a_hurried_pin_is_due_whatever_its_pace(bench: Any) -> None:
    """But a doubt keeps its rest."""
    store = await bench.open()
    await bench.deliver(store, next_at=bench.clock.now + timedelta(hours=1))
    await bench.send(store, "a")
    assert (await store.claim_due(8, BUDGET)).claims == ()

    hurried = await store.claim_due(8, BUDGET, ["p-sales"])

    assert [claim.pin for claim in hurried.claims] == ["p-sales"]
    booking = await bench.book(store, hurried.claims[0])
    doubt_at = bench.clock.now + timedelta(seconds=20)
    await store.settle(booking, Settlement(outcome="doubt", revision=2, next_at=doubt_at, failures=1, code="timeout"))
    assert (await store.claim_due(8, BUDGET, ["p-sales"])).claims == ()
