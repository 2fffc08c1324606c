"""Booking a request and settling what became of it; jobs of the writer.

Everything is guarded by the claim's token: who lost the claim may still record that a request
ended, but changes nothing of the pin.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from bridge.instants import SECOND, maybe_micros, to_instant, to_micros
from bridge.store.budget import REQUEST_DEADLINE, free_slots, next_slot_at
from bridge.store.claims import LEASE, is_shown_by, read_sends
from bridge.store.protocol import DOUBT_REST_S, NEEDED_S
from bridge.store.records import Booking, Budget, Claim, Lost, NoSlot, Rest, Settlement
from bridge.store.tables import attempts, deliveries, pins, sends

DOUBT_REST = DOUBT_REST_S * SECOND

NEEDED = NEEDED_S * SECOND

KEPT = 3600 * SECOND
"""How long sends are kept at least, so that a longer window can be configured at the next start."""

_FREE: dict[str, Any] = {"claim": None, "claim_until": None}
_AT_PEACE: dict[str, Any] = {
    "failures": 0,
    "parked_at": None,
    "probe_at": None,
    "retry_on_change_at": None,
    "status": None,
    "code": "",
    "message": "",
}
_CONFIRMED: dict[str, Any] = {**_AT_PEACE, "parked_revision": None}
"""At peace, and known to be: until then a pin that was parked counts as in trouble, whoever tries it again."""


def book(connection: Connection, claim: Claim, budget: Budget, now: int) -> Booking | NoSlot | Lost:
    """Pay for a request right before it goes out, if the claim and the budget allow it.

    A pin that a reload put to sleep since it was claimed is not written to any more.

    From here on nobody knows what the dashboard shows, until a settlement says so. Where none ever
    does, and whoever holds the claim then, nothing follows before this request has ended and rested.
    """
    until = connection.scalar(select(deliveries.c.claim_until).where(_held(claim)))
    if until is None:
        return Lost()
    if until - now < NEEDED or not is_shown_by(connection, claim.pin, claim.mapping):
        release(connection, claim)
        return Lost()
    log = read_sends(connection, budget, now)
    if not free_slots(log, budget, now):
        return NoSlot(until=to_instant(next_slot_at(log, budget, now)))
    _forget_old(connection, budget, now)
    sent = insert(sends).values(pin=claim.pin, claim=claim.token, tokens=budget.cost, booked_at=now)
    number = connection.execute(sent.returning(sends.c.number)).scalar_one()
    ended_at = now + REQUEST_DEADLINE
    doubt = {"sent_hash": None, "attempted_at": ended_at, "not_before": ended_at + DOUBT_REST}
    connection.execute(update(deliveries).where(_held(claim)).values(doubt))
    return Booking(number=number, claim=claim, booked_at=to_instant(now))


def settle(connection: Connection, booking: Booking, settlement: Settlement, destination: str, now: int) -> None:
    """Record how a booked request ended, and what follows for its pin."""
    claim = booking.claim
    connection.execute(update(sends).where(sends.c.number == booking.number).values(ended_at=now))
    connection.execute(
        insert(attempts).values(
            pin=claim.pin,
            started_at=to_micros(booking.booked_at),
            ended_at=now,
            outcome=settlement.outcome,
            revision=settlement.revision,
            status=settlement.status,
            code=settlement.code,
            message=settlement.message,
        )
    )
    changes: dict[str, Any] = {
        "not_before": maybe_micros(settlement.next_at),
        "attempted_at": now,
        "stale_since": maybe_micros(settlement.stale_since),
    }
    if settlement.outcome == "delivered":
        changes |= {
            **_CONFIRMED,
            "sent_revision": settlement.revision,
            "sent_hash": settlement.body_hash,
            "destination": destination,
            "delivered_at": now,
        }
    else:
        changes |= _failure(settlement, now)
    _give_back(connection, claim, changes, settlement.wake_at)


def settle_unchanged(connection: Connection, claim: Claim, revision: int, rest: Rest) -> None:
    """Record that the dashboard shows this revision already; a pin that was set aside is at peace again."""
    changes = {
        **_CONFIRMED,
        "sent_revision": revision,
        "not_before": maybe_micros(rest.next_at),
        "stale_since": maybe_micros(rest.stale_since),
    }
    _give_back(connection, claim, changes, rest.wake_at)


def park(connection: Connection, claim: Claim, settlement: Settlement, now: int) -> None:
    """Set a pin aside that could not even be rendered; what the dashboard shows stays known."""
    changes = {"not_before": maybe_micros(settlement.next_at), **_failure(settlement, now)}
    _give_back(connection, claim, changes, settlement.wake_at)


def release(connection: Connection, claim: Claim) -> None:
    """Give a claim back with nothing done; the pin is as due as it was."""
    connection.execute(update(deliveries).where(_held(claim)).values(_FREE))


def retry(connection: Connection, wanted: Collection[str] | None, now: int) -> list[str]:
    """Make parked and failing pins due now, all of them or those named; gives those that were.

    A request whose outcome nobody knows keeps its rest.
    """
    chosen = or_(deliveries.c.parked_at.is_not(None), deliveries.c.failures > 0)
    if wanted is not None:
        chosen = and_(chosen, deliveries.c.pin.in_(wanted))
    rested_at = deliveries.c.attempted_at + DOUBT_REST
    in_doubt = and_(deliveries.c.sent_hash.is_(None), rested_at > now)
    due = (
        update(deliveries)
        .where(chosen)
        .values({**_AT_PEACE, "sent_revision": 0, "not_before": case((in_doubt, rested_at))})
    )
    return sorted(connection.scalars(due.returning(deliveries.c.pin)))


def _failure(settlement: Settlement, now: int) -> dict[str, Any]:
    """Give the columns that tell a failure; a pin that was parked already is parked since then."""
    failure = {
        **_AT_PEACE,
        "failures": settlement.failures,
        "status": settlement.status,
        "code": settlement.code,
        "message": settlement.message,
    }
    if settlement.outcome != "parked":
        return failure
    return failure | {
        "parked_at": func.coalesce(deliveries.c.parked_at, now),
        "parked_revision": settlement.revision,
        "probe_at": maybe_micros(settlement.probe_at),
        "retry_on_change_at": maybe_micros(settlement.retry_on_change_at),
    }


def _give_back(connection: Connection, claim: Claim, changes: dict[str, Any], wake_at: datetime | None) -> None:
    """End a claim with what became of its pin, if it is still ours."""
    ended = connection.execute(update(deliveries).where(_held(claim)).values({**changes, **_FREE}))
    if ended.rowcount:
        connection.execute(update(pins).where(pins.c.pin == claim.pin).values(wake_at=maybe_micros(wake_at)))


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(deliveries.c.pin == claim.pin, deliveries.c.claim == claim.token)


def _forget_old(connection: Connection, budget: Budget, now: int) -> None:
    """Delete the sends that no window counts any more."""
    longest = max(KEPT, *(window.length_s * SECOND for window in budget.windows))
    connection.execute(delete(sends).where(sends.c.booked_at <= now - longest - LEASE))
