"""Where events, what they changed, and what was sent are kept.

One transaction remembers a delivery, journals it, folds it and bumps the pins it touches;
only then is the webhook answered. Nothing here knows HTTP or renders.
"""

from bridge.store.protocol import DOUBT_REST_S, LEASE_S, NEEDED_S, REQUEST_DEADLINE_S
from bridge.store.reader import Reader, open_readonly
from bridge.store.records import (
    ActivePin,
    AttemptRecord,
    Booking,
    Budget,
    Claim,
    Claimed,
    EventRecord,
    Lost,
    NoSlot,
    PinRecord,
    PinState,
    Reason,
    Rest,
    Settlement,
    Snapshot,
)
from bridge.store.side_files import Running, read_running
from bridge.store.store import Store

__all__ = [
    "DOUBT_REST_S",
    "LEASE_S",
    "NEEDED_S",
    "REQUEST_DEADLINE_S",
    "ActivePin",
    "AttemptRecord",
    "Booking",
    "Budget",
    "Claim",
    "Claimed",
    "EventRecord",
    "Lost",
    "NoSlot",
    "PinRecord",
    "PinState",
    "Reader",
    "Reason",
    "Rest",
    "Running",
    "Settlement",
    "Snapshot",
    "Store",
    "open_readonly",
    "read_running",
]
