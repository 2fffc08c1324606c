"""What a start or a reload does to the pins: claims of the predecessor, mappings, destination. Jobs of the writer."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from bridge.instants import maybe_instant, to_instant, to_micros
from bridge.mappings import stale_at
from bridge.store import generations, setback
from bridge.store.active_set import ActiveSet
from bridge.store.beginning import Loss
from bridge.store.tables import deliveries, pins

_UNPARKED: dict[str, Any] = {
    "sent_revision": 0,
    "failures": 0,
    "parked_at": None,
    "probe_at": None,
    "retry_on_change_at": None,
}
"""Due again, whatever held the pin back; a rest, and what the dashboard shows, stay."""


_KNOWN = select(pins, deliveries.c.stale_since).select_from(pins.outerjoin(deliveries, deliveries.c.pin == pins.c.pin))


class Moment(NamedTuple):
    """Now, and since when this process listens (microseconds)."""

    now: int
    started_at: int


class Activated(NamedTuple):
    """What events are folded by from now on, the pins that are due by it, and what new definitions lack."""

    active: ActiveSet
    moved: list[str]
    losses: tuple[Loss, ...]


def release_claims(connection: Connection) -> None:
    """Release every claim: the process that held it is gone. What it had booked rests, as its booking says."""
    held = deliveries.c.claim.is_not(None)
    connection.execute(update(deliveries).where(held).values(claim=None, claim_until=None))


def activate(connection: Connection, declared: ActiveSet, destination: str, moment: Moment) -> Activated:
    """Make the generations and the pins those of the loaded mappings; the pins that are new, changed or woken are due.

    What no loaded mapping may show any more sleeps, until one may again.
    """
    if setback.was_set_back(connection, moment.now):
        setback.bring_back(connection, moment.now)
    active, losses = generations.assign(connection, declared, moment.now)
    return Activated(active, _activate_pins(connection, active, destination, moment), losses)


def _activate_pins(connection: Connection, active: ActiveSet, destination: str, moment: Moment) -> list[str]:
    now = moment.now
    found = {row.pin: row for row in connection.execute(_KNOWN)}
    moved = []
    for pin, row in found.items():
        mapping = active.literal_pins.get(pin, row.mapping if active.has(pin, row.mapping) else None)
        if mapping is None:
            _put_to_sleep(connection, row)
        elif _keep(connection, row, mapping, active, moment):
            moved.append(pin)
    new = [
        {
            "pin": pin,
            "mapping": mapping,
            "active": 1,
            "revision": 1,
            "fingerprint": active.fingerprints[mapping],
            "changed_at": now,
            **_silence(active.stale_after_s.get(mapping), now, moment.started_at),
        }
        for pin, mapping in active.literal_pins.items()
        if pin not in found and mapping not in active.awaiting
    ]
    if new:
        connection.execute(insert(pins), new)
    elsewhere = update(deliveries).where(deliveries.c.destination != destination)
    connection.execute(elsewhere.values(destination=destination, sent_hash=None, **_UNPARKED))
    return [*moved, *(entry["pin"] for entry in new)]


def _put_to_sleep(connection: Connection, row: Any) -> None:
    if row.active:
        connection.execute(update(pins).where(pins.c.pin == row.pin).values(active=0))


def _keep(connection: Connection, row: Any, mapping: str, active: ActiveSet, moment: Moment) -> bool:
    """Put a known pin right: due where it slept or looks otherwise, heard where nobody listened; tell if it was not."""
    fingerprint = active.fingerprints[mapping]
    length_s = active.stale_after_s.get(mapping)
    values: dict[str, Any] = {"mapping": mapping, "active": 1, "fingerprint": fingerprint}
    if row.active and row.mapping == mapping and row.heard_at is not None:
        values |= _silence_goes_on(row, length_s, moment)
    else:
        values |= _silence(length_s, moment.now, moment.started_at)
    if not row.active or (row.mapping, row.fingerprint) != (mapping, fingerprint):
        # While it slept, changes may have been kept for it that it has not shown.
        values |= {"revision": row.revision + 1, "changed_at": moment.now}
        connection.execute(update(deliveries).where(deliveries.c.pin == row.pin).values(_UNPARKED))
    is_other = any(getattr(row, name) != value for name, value in values.items())
    if is_other:
        connection.execute(update(pins).where(pins.c.pin == row.pin).values(values))
    return is_other


def _silence_goes_on(row: Any, length_s: int | None, moment: Moment) -> dict[str, int | None]:
    """Count on from when a pin was last heard; one that was shown as stale stays so, whatever the grace."""
    was_shown = row.stale_since is not None and row.stale_since == row.stale_at
    if was_shown and length_s is not None and _turns_at(length_s, row.heard_at, None) <= moment.now:
        return {}
    return _silence(length_s, row.heard_at, moment.started_at)


def _silence(length_s: int | None, heard_at: int, started_at: int) -> dict[str, int | None]:
    """Give the columns of a pin that was last heard at a moment."""
    if length_s is None:
        return {"heard_at": None, "stale_at": None}
    return {"heard_at": heard_at, "stale_at": _turns_at(length_s, heard_at, started_at)}


def _turns_at(length_s: int, heard_at: int, started_at: int | None) -> int:
    turns_at = stale_at(length_s, heard_at=to_instant(heard_at), started_at=maybe_instant(started_at))
    return to_micros(turns_at)
