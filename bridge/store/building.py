"""Building generations from the journal, a few events at a time, up to the swap. Jobs of the writer, but for the reads.

How far a generation has come stands beside it and is written with what it folded, so that a build may be broken off at
any moment, and goes on from there. Events that come meanwhile are journalled; the last step finds none left, on the
writer, where none can come, and swaps.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, literal_column, select, update

from bridge.instants import maybe_instant
from bridge.mappings.entries.definitions import Entry as EntryDefinition
from bridge.state import Carried, Held
from bridge.store import outcomes
from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.batch_folding import Rules, fold_batch
from bridge.store.generations import put, read_generations
from bridge.store.journal import read_stretch
from bridge.store.preparing import Entry
from bridge.store.records import EventRecord
from bridge.store.tables import events, generations, pins

FEW_EVENTS, MANY_EVENTS = 16, 256
CHUNK_BYTES = 2**20
CHUNK_NUMBERS = 4096
"""What is read at a time at most: events, bytes of their bodies, and numbers, be they of other sources.

Few events keep the writer for some 1.5 ms; many cost half as much each.
"""

Key = tuple[str, str]
"""Mapping, entry."""

Targets = Mapping[Key, Any]
"""Generations by what they are of, `LATEST` included."""

# Each asked for by itself: SQLite reads the whole journal for both at once.
_OLDEST, _NEWEST = select(func.min(events.c.number)), select(func.max(events.c.number))

_IS_BUILT = generations.c.status == literal_column("'building'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What comes next for the generations whose cursor stands at `after`, those furthest behind: events up to `upto`.

    `mappings` are those that they are of. `newest` is the number of the newest event in the journal.
    """

    mappings: frozenset[str]
    after: int
    upto: int
    newest: int
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a mapping is built: how many events of the journal were gone through, and how many there are."""

    read: int
    of: int


def read_progress(connection: Connection) -> dict[str, Progress]:
    """Say how far each mapping is of which something is built."""
    read = select(generations.c.mapping, func.min(generations.c.cursor)).where(_IS_BUILT)
    before = (connection.scalar(_OLDEST) or 1) - 1
    of = max(0, _newest(connection) - before)
    rows = connection.execute(read.group_by(generations.c.mapping))
    return {mapping: Progress(read=min(max(0, cursor - before), of), of=of) for mapping, cursor in rows}


def read_chunk(connection: Connection, sources: Mapping[str, Collection[str]], most: int) -> Chunk | None:
    """Read at most so many events that come next; None where nothing is built. `sources` are those of each mapping."""
    built = select(generations.c.mapping, generations.c.cursor).where(_IS_BUILT).order_by(generations.c.cursor)
    cursors = [(mapping, cursor) for mapping, cursor in connection.execute(built) if mapping in sources]
    if not cursors:
        return None
    after = cursors[0][1]
    mappings = frozenset(mapping for mapping, cursor in cursors if cursor == after)
    oldest, newest = connection.scalar(_OLDEST), _newest(connection)
    first = max(after + 1, oldest or 1)
    upto = min(first + CHUNK_NUMBERS - 1, newest, *(cursor for _, cursor in cursors if cursor > after))
    wanted = {source for mapping in mappings for source in sources[mapping]}
    found = read_stretch(connection, (first, upto), wanted, most=most, most_bytes=CHUNK_BYTES)
    if not found.is_complete:
        upto = found.events[-1].number
    return Chunk(mappings=mappings, after=after, upto=max(upto, after), newest=newest, events=found.events)


def build(connection: Connection, chunk: Chunk, entries: Sequence[Entry], rules: Rules) -> bool:
    """Fold what was read and evaluated; gives False where it was for other generations than there are now."""
    targets = _targets(connection, chunk)
    # What was evaluated together names its definitions by the very same object.
    evaluated_by = {id(entry.evaluation.fingerprints): entry for entry in entries}
    if not targets or not all(is_evaluated_by(entry, targets) for entry in evaluated_by.values()):
        return False
    if entries:
        folded = fold_batch(connection.connection.cursor(), entries, only(rules, targets)).folded
        for record in chunk.events:
            outcomes.rewrite_failures(connection, record, chunk.mappings, folded[record.number].outcomes)
    put(connection, [row.number for row in targets.values()], cursor=chunk.upto)
    return True


def swap(connection: Connection, now: int) -> list[str] | None:
    """Put what was built in the place of what was there, where it knows every event; gives the pins that are due by it.

    None where nothing has come so far.
    """
    newest = _newest(connection)
    known = read_generations(connection)
    behind = {of for (of, _), found in known.items() if "building" in found and found["building"].cursor < newest}
    ready = {key: found for key, found in known.items() if "building" in found and key[0] not in behind}
    if not ready:
        return None
    for found in ready.values():
        replaced = [each.number for status, each in found.items() if status != "building"]
        put(connection, replaced, status="retired")
        put(connection, [found["building"].number], status="live", cursor=None, rested_at=None)
    mappings = {mapping for mapping, _ in ready}
    due = update(pins).where(pins.c.mapping.in_(mappings), pins.c.active == 1)
    moved = due.values(revision=pins.c.revision + 1, changed_at=now).returning(pins.c.pin)
    return [*connection.scalars(moved)]


def only(rules: Rules, targets: Targets) -> Rules:
    """Give the rules by which an event is folded into some generations, and into no other."""
    active = rules.active
    held: dict[str, dict[str, Held]] = {}
    for (mapping, entry), row in targets.items():
        if entry != LATEST:
            held.setdefault(mapping, {})[entry] = _held(row, active.definitions[mapping][entry].entry)
    narrowed: ActiveSet = replace(
        active,
        folded_by={key: row.fingerprint for key, row in targets.items()},
        generations=held,
        latest={mapping: row.number for (mapping, entry), row in targets.items() if entry == LATEST},
    )
    return Rules.of(narrowed, rules.horizon)


def is_evaluated_by(entry: Entry, targets: Targets) -> bool:
    """Tell whether an event was evaluated by the definitions that generations are of."""
    evaluated_by = entry.evaluation.fingerprints
    return all(evaluated_by.get(key) == row.fingerprint for key, row in targets.items())


def _newest(connection: Connection) -> int:
    return connection.scalar(_NEWEST) or 0


def _targets(connection: Connection, chunk: Chunk) -> Targets:
    found = select(generations).where(_IS_BUILT, generations.c.cursor == chunk.after)
    rows = connection.execute(found)
    return {(row.mapping, row.entry): row for row in rows if row.mapping in chunk.mappings}


def _held(row: Any, entry: EntryDefinition) -> Held:
    carried = None if row.carried_before is None else Carried(row.carried_before, row.carried_until)
    return Held(row.number, entry, maybe_instant(row.complete_since), carried)
