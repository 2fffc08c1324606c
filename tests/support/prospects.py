"""A pin as the store sees it, for those who judge it."""

from datetime import UTC, datetime
from typing import Any

from bridge.store import Prospect

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def prospect(**given: Any) -> Prospect:
    """Give a pin that is due now, one revision behind."""
    fields: dict[str, Any] = {
        "pin": "p-1",
        "mapping": "sales",
        "state": "due",
        "is_rebuilding": False,
        "revision": 5,
        "sent_revision": 4,
        "at": NOW,
    }
    return Prospect(**fields | given)
