"""What is loaded, and what a start does to the pins: claims of the predecessor, mappings, destination.

But for the record `ActiveSet`, jobs of the writer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bridge.store import setback
from bridge.store.records import ActivePin
from bridge.store.tables import deliveries, pins

_UNPARKED: dict[str, Any] = {
    "sent_revision": 0,
    "failures": 0,
    "parked_at": None,
    "parked_revision": None,
    "probe_at": None,
    "retry_on_change_at": None,
}
"""Due again, whatever held the pin back; a rest, and what the dashboard shows, stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSet:
    """The loaded mappings: fingerprints by mapping, literal pins with theirs, families with their bound."""

    fingerprints: Mapping[str, bytes]
    literal_pins: Mapping[str, str]
    families: frozenset[str]
    max_pins: Mapping[str, int]

    def has(self, pin: str, mapping: str) -> bool:
        """Tell whether a pin may be shown by a mapping: one that declares it, or the family that named it."""
        return self.literal_pins.get(pin) == mapping or mapping in self.families

    @classmethod
    def of(cls, pins: Iterable[ActivePin]) -> "ActiveSet":
        """Gather what the loaded mappings declare."""
        declared = tuple(pins)
        return cls(
            fingerprints={entry.mapping: entry.fingerprint for entry in declared},
            literal_pins={entry.pin: entry.mapping for entry in declared if entry.pin is not None},
            families=frozenset(entry.mapping for entry in declared if entry.pin is None),
            max_pins={entry.mapping: entry.max_pins for entry in declared if entry.max_pins is not None},
        )


def release_claims(connection: Connection) -> None:
    """Release every claim: the process that held it is gone. What it had booked rests, as its booking says."""
    held = deliveries.c.claim.is_not(None)
    connection.execute(update(deliveries).where(held).values(claim=None, claim_until=None))


def activate(connection: Connection, active: ActiveSet, destination: str, now: int) -> list[str]:
    """Make the pins those of the loaded mappings: literal pins are there, changed ones due, others dormant.

    Gives the pins that are new, changed or woken.
    """
    if setback.was_set_back(connection, now):
        setback.bring_back(connection, now)
    found = {row.pin: row for row in connection.execute(select(pins))}
    moved = []
    for pin, row in found.items():
        mapping = active.literal_pins.get(pin, row.mapping if row.mapping in active.families else None)
        if _keep(connection, row, mapping, active, now):
            moved.append(pin)
    new = [
        {
            "pin": pin,
            "mapping": mapping,
            "active": 1,
            "revision": 1,
            "fingerprint": active.fingerprints[mapping],
            "changed_at": now,
        }
        for pin, mapping in active.literal_pins.items()
        if pin not in found
    ]
    if new:
        connection.execute(insert(pins), new)
    elsewhere = update(deliveries).where(deliveries.c.destination != destination)
    connection.execute(elsewhere.values(destination=destination, sent_hash=None, **_UNPARKED))
    return [*moved, *(entry["pin"] for entry in new)]


def _keep(connection: Connection, row: Any, mapping: str | None, active: ActiveSet, now: int) -> bool:
    """Put one known pin right: dormant without a mapping, due where another rendering shows it; tell if it moved."""
    this = pins.c.pin == row.pin
    if mapping is None:
        if row.active:
            connection.execute(update(pins).where(this).values(active=0))
        return False
    fingerprint = active.fingerprints[mapping]
    if (row.mapping, row.fingerprint) != (mapping, fingerprint):
        connection.execute(
            update(pins)
            .where(this)
            .values(mapping=mapping, active=1, fingerprint=fingerprint, revision=row.revision + 1, changed_at=now)
        )
        connection.execute(update(deliveries).where(deliveries.c.pin == row.pin).values(_UNPARKED))
        return True
    if not row.active:
        connection.execute(update(pins).where(this).values(active=1))
        return True
    return False
