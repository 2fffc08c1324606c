"""Generations: which definition of an entry events are folded by, and from when on. Jobs of the writer.

A definition with another fingerprint is another generation. It begins with nothing and is built from the journal;
only where that is empty it takes events at once.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from bridge.state.rows import Held
from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.instants import maybe_instant
from bridge.store.tables import events, generations, unfolded

Key = tuple[str, str]
"""Mapping, entry."""

Known = Mapping[Key, Mapping[str, Any]]
"""The generations that are not retired, by status."""


class _Plan(NamedTuple):
    """What is to change: generations that begin, and the numbers of those that are needed no more."""

    begun: list[dict[str, Any]]
    unneeded: list[int]


def assign(connection: Connection, declared: ActiveSet, now: int) -> ActiveSet:
    """Give every declared entry its generation; what is folded from now on stands in what is given back."""
    plan = _plan(_read(connection), declared, read_complete_since(connection), now)
    retire(connection, plan.unneeded)
    if plan.begun:
        connection.execute(insert(generations), plan.begun)
    return with_generations(connection, declared)


def with_generations(connection: Connection, declared: ActiveSet) -> ActiveSet:
    """Complete what is declared by the generations that the database has."""
    known = _read(connection)
    live = {key: found["live"] for key, found in known.items() if _is_fed(declared, key, found.get("live"))}
    return replace(
        declared,
        generations={
            mapping: {
                name: Held(found.number, definition.entry, maybe_instant(found.complete_since))
                for name, definition in entries.items()
                if (found := live.get((mapping, name))) is not None
            }
            for mapping, entries in declared.definitions.items()
        },
        latest={mapping: found.number for (mapping, entry), found in live.items() if entry == LATEST},
        building=frozenset(mapping for (mapping, _), found in known.items() if "building" in found),
    )


def retire(connection: Connection, numbers: list[int]) -> None:
    """Let generations be; their rows are deleted little by little."""
    if numbers:
        retired = update(generations).where(generations.c.number.in_(numbers))
        connection.execute(retired.values(status="retired"))


def read_complete_since(connection: Connection) -> int | None:
    """Say since when no event is missing in the journal (microseconds); None where it holds none.

    Events that are not folded yet outlive others, so it begins after the newest gap.
    """
    is_unfolded = select(unfolded.c.number).where(unfolded.c.number == events.c.number).exists()
    regular = select(func.min(events.c.number)).where(~is_unfolded)
    number = connection.scalar(regular) or connection.scalar(select(func.max(events.c.number)))
    if number is None:
        return None
    while connection.scalar(select(events.c.number).where(events.c.number == number - 1)) is not None:
        number -= 1
    received_at: int = connection.execute(select(events.c.received_at).where(events.c.number == number)).scalar_one()
    return received_at


def _plan(known: Known, declared: ActiveSet, complete_since: int | None, now: int) -> _Plan:
    plan = _Plan([], [found["building"].number for key, found in known.items() if _is_gone(declared, key, found)])
    for key, fingerprint in declared.folded_by.items():
        found = known.get(key, {})
        current = found.get("live")
        if current is None or current.fingerprint != fingerprint:
            current = found.get("building")
        if current is not None and current.fingerprint == fingerprint:
            superseded = [each for status, each in found.items() if status == "building" and each is not current]
        else:
            superseded = [each for status, each in found.items() if status == "building" or complete_since is None]
            plan.begun.append(_beginning(declared, key, complete_since, now))
        plan.unneeded.extend(each.number for each in superseded)
    return plan


def _is_gone(declared: ActiveSet, key: Key, found: Mapping[str, Any]) -> bool:
    return key not in declared.folded_by and "building" in found


def _beginning(declared: ActiveSet, key: Key, complete_since: int | None, now: int) -> dict[str, Any]:
    mapping, entry = key
    fingerprint = declared.folded_by[key]
    is_built = complete_since is not None and fingerprint != b""
    return {
        "mapping": mapping,
        "entry": entry,
        "fingerprint": fingerprint,
        "shape": b"" if entry == LATEST else declared.definitions[mapping][entry].shape,
        "status": "building" if is_built else "live",
        "complete_since": complete_since if is_built else now,
        "cursor": 0 if is_built else None,
        "started_at": now,
    }


def _is_fed(declared: ActiveSet, key: Key, live: Any) -> bool:
    """Tell whether a live generation takes events: what is not loaded does, for events that were under way."""
    return live is not None and declared.folded_by.get(key, live.fingerprint) == live.fingerprint


def _read(connection: Connection) -> Known:
    known: dict[Key, dict[str, Any]] = defaultdict(dict)
    for row in connection.execute(select(generations).where(generations.c.status != "retired")):
        known[row.mapping, row.entry][row.status] = row
    return known
