"""Claims and leases: which pin is tried next, by whom, and for how long.

What is due is read and decided first (`choose`, pure), then taken with a guard (`take`), so
that two who choose the same pin cannot both get it. A lease lasts `LEASE`; whoever holds it
for less than `NEEDED` any more must not begin a request.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, exists, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from bridge.store.budget import REQUEST_DEADLINE, Send, free_slots, next_slot_at
from bridge.store.due import Outlook, Standing, outlook
from bridge.store.instants import SECOND, maybe_instant
from bridge.store.records import Budget, Claim, Claimed
from bridge.store.tables import deliveries, pins, sends

LEASE = 60 * SECOND
"""How long a claim is ours."""

NEEDED = 25 * SECOND
"""What a request may need of a lease: its deadline, and room to record its end."""

DOUBT_REST = 20 * SECOND
"""How long a pin rests after a request of which nobody knows the outcome."""

_STANDING = (
    pins.c.pin,
    pins.c.mapping,
    pins.c.active,
    pins.c.revision,
    pins.c.changed_at,
    pins.c.wake_at,
    func.coalesce(deliveries.c.sent_revision, 0),
    deliveries.c.sent_hash,
    deliveries.c.attempted_at,
    deliveries.c.claim,
    deliveries.c.claim_until,
    deliveries.c.not_before,
    deliveries.c.parked_at,
    deliveries.c.parked_revision,
    deliveries.c.probe_at,
    deliveries.c.retry_on_change_at,
)
STANDINGS = select(*_STANDING).select_from(pins.outerjoin(deliveries, deliveries.c.pin == pins.c.pin))
"""One row for each pin, in the order of `Standing`'s fields."""

_OUTSTANDING = STANDINGS.where(
    pins.c.active == 1,
    or_(
        pins.c.revision > func.coalesce(deliveries.c.sent_revision, 0),
        deliveries.c.sent_hash.is_(None),
        pins.c.wake_at.is_not(None),
        deliveries.c.parked_at.is_not(None),
    ),
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a decision on claims rests on, read at one moment: pins with something ahead, budget, held claims."""

    standings: Sequence[Standing]
    sends: Sequence[Send]
    unbooked: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The pins to claim, whether some are left that are as due, and when to look again (microseconds)."""

    due: Sequence[tuple[Standing, Outlook]]
    left: bool
    next_at: int | None
    no_slot_until: int | None


def read_prospect(connection: Connection, budget: Budget, now: int) -> Prospect:
    """Read what may become a claim, and what of the budget is taken."""
    booked = exists().where(sends.c.claim == deliveries.c.claim)
    held = select(func.count()).where(deliveries.c.claim.is_not(None), deliveries.c.claim_until > now, ~booked)
    return Prospect(
        standings=[Standing(*tuple(row)) for row in connection.execute(_OUTSTANDING)],
        sends=read_sends(connection, budget, now),
        unbooked=connection.scalar(held) or 0,
    )


def read_sends(connection: Connection, budget: Budget, now: int) -> list[Send]:
    """Read the requests that still count in the budget's longest window."""
    longest = max(window.length_s for window in budget.windows) * SECOND
    counts = select(sends.c.booked_at, sends.c.ended_at, sends.c.tokens).where(
        sends.c.booked_at > now - longest - LEASE,
        func.coalesce(sends.c.ended_at, sends.c.booked_at + REQUEST_DEADLINE) > now - longest,
    )
    return [Send(*row) for row in connection.execute(counts)]


def choose(prospect: Prospect, budget: Budget, limit: int, now: int) -> Choice:
    """Decide which pins to claim: those due, the longest due first, as far as the budget has slots."""
    ahead = [(standing, found) for standing in prospect.standings if (found := outlook(standing)) is not None]
    due = sorted((entry for entry in ahead if entry[1].at <= now), key=lambda entry: (entry[1].rank, entry[0].pin))
    slots = free_slots(prospect.sends, budget, now)
    count = max(0, min(limit, slots - prospect.unbooked))
    return Choice(
        due=due[:count],
        left=len(due) > count,
        next_at=min((found.at for _, found in ahead if found.at > now), default=None),
        no_slot_until=next_slot_at(prospect.sends, budget, now) if due and not slots else None,
    )


def take(connection: Connection, choice: Choice, destination: str, now: int) -> Claimed:
    """Claim the chosen pins, less those that somebody else took meanwhile."""
    claims = [_take_one(connection, *entry, destination, now) for entry in choice.due]
    return replace(nothing(choice), claims=tuple(claim for claim in claims if claim is not None))


def nothing(choice: Choice) -> Claimed:
    """Give what follows from a choice that claims no pin."""
    next_at, no_slot_until = maybe_instant(choice.next_at), maybe_instant(choice.no_slot_until)
    return Claimed(claims=(), next_at=next_at, no_slot_until=no_slot_until, left=choice.left)


def _take_one(connection: Connection, standing: Standing, found: Outlook, destination: str, now: int) -> Claim | None:
    token = secrets.token_hex(8)
    fresh = insert(deliveries).values(
        pin=standing.pin,
        destination=destination,
        sent_revision=0,
        failures=0,
        code="",
        message="",
        claim=token,
        claim_until=now + LEASE,
    )
    taken = fresh.on_conflict_do_update(
        index_elements=[deliveries.c.pin],
        set_={"claim": fresh.excluded.claim, "claim_until": fresh.excluded.claim_until},
        where=or_(deliveries.c.claim.is_(None), deliveries.c.claim_until <= now),
    ).returning(deliveries.c.sent_hash, deliveries.c.failures, deliveries.c.parked_at)
    row = connection.execute(taken).one_or_none()
    if row is None:
        return None
    return Claim(
        pin=standing.pin,
        mapping=standing.mapping,
        token=token,
        reason=found.reason,
        revision=standing.revision,
        sent_hash=row.sent_hash,
        failures=row.failures,
        parked=row.parked_at is not None,
    )
