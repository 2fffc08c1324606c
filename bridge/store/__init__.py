"""Where events, what they changed, and what was sent are kept.

One transaction remembers a delivery, journals it, folds it and bumps the pins it touches;
only then is the webhook answered. Nothing here knows HTTP or renders.
"""

from bridge.store.records import (
    ActivePin,
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

__all__ = [
    "ActivePin",
    "Booking",
    "Budget",
    "Claim",
    "Claimed",
    "EventRecord",
    "Lost",
    "NoSlot",
    "PinRecord",
    "PinState",
    "Reason",
    "Rest",
    "Settlement",
    "Snapshot",
]
