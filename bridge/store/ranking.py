"""The due order of `due.py` in SQL, so that a look costs what it takes and not what waits.

The database finds out when each pin is due and in which order; only the first few rows come
here, and `outlook` says the rest of them. A test holds both against each other.
"""

from collections.abc import Collection, Mapping
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, literal, literal_column, or_, select

from bridge.store.due import AGEING, Outlook, Standing, outlook, without_pace
from bridge.store.records import PinState
from bridge.store.tables import deliveries, generations, pins

_sent_revision = func.coalesce(deliveries.c.sent_revision, 0)

# A list, and not a look-up for each pin: it is nearly always empty.
_being_built = select(generations.c.mapping).where(generations.c.status == literal_column("'building'"))
is_rebuilding = pins.c.mapping.in_(_being_built)

STANDINGS = select(
    pins.c.pin,
    pins.c.mapping,
    pins.c.active,
    is_rebuilding.label("rebuilding"),
    pins.c.revision,
    pins.c.changed_at,
    pins.c.wake_at,
    pins.c.heard_at,
    pins.c.stale_at,
    _sent_revision.label("sent_revision"),
    deliveries.c.sent_hash,
    deliveries.c.stale_since,
    deliveries.c.attempted_at,
    deliveries.c.claim,
    deliveries.c.claim_until,
    deliveries.c.not_before,
    deliveries.c.parked_at,
    deliveries.c.parked_revision,
    deliveries.c.probe_at,
    deliveries.c.retry_on_change_at,
).select_from(pins.outerjoin(deliveries, deliveries.c.pin == pins.c.pin))
"""One row for each pin, in the order of `Standing`'s fields."""

Instant = ColumnElement[Any]
"""Microseconds, or NULL."""


def _later(one: Instant, other: Instant) -> Instant:
    """Give the later of two instants; NULL where `one` is."""
    return case((one < other, other), else_=one)


_claimed_until = case((deliveries.c.claim.is_not(None), func.coalesce(deliveries.c.claim_until, 0)), else_=0)
_floor = _later(func.coalesce(deliveries.c.not_before, 0), _claimed_until)
_has_moved = pins.c.revision > _sent_revision
_has_moved_on = pins.c.revision > func.coalesce(deliveries.c.parked_revision, 0)

_called_at = case(
    (
        deliveries.c.parked_at.is_not(None),
        case((_has_moved_on, _later(deliveries.c.retry_on_change_at, pins.c.changed_at))),
    ),
    (_has_moved, pins.c.changed_at),
    (deliveries.c.sent_hash.is_(None), func.coalesce(deliveries.c.attempted_at, pins.c.changed_at)),
)
"""When an event, or a doubt, asks for the pin."""

_turns_at = case(
    (deliveries.c.stale_since.is_(None), pins.c.stale_at),
    (pins.c.stale_at != deliveries.c.stale_since, pins.c.heard_at),
)
"""When the pin turns stale, or was heard after it did; NULL where it was rendered as it will stay."""

_woken_at = case((pins.c.wake_at.is_(None), _turns_at), (_turns_at < pins.c.wake_at, _turns_at), else_=pins.c.wake_at)

_timed_at = case((deliveries.c.parked_at.is_not(None), deliveries.c.probe_at), else_=_woken_at)
"""When time alone asks for it."""

_outstanding = (
    STANDINGS.add_columns(
        _later(_called_at, _floor).label("called_at"),
        _later(_timed_at, _floor).label("timed_at"),
    )
    .where(
        pins.c.active == 1,
        ~is_rebuilding,
        or_(
            _has_moved,
            deliveries.c.sent_hash.is_(None),
            _woken_at.is_not(None),
            deliveries.c.parked_at.is_not(None),
        ),
    )
    .subquery()
)
_every = (
    select(
        pins.c.active,
        is_rebuilding.label("rebuilding"),
        _claimed_until.label("claimed_until"),
        deliveries.c.parked_at,
        _later(_called_at, _floor).label("called_at"),
        _later(_timed_at, _floor).label("timed_at"),
    )
    .select_from(pins.outerjoin(deliveries, deliveries.c.pin == pins.c.pin))
    .subquery()
)


