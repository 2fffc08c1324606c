"""What a clock that was set back leaves behind: instants that lie ahead, and would hold pins and budget until then.

A machine that starts with its clock hours ahead, and is corrected, must not stand still for
hours. Nobody knows how long ago such an instant really was, so it counts as now: what was sent
weighs on the budget for one whole window from here, and every rest is over.
"""

from sqlalchemy import Column, Connection, Table, case, func, or_, select, update

from bridge.store.claims import LEASE
from bridge.store.tables import deliveries, pins, sends

TOLERATED = LEASE
"""A step no longer than this passes by itself, and is no longer than what stands still anyway."""

_PASSED = (
    (sends, sends.c.booked_at),
    (pins, pins.c.changed_at),
    (pins, pins.c.heard_at),
    (deliveries, deliveries.c.attempted_at),
)
"""What was always in the past when it was written."""

_AHEAD: tuple[tuple[Table, Column[int]], ...] = (
    *_PASSED,
    (pins, pins.c.wake_at),
    (deliveries, deliveries.c.not_before),
    (deliveries, deliveries.c.parked_at),
    (deliveries, deliveries.c.probe_at),
    (deliveries, deliveries.c.retry_on_change_at),
)


def was_set_back(connection: Connection, now: int) -> bool:
    """Say whether the database knows of something past that lies ahead."""
    newest = (connection.scalar(select(func.max(column))) for _, column in _PASSED)
    return any(instant is not None and instant > now + TOLERATED for instant in newest)


def bring_back(connection: Connection, now: int) -> None:
    """Let everything that lies ahead be now; claims end within a lease from now."""
    late = now + TOLERATED
    ended = or_(sends.c.booked_at > late, sends.c.ended_at > late)
    connection.execute(update(sends).where(ended).values(ended_at=case((sends.c.ended_at.is_not(None), now))))
    # Silence is as long as it was before: what was heard in the future was heard now.
    turned_back = {pins.c.stale_at: pins.c.stale_at - (pins.c.heard_at - now), pins.c.heard_at: now}
    connection.execute(update(pins).where(pins.c.heard_at > late).values(turned_back))
    for table, column in _AHEAD:
        connection.execute(update(table).where(column > late).values({column: now}))
    claimed_for_long = deliveries.c.claim_until > now + LEASE
    connection.execute(update(deliveries).where(claimed_for_long).values(claim_until=now + LEASE))
