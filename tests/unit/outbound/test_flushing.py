"""When a flush is over, what the dashboard lacks then, and why."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from support.prospects import NOW, prospect

from bridge.outbound.flushing import FLUSH_S, MOST_TOLD, Flush, Flushed, lacks, why

SOON, LATE = NOW + timedelta(seconds=2), NOW + timedelta(seconds=FLUSH_S + 1)


@pytest.mark.parametrize(
    ("given", "opens_at", "is_over"),
    [
        ({}, None, False),
        ({}, SOON, False),
        ({}, LATE, True),
        ({"state": "in_flight", "at": LATE}, None, False),
        ({"state": "resting", "at": SOON}, None, False),
        ({"state": "resting", "at": LATE}, None, True),
        ({"state": "parked", "at": None}, None, True),
        ({"sent_revision": 5, "at": SOON, "state": "shown"}, None, True),
        ({"sent_revision": 5, "revision": 6, "at": SOON}, None, True),
        ({"sent_revision": 5, "at": NOW}, None, False),
    ],
)
def test_a_flush_is_over_when_nothing_of_it_can_be_sent_any_more(
    given: dict[str, Any], opens_at: datetime | None, *, is_over: bool
) -> None:
    """What came since is not of it, so that it ends under constant traffic."""
    assert Flush([prospect()], NOW).is_over([prospect(**given)], opens_at) is is_over


def test_what_time_will_bring_is_not_waited_for() -> None:
    """What rests for a moment and lacks a change is."""
    ahead = prospect(at=SOON, sent_revision=5)
    assert Flush([ahead], NOW).is_over([ahead], None)
    resting = prospect(at=SOON, state="resting")
    assert not Flush([resting], NOW).is_over([resting], None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"sent_revision": 5, "at": LATE}, False),
        ({"sent_revision": 5, "at": NOW}, True),
        ({"sent_revision": 5, "at": LATE, "state": "parked"}, True),
    ],
)
def test_what_time_will_bring_is_not_lacking_yet(given: dict[str, Any], *, expected: bool) -> None:
    """What an event brought is, and so is whatever is parked."""
    assert lacks(prospect(**given), NOW) is expected


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
    due = tuple(prospect(pin=f"p-{number}") for number in range(MOST_TOLD + 5))
    answer: Any = Flushed(updated=1, due=due, opens_at=None).to_json()
    assert (answer["updated"], answer["due"], len(answer["pins"])) == (1, MOST_TOLD + 5, MOST_TOLD)
    assert answer["pins"][0]["next_at"] == NOW.isoformat()
