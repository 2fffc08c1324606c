"""One way for all tests to make an event: only what a test is about is written there."""

from datetime import UTC, datetime
from typing import Any

from bridge.events import Event

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def an_event(**given: Any) -> Event:
    """Give an event of the source `shop`, arrived at noon, that is recognised by nothing and says nothing."""
    fields: dict[str, Any] = {
        "source": "shop",
        "type": "sale",
        "id": "evt_1",
        "dedup_key": None,
        "dedup_window_s": None,
        "at": None,
        "received_at": NOON,
        "tolerance_s": 300,
        "content_type": "application/json",
        "headers": {},
        "query": {},
        "body": b"",
        "payload": None,
    }
    return Event(**fields | given)
