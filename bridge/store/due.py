"""When a pin is due, why, and in which order: pure, in microseconds.

A pin is due when an event moved it past what was sent, when its time has come (to be rendered again, to
turn stale, to be stale no more), or when its last send is in doubt; never while it rests or is claimed.
A parked pin waits for its probe, or for new content where that may help. While something of its mapping is rebuilt,
a pin keeps what it shows. `ranking.py` says the same in SQL.
"""

from dataclasses import dataclass, replace

from bridge.instants import SECOND
from bridge.store.records import PinState, Reason

AGEING = 60 * SECOND
"""What moved by time alone stands behind what moved by an event, until it has waited this much longer."""

_AGEING: dict[Reason, int] = {"event": 0, "doubt": 0, "time": AGEING, "probe": AGEING}


@dataclass(frozen=True, slots=True)
class Standing:
    """What `pins` and `deliveries` say of one pin, in the order in which the query gives it."""

    pin: str
    mapping: str
    active: int
    rebuilding: int
    revision: int
    changed_at: int
    wake_at: int | None
    heard_at: int | None
    stale_at: int | None
    sent_revision: int
    sent_hash: bytes | None
    stale_since: int | None
    attempted_at: int | None
    claim: str | None
    claim_until: int | None
    not_before: int | None
    parked_at: int | None
    parked_revision: int | None
    probe_at: int | None
    retry_on_change_at: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The moment at which a pin is due, why, and its place in the order (the lower goes first)."""

    at: int
    rank: int
    reason: Reason


def outlook(standing: Standing) -> Outlook | None:
    """Say when a pin is due; None where nothing lies ahead of it."""
    if not standing.active or standing.rebuilding:
        return None
    floor = max(standing.not_before or 0, _claimed_until(standing))
    calls = _calls_of_parked(standing) if standing.parked_at is not None else _calls(standing)
    return min(
        (Outlook(max(at, floor), max(at, floor) + _AGEING[reason], reason) for reason, at in calls),
        key=lambda found: found.rank,
        default=None,
    )


def without_pace(standing: Standing) -> Standing:
    """Give a pin's standing but for the rest after a look that ended well: that one is a matter of pace alone.

    After any other end it is not known what the dashboard shows, or the pin is parked, and the rest stays.
    """
    ended_well = standing.sent_hash is not None and standing.parked_at is None
    return replace(standing, not_before=None) if ended_well else standing


def state_of(standing: Standing, now: int) -> PinState:
    """Put a pin's standing into one word."""
    ahead = outlook(standing)
    if not standing.active:
        return "dormant"
    if _claimed_until(standing) > now:
        return "in_flight"
    if standing.rebuilding:
        return "rebuilding"
    if standing.parked_at is not None:
        return "parked"
    if ahead is not None and ahead.at <= now:
        return "due"
    return "shown" if ahead is None or ahead.reason == "time" else "resting"


def _claimed_until(standing: Standing) -> int:
    return standing.claim_until or 0 if standing.claim is not None else 0


def _calls(standing: Standing) -> list[tuple[Reason, int]]:
    calls: list[tuple[Reason, int]] = []
    if standing.revision > standing.sent_revision:
        calls.append(("event", standing.changed_at))
    elif standing.sent_hash is None:
        calls.append(("doubt", standing.changed_at if standing.attempted_at is None else standing.attempted_at))
    if standing.wake_at is not None:
        calls.append(("time", standing.wake_at))
    if (turns_at := _turns_at(standing)) is not None:
        calls.append(("time", turns_at))
    return calls


def _turns_at(standing: Standing) -> int | None:
    """Say when a pin turns stale, or was heard after it did; None where it was rendered as it will stay."""
    if standing.stale_since is None or standing.stale_at is None:
        return standing.stale_at
    return standing.heard_at if standing.stale_at != standing.stale_since else None


def _calls_of_parked(standing: Standing) -> list[tuple[Reason, int]]:
    calls: list[tuple[Reason, int]] = []
    if standing.retry_on_change_at is not None and standing.revision > (standing.parked_revision or 0):
        calls.append(("event", max(standing.changed_at, standing.retry_on_change_at)))
    if standing.probe_at is not None:
        calls.append(("probe", standing.probe_at))
    return calls
