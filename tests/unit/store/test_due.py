"""When a pin is due, why, and what its state is called, case by case."""

from typing import Any

import pytest

from bridge.store.due import AGEING, Outlook, Standing, outlook, state_of


def standing(**fields: Any) -> Standing:
    """Give a pin that was delivered at revision 5 and is at peace."""
    given: dict[str, Any] = {
        "pin": "p-1",
        "mapping": "sales",
        "active": 1,
        "rebuilding": 0,
        "revision": 5,
        "changed_at": 100,
        "wake_at": None,
        "heard_at": None,
        "stale_at": None,
        "sent_revision": 5,
        "sent_hash": b"h",
        "stale_since": None,
        "attempted_at": 150,
        "claim": None,
        "claim_until": None,
        "not_before": None,
        "parked_at": None,
        "parked_revision": None,
        "probe_at": None,
        "retry_on_change_at": None,
    }
    return Standing(**given | fields)


HEARD: dict[str, Any] = {"heard_at": 300, "stale_at": 500}
PARKED = {"parked_at": 200, "parked_revision": 5, "sent_hash": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"revision": 6}, Outlook(100, 100, "event")),
        ({"revision": 6, "active": 0}, None),
        ({"revision": 6, "wake_at": 90, "rebuilding": 1}, None),
        ({"sent_hash": None}, Outlook(150, 150, "doubt")),
        ({"sent_hash": None, "attempted_at": None}, Outlook(100, 100, "doubt")),
        ({"wake_at": 500}, Outlook(500, 500 + AGEING, "time")),
        (HEARD, Outlook(500, 500 + AGEING, "time")),
        (HEARD | {"wake_at": 400}, Outlook(400, 400 + AGEING, "time")),
        (HEARD | {"stale_since": 500}, None),
        (HEARD | {"stale_since": 250}, Outlook(300, 300 + AGEING, "time")),
        (HEARD | {"stale_since": 250, "not_before": 350}, Outlook(350, 350 + AGEING, "time")),
        ({"stale_since": 250}, None),
        ({"revision": 6, "wake_at": 90}, Outlook(100, 100, "event")),
        ({"revision": 6, "changed_at": 100 + 2 * AGEING, "wake_at": 90}, Outlook(90, 90 + AGEING, "time")),
        ({"revision": 6, "not_before": 400}, Outlook(400, 400, "event")),
        ({"revision": 6, "claim": "t", "claim_until": 900, "not_before": 400}, Outlook(900, 900, "event")),
        ({"revision": 6, "claim_until": 900}, Outlook(100, 100, "event")),
        (PARKED, None),
        (PARKED | {"revision": 6}, None),
        (PARKED | {"wake_at": 90}, None),
        (PARKED | HEARD, None),
        (PARKED | {"probe_at": 700}, Outlook(700, 700 + AGEING, "probe")),
        (PARKED | {"probe_at": 700, "not_before": 800}, Outlook(800, 800 + AGEING, "probe")),
        (PARKED | {"probe_at": 900, "retry_on_change_at": 300}, Outlook(900, 900 + AGEING, "probe")),
        (PARKED | {"probe_at": 900, "retry_on_change_at": 300, "revision": 6}, Outlook(300, 300, "event")),
        (PARKED | {"retry_on_change_at": 300, "revision": 6, "changed_at": 350}, Outlook(350, 350, "event")),
    ],
)
def test_when_and_why_a_pin_is_due(fields: dict[str, Any], expected: Outlook | None) -> None:
    """Its earliest claim to attention, after every rest and lease."""
    assert outlook(standing(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "shown"),
        ({"wake_at": 2000}, "shown"),
        ({"wake_at": 900}, "due"),
        ({"heard_at": 300, "stale_at": 2000}, "shown"),
        (HEARD, "due"),
        (HEARD | {"stale_since": 500}, "shown"),
        (HEARD | {"stale_since": 250}, "due"),
        ({"revision": 6}, "due"),
        ({"revision": 6, "not_before": 2000}, "resting"),
        ({"sent_hash": None, "not_before": 2000}, "resting"),
        ({"revision": 6, "claim": "t", "claim_until": 2000}, "in_flight"),
        ({"revision": 6, "claim": "t", "claim_until": 1000}, "due"),
        (PARKED | {"probe_at": 900}, "parked"),
        ({"revision": 6, "active": 0}, "dormant"),
        ({"revision": 6, "active": 0, "rebuilding": 1}, "dormant"),
        ({"revision": 6, "rebuilding": 1}, "rebuilding"),
        ({"revision": 6, "claim": "t", "claim_until": 2000, "rebuilding": 1}, "in_flight"),
        (PARKED | {"probe_at": 900, "rebuilding": 1}, "rebuilding"),
    ],
)
def test_the_state_in_one_word(fields: dict[str, Any], expected: str) -> None:
    """What a person is told about the pin now, at 1000."""
    assert state_of(standing(**fields), 1000) == expected
