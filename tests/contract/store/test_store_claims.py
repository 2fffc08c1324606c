"""The choice of pins to claim: order, budget, and when to look again."""

from datetime import timedelta
from typing import Any

from bridge.store import ActivePin, Budget, Settlement
from bridge.units import Window

BUDGET = Budget(windows=(Window(6, 60),), cost=2)


def family(count: int) -> list[ActivePin]:
    """Give so many pins, each of a mapping of its own."""
    return [ActivePin(pin=f"p-{n:04}", mapping=f"m{n}", fingerprint=b"f" * 16) for n in range(count)]


async def test_the_longest_due_goes_first(bench: Any) -> None:
    """Equal ones by their id, so that the order is one."""
    store = await bench.open(ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16))
    for second, pins in enumerate((["p-b"], ["p-c", "p-a"])):
        bench.clock.move(second)
        await bench.send(store, str(second), *(bench.change(pin) for pin in pins))

    claims = (await store.claim_due(8, BUDGET)).claims

    assert [claim.pin for claim in claims] == ["p-b", "p-a", "p-c"]


async def test_slots_limits_and_held_claims_bound_the_choice(bench: Any) -> None:
    """Three slots: one is taken by a send, one is promised to a held claim, one is left."""
    store = await bench.open(*family(9))
    booked, held = (await store.claim_due(2, BUDGET)).claims
    await bench.book(store, booked, BUDGET)

    last = await store.claim_due(8, BUDGET)

    assert ([claim.pin for claim in last.claims], last.left) == (["p-0002"], True)
    assert (await store.claim_due(8, BUDGET)).claims == ()
    await store.release(held)
    assert len((await store.claim_due(8, BUDGET)).claims) == 1


async def test_due_pins_beyond_the_slots_are_told(bench: Any) -> None:
    """Whoever claims looks again for them once a claim has ended, and else need not."""
    store = await bench.open(*family(3))

    two = await store.claim_due(2, BUDGET)
    rest = await store.claim_due(8, BUDGET)

    assert (len(two.claims), two.left) == (2, True)
    assert (len(rest.claims), rest.left) == (1, False)


async def test_when_to_look_again(bench: Any) -> None:
    """The earliest pin that is not due yet; a missing slot is told only where a pin wants it."""
    tight = Budget(windows=(Window(2, 60),), cost=2)
    store = await bench.open(*family(2))
    sent, other = (await store.claim_due(2, BUDGET)).claims
    await bench.book(store, sent, tight)
    later = bench.clock.now + timedelta(seconds=5)
    delivered = Settlement(outcome="delivered", revision=1, body_hash=b"h" * 16, wake_at=later)
    await store.settle(await bench.book(store, other, BUDGET), delivered)

    waiting = await store.claim_due(8, tight)
    bench.clock.move(5)
    wanting = await store.claim_due(8, tight)

    assert (waiting.claims, waiting.next_at, waiting.no_slot_until) == ((), later, None)
    assert (wanting.claims, wanting.left) == ((), True)
    assert wanting.no_slot_until == later + timedelta(seconds=75)
