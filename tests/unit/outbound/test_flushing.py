"""When a flush is over, and why it left a pin."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from support.prospects import NOW, prospect

from bridge.outbound.flushing import FLUSH_S, WATCHED, Flush, Flushed, why

SOON, LATE = NOW + timedelta(seconds=2), NOW + timedelta(seconds=FLUSH_S + 1)


@pytest.mark.parametrize(
    ("given", "is_over"),
    [
        ({}, False),
        ({"state": "in_flight", "at": LATE}, False),
        ({"state": "resting", "at": SOON}, False),
        ({"state": "resting", "at": LATE}, True),
        ({"state": "parked", "at": None}, True),
        ({"sent_revision": 5, "at": SOON, "state": "shown"}, True),
        ({"sent_revision": 5, "revision": 6, "at": SOON}, True),
        ({"sent_revision": 5, "at": NOW}, False),
    ],
)
def test_a_flush_is_over_when_nothing_of_it_can_be_sent_any_more(given: dict[str, Any], *, is_over: bool) -> None:
    """What came since is not of it, so that it ends under constant traffic."""
    flush = Flush({"p-1": 5}, NOW)
    assert flush.note(flush.watched(), [prospect(**given)]) is not is_over
    assert (flush.watched() == []) is is_over


def test_a_pin_that_is_gone_is_not_waited_for() -> None:
    """Nobody can send it."""
    flush = Flush({"p-1": 5}, NOW)
    assert not flush.note(["p-1"], [])


def test_of_many_pins_the_last_are_watched() -> None:
    """So a look costs the same for any number; those that are done are never looked at again."""
    pins = {f"p-{number}": 5 for number in range(1000)}
    flush = Flush(pins, NOW)
    watched = flush.watched()
    assert watched == [f"p-{number}" for number in range(999, 999 - WATCHED, -1)]
    assert flush.note(watched, [prospect(pin=pin) for pin in watched])
    assert flush.watched() == watched
    assert not flush.note(watched, [prospect(pin=pin, sent_revision=5, at=None) for pin in watched])
    assert flush.watched()[0] == f"p-{999 - WATCHED}"


@pytest.mark.parametrize(
    ("state", "opens_at", "told"),
    [
        ("in_flight", None, "under way"),
        ("parked", LATE, "parked"),
        ("resting", LATE, "min_interval"),
        ("due", LATE, "the budget is spent"),
        ("due", None, "the time was over"),
    ],
)
def test_each_reason_is_told(state: Any, opens_at: datetime | None, told: str) -> None:
    """By what stands in the way of this pin first."""
    assert told in why(prospect(state=state), opens_at)


def test_of_many_pins_the_first_are_told() -> None:
    """The number is that of all."""
    answer: Any = Flushed(updated=1, due=105, first=(prospect(),), opens_at=None).to_json()
    assert (answer["updated"], answer["due"], len(answer["pins"])) == (1, 105, 1)
    assert answer["pins"][0]["next_at"] == NOW.isoformat()
