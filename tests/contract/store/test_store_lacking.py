"""Of which pins the dashboard lacks something, for whoever waits until it does not."""

from datetime import timedelta
from typing import Any

from support.storing import snapshot_of

from bridge.store import ActivePin, Booking, Budget, Settlement
from bridge.units import Window

FAMILY = ActivePin(pin=None, mapping="sales", fingerprint=b"f" * 16)
BUDGET = Budget(windows=(Window(1_000_000, 60),), cost=2)


async def test_the_pins_that_lack_something_come_in_the_order_of_their_turns(bench: Any) -> None:
    """Due, in flight, at rest or parked; what is shown is none of them. Of the first it is told how they stand."""
    store = await bench.open(FAMILY)
    for pin in ("p-shown", "p-resting", "p-parked", "p-flying"):
        await bench.send(store, pin, bench.change(pin=pin))
        claim = await bench.claim(store, BUDGET)
        if pin == "p-parked":
            await store.park(claim, Settlement(outcome="parked", revision=1, code="render_error", message="it fails"))
        elif pin != "p-flying":
            booking = await store.book(claim, BUDGET)
            assert isinstance(booking, Booking)
            revision = (await snapshot_of(store, claim)).revision
            rest_until = bench.clock.now + timedelta(hours=1)
            done = Settlement(outcome="delivered", revision=revision, body_hash=b"h" * 16, next_at=rest_until)
            await store.settle(booking, done)
    bench.clock.move(1)
    await bench.send(store, "again", bench.change(pin="p-resting"))
    await bench.send(store, "new", bench.change(pin="p-due"))

    lacking = await store.lacking(2)

    assert lacking.revisions == {"p-due": 1, "p-flying": 1, "p-parked": 1, "p-resting": 2}
    assert [each.pin for each in lacking.first] == [*lacking.revisions][:2]
    outlooks = {each.pin: each for each in await store.outlooks(["p-shown", *lacking.revisions, "p-never"])}
    assert {pin: each.state for pin, each in outlooks.items()} == {
        "p-shown": "shown",
        "p-due": "due",
        "p-flying": "in_flight",
        "p-parked": "parked",
        "p-resting": "resting",
    }
    assert outlooks["p-resting"].at == rest_until