def _is_called(standings: Subquery) -> ColumnElement[bool]:
    """Tell whether a call goes before what time alone asks for."""
    return or_(standings.c.timed_at.is_(None), standings.c.called_at <= standings.c.timed_at + AGEING)


def _at(standings: Subquery, *, ageing: int = 0) -> Instant:
    """Say when pins are due; those that time asks for count as later by `ageing`."""
    return case((_is_called(standings), standings.c.called_at), else_=standings.c.timed_at + ageing)


_due_at = _at(_outstanding)
_rank = _at(_outstanding, ageing=AGEING)
_every_due_at = _at(_every)
_fields = [column for column in _outstanding.c if column.key not in {"called_at", "timed_at"}]


def read_due(connection: Connection, limit: int, now: int) -> list[tuple[Standing, Outlook]]:
    """Read the first `limit` pins that are due, in the order in which they are tried."""
    query = select(*_fields).where(_due_at <= now).order_by(_rank, _outstanding.c.pin).limit(limit)
    standings = [Standing(*row) for row in connection.execute(query)]
    return [(standing, found) for standing in standings if (found := outlook(standing)) is not None]


def read_hurried(connection: Connection, wanted: Collection[str], now: int) -> list[tuple[Standing, Outlook]]:
    """Read those of the wanted pins that are due, whatever their pace."""
    standings = [without_pace(each) for each in read_standings(connection, wanted)]
    return [(each, found) for each in standings if (found := outlook(each)) is not None and found.at <= now]


def read_standings(connection: Connection, wanted: Collection[str]) -> list[Standing]:
    """Read how these pins stand; those that there never were are left out."""
    return [Standing(*row) for row in connection.execute(STANDINGS.where(pins.c.pin.in_(wanted)))]


def read_lacking(connection: Connection, now: int) -> dict[str, int]:
    """Read the pins of which the dashboard lacks something now, with their revisions, in the order of their turns.

    No more of each is read, since there may be tens of thousands.
    """
    is_in_flight = and_(_outstanding.c.claim.is_not(None), _outstanding.c.claim_until > now)
    is_behind = _outstanding.c.revision > _outstanding.c.sent_revision
    lacks = or_(is_behind, is_in_flight, _outstanding.c.parked_at.is_not(None), _due_at <= now)
    query = select(_outstanding.c.pin, _outstanding.c.revision).where(lacks).order_by(_rank, _outstanding.c.pin)
    return {row.pin: row.revision for row in connection.execute(query)}


def read_next_at(connection: Connection, now: int) -> int | None:
    """Say when the earliest pin that is not due yet is due; None where nothing lies ahead."""
    moment: int | None = connection.scalar(select(func.min(_due_at)).where(_due_at > now))
    return moment


def count_standings(connection: Connection, now: int) -> tuple[Mapping[PinState, int], int | None]:
    """Count the pins in each state, and say since when the longest due one has been due; None where none is."""
    state = case(
        (_every.c.active != 1, literal("dormant")),
        (_every.c.claimed_until > now, literal("in_flight")),
        (_every.c.rebuilding, literal("rebuilding")),
        (_every.c.parked_at.is_not(None), literal("parked")),
        (_every_due_at <= now, literal("due")),
        (_every_due_at.is_(None), literal("shown")),
        (_is_called(_every), literal("resting")),
        else_=literal("shown"),
    ).label("state")
    rows = connection.execute(select(state, func.count(), func.min(_every_due_at)).group_by(state)).all()
    counts: dict[PinState, int] = dict.fromkeys(get_args(PinState), 0) | {state: count for state, count, _ in rows}
    return counts, next((due_at for state, _, due_at in rows if state == "due"), None)
