"""Claims and leases: which pin is tried next, by whom, and for how long.

What to claim is read first (`choose`), then taken with a guard (`take`), so that two who choose
the same pin cannot both get it. A lease lasts `LEASE_S`; whoever holds it for less than `NEEDED_S`
any more must not begin a request.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, exists, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from bridge.instants import SECOND, maybe_instant
from bridge.store.budget import REQUEST_DEADLINE, Send, free_slots, next_slot_at
from bridge.store.due import Outlook, Standing
from bridge.store.protocol import LEASE_S
from bridge.store.ranking import is_rebuilding, read_due, read_hurried, read_next_at
from bridge.store.records import Budget, Claim, Claimed
from bridge.store.tables import deliveries, pins, sends

LEASE = LEASE_S * SECOND


@dataclass(frozen=True, slots=True)
class Choice:
    """The pins to claim, whether some are left that are as due, and when to look again (microseconds)."""

    due: Sequence[tuple[Standing, Outlook]]
    left: bool
    next_at: int | None
    no_slot_until: int | None


def choose(connection: Connection, budget: Budget, limit: int, now: int, hurried: Collection[str] = ()) -> Choice:
    """Decide which pins to claim: those due, the longest due first, as far as the budget has slots.

    Those that are `hurried` are due whatever their pace; they go before none that has been due for longer.
    """
    log = read_sends(connection, budget, now)
    slots = free_slots(log, budget, now)
    count = max(0, min(limit, slots - _promised(connection, now)))
    due = read_due(connection, count + 1, now)
    if hurried:
        found = {standing.pin: (standing, ahead) for standing, ahead in (*due, *read_hurried(connection, hurried, now))}
        due = sorted(found.values(), key=_rank)[: count + 1]
    return Choice(
        due=due[:count],
        left=len(due) > count,
        next_at=read_next_at(connection, now),
        no_slot_until=next_slot_at(log, budget, now) if due and not slots else None,
    )


def read_sends(connection: Connection, budget: Budget, now: int) -> list[Send]:
    """Read the requests that still count in the budget's longest window."""
    longest = max(window.length_s for window in budget.windows) * SECOND
    counts = select(sends.c.booked_at, sends.c.ended_at, sends.c.tokens).where(
        sends.c.booked_at > now - longest - LEASE,
        func.coalesce(sends.c.ended_at, sends.c.booked_at + REQUEST_DEADLINE) > now - longest,
    )
    return [Send(*row) for row in connection.execute(counts)]


def take(connection: Connection, choice: Choice, destination: str, now: int) -> Claimed:
    """Claim the chosen pins, less those that somebody else took meanwhile, or a reload put to sleep."""
    claims = [
        _take_one(connection, standing, found, destination, now)
        for standing, found in choice.due
        if is_shown_by(connection, standing.pin, standing.mapping)
    ]
    return replace(nothing(choice), claims=tuple(claim for claim in claims if claim is not None))


def nothing(choice: Choice) -> Claimed:
    """Give what follows from a choice that claims no pin."""
    next_at, no_slot_until = maybe_instant(choice.next_at), maybe_instant(choice.no_slot_until)
    return Claimed(claims=(), next_at=next_at, no_slot_until=no_slot_until, left=choice.left)


def is_shown_by(connection: Connection, pin: str, mapping: str) -> bool:
    """Tell whether a pin is awake, this mapping's, and not kept as it is for a rebuild, at this moment."""
    shown = select(pins.c.pin).where(pins.c.pin == pin, pins.c.mapping == mapping, pins.c.active == 1, ~is_rebuilding)
    return connection.scalar(shown) is not None


def _rank(found: tuple[Standing, Outlook]) -> tuple[int, str]:
    standing, ahead = found
    return ahead.rank, standing.pin


def _promised(connection: Connection, now: int) -> int:
    """Count the claims that are held and will want a slot."""
    booked = exists().where(sends.c.claim == deliveries.c.claim)
    held = select(func.count()).where(deliveries.c.claim.is_not(None), deliveries.c.claim_until > now, ~booked)
    promised: int = connection.execute(held).scalar_one()
    return promised


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
    ).returning(
        deliveries.c.sent_hash,
        deliveries.c.failures,
        deliveries.c.parked_at,
        deliveries.c.parked_revision,
        deliveries.c.stale_since,
    )
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
        troubled=row.parked_revision is not None,
        stale_since=maybe_instant(row.stale_since),
    )
