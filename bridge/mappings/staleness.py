"""When silence makes a pin stale: pure, the clock is passed in.

A pin with `stale_after` is heard with every delivery that one of its triggers matches, by arrival,
repeated deliveries included. It turns stale once nothing was heard for that long.
"""

from datetime import datetime, timedelta

GRACE_S = 600
"""What senders get at most, after a start of the bridge, to repeat what they could not deliver before it."""


def stale_at(stale_after_s: int, *, heard_at: datetime, started_at: datetime | None = None) -> datetime:
    """Say when a pin turns stale, if nothing more is heard.

    `heard_at` is when it was last heard, or, where it never was, since when its mapping has been
    loaded. `started_at` is when the bridge began to listen (None: long before): it listens for
    `stale_after_s` or `GRACE_S`, whichever is less, before any pin turns stale.
    """
    silent_until = heard_at + timedelta(seconds=stale_after_s)
    if started_at is None:
        return silent_until
    return max(silent_until, started_at + timedelta(seconds=min(stale_after_s, GRACE_S)))


def stale_since(turns_at: datetime | None, now: datetime) -> datetime | None:
    """Say since when a pin that turns stale at a moment (None: never) is stale; None while it is not."""
    return turns_at if turns_at is not None and turns_at <= now else None
