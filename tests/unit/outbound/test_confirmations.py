"""Whether a pin shows a revision, or may in time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from support.prospects import NOW, prospect

from bridge.outbound.confirmations import Verdict, judge

UNTIL = NOW + timedelta(seconds=8)
LATER = NOW + timedelta(seconds=9)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "coming"),
        ({"sent_revision": 5, "at": None, "state": "shown"}, "shown"),
        ({"sent_revision": 7, "revision": 9}, "shown"),
        ({"mapping": "another"}, "shown"),
        ({"state": "dormant", "at": None}, "shown"),
        ({"state": "in_flight", "at": LATER}, "coming"),
        ({"state": "resting", "at": UNTIL}, "coming"),
        ({"state": "resting", "at": LATER}, "out of reach"),
        ({"state": "parked", "at": None}, "out of reach"),
        ({"state": "rebuilding", "is_rebuilding": True, "at": None}, "out of reach"),
        ({"state": "in_flight", "is_rebuilding": True, "sent_revision": 5}, "out of reach"),
    ],
)
def test_a_pin_is_judged_by_how_it_stands(given: dict[str, Any], verdict: Verdict) -> None:
    """A later revision is as good; one in flight is on its way; what is rebuilt does not know yet what it lacks."""
    assert judge(prospect(**given), "sales", 5, opens_at=None, until=UNTIL) == verdict


def test_a_pin_that_there_never_was_has_nothing_to_show() -> None:
    """An event that was refused for it made none."""
    assert judge(None, "sales", 0, opens_at=None, until=UNTIL) == "shown"


@pytest.mark.parametrize(("opens_at", "verdict"), [(UNTIL, "coming"), (LATER, "out of reach")])
def test_a_key_that_may_not_send_is_waited_for_within_the_time(opens_at: datetime, verdict: Verdict) -> None:
    """A pause, or a spent budget."""
    assert judge(prospect(), "sales", 5, opens_at=opens_at, until=UNTIL) == verdict
