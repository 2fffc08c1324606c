"""Generations: which definition of an entry events are folded by, and from when on. Jobs of the writer.

A definition with another fingerprint is another generation. It begins with nothing and is built from the journal;
only where that is empty it takes events at once. What is not declared any more rests: where it is declared again, it
goes on from the last event that it knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from bridge.instants import maybe_instant
from bridge.state import Held
from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.beginning import Beginnings, Key, Loss
from bridge.store.journal import read_ends
from bridge.store.tables import events, generations

Found = Mapping[str, Any]
"""The generations of one entry that are not retired, by status; one rests only where none is live."""


class Assigned(NamedTuple):
    """What events are folded by from now on, and what new generations lack of those before them."""

    active: ActiveSet
    losses: tuple[Loss, ...]


def assign(connection: Connection, declared: ActiveSet, now: int) -> Assigned:
    """Give every declared entry its generation."""
    known = read_generations(connection)
    assignment = _Assignment(connection, declared, now)
    for key, fingerprint in declared.folded_by.items():
        assignment.settle(key, known[key], fingerprint)
    for key in known.keys() - declared.folded_by.keys():
        assignment.lay_to_rest(known[key])
    assignment.beginnings.write()
    return Assigned(with_generations(connection, declared), tuple(assignment.beginnings.losses))


def begin_rebuild(
    connection: Connection, declared: ActiveSet, mapping: str, since: int | None, now: int
) -> tuple[Loss, ...]:
    """Build all of a mapping anew beside what it has, which goes on until then; gives what will be lost.

    `since` (microseconds) is from when on the journal is folded, where what was folded before can stay.
    """
    journal = read_ends(connection)
    beginnings = Beginnings(connection, declared, now)
    for key, found in read_generations(connection).items():
        if journal is None or key not in declared.folded_by or key[0] != mapping:
            continue
        if "building" in found:
            _break_off(connection, found["building"], now)
        beginnings.building(key, journal, predecessor(found), since)
    beginnings.write()
    return tuple(beginnings.losses)


def with_generations(connection: Connection, declared: ActiveSet) -> ActiveSet:
    """Complete what is declared by the generations that the database has."""
    known = read_generations(connection)
    live = {key: found["live"] for key, found in known.items() if "live" in found}
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
    )


def read_generations(connection: Connection) -> dict[Key, dict[str, Any]]:
    """Read the generations that are not retired, by their entry and status."""
    known: dict[Key, dict[str, Any]] = defaultdict(dict)
    for row in connection.execute(select(generations).where(generations.c.status != "retired")):
        known[row.mapping, row.entry][row.status] = row
    return known


def predecessor(found: Found) -> Any | None:
    """Give the generation that has what came before another one is built: one that was complete once."""
    return found.get("live") or found.get("resting") or next(filter(_was_complete, found.values()), None)


def put(connection: Connection, numbers: Iterable[int], **columns: Any) -> None:
    """Change generations; what is retired only waits for its rows to be deleted, little by little."""
    changed = update(generations).where(generations.c.number.in_([*numbers]))
    connection.execute(changed.values(**columns))


class _Assignment:
    """Decides about one entry after the other."""

    def __init__(self, connection: Connection, declared: ActiveSet, now: int) -> None:
        self.beginnings = Beginnings(connection, declared, now)
        self._connection = connection
        self._journal = read_ends(connection)
        self._now = now

    def settle(self, key: Key, found: Found, fingerprint: bytes) -> None:
        """Let the generation go on that has this fingerprint, or begin one; the others make room."""
        same = {status: each for status, each in found.items() if each.fingerprint == fingerprint}
        current = same.get("building") or same.get("live") or same.get("resting")
        is_built = self._has_to_be_built(current, fingerprint)
        for each in found.values():
            if each is not current and each is not same.get("live"):
                self._make_room(each, is_built=is_built)
        if current is None and is_built and self._journal is not None:
            self.beginnings.building(key, self._journal, predecessor(found))
        elif current is None:
            self.beginnings.live(key)
        elif current.status == "resting":
            self._wake(current, is_built=is_built)

    def lay_to_rest(self, found: Found) -> None:
        """Keep what took events until now."""
        for each in found.values():
            self._make_room(each, is_built=True)

    def _has_to_be_built(self, current: Any, fingerprint: bytes) -> bool:
        """Tell whether events lie in the journal that this generation does not know."""
        if self._journal is None or fingerprint == b"":
            return False
        if current is None:
            return True
        is_behind = current.status == "resting" and current.cursor < self._journal.newest
        return bool(is_behind or current.status == "building")

    def _make_room(self, row: Any, *, is_built: bool) -> None:
        """Let a generation rest while the one in its place is built, so that an author can think better of it."""
        if not is_built:
            put(self._connection, [row.number], status="retired")
        elif row.status == "building":
            _break_off(self._connection, row, self._now)
        elif row.status == "live":
            cursor = 0 if self._journal is None else self._journal.newest
            put(self._connection, [row.number], status="resting", cursor=cursor, rested_at=self._now)

    def _wake(self, row: Any, *, is_built: bool) -> None:
        """Let a generation go on, by way of the events that came meanwhile, as far as they are still there."""
        if not is_built or self._journal is None:
            put(self._connection, [row.number], status="live", cursor=None, rested_at=None)
            return
        first = select(events.c.number).where(events.c.number == row.cursor + 1)
        is_whole = self._connection.scalar(first) is not None
        since = row.complete_since if is_whole else self._journal.complete_since
        put(self._connection, [row.number], status="building", complete_since=since)


def _was_complete(row: Any) -> bool:
    """Tell whether a generation rests, or did before it was woken to be built on."""
    return row.rested_at is not None


def _break_off(connection: Connection, built: Any, now: int) -> None:
    """End a build: what was complete once rests again with what it has, what was not is not worth it."""
    if _was_complete(built):
        put(connection, [built.number], status="resting", rested_at=now)
    else:
        put(connection, [built.number], status="retired")
