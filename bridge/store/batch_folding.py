"""Folding a batch of events in the transaction that it belongs to: what it needs is read, then folded, then written.

Items, rows of the state, newest changes and pins are each read once and written once, in sorted order. Ingest folds
new events into the generations that take them as they come, a rebuild journalled ones into those that are built.
The functions work on the driver's cursor inside a transaction that the writer began, and never commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from bridge.instants import to_micros
from bridge.mappings import Change
from bridge.mappings.values.values import encode_values
from bridge.mappings.values.versions import decode_version, encode_version, version_order
from bridge.state import Folders, Order, StateFold
from bridge.store import statements
from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.folding import UNKEEPABLE, Folded, LatestKey, Ledger, Newest, fold
from bridge.store.preparing import Entry, Loaded, Preparation, prepare
from bridge.store.state_rows import StateRows


@dataclass(frozen=True, slots=True)
class Rules:
    """What the fold depends on beside the events: the loaded mappings, their entries compiled, and the horizon.

    `generations` are those that events are folded into, by mapping and entry, `LATEST` included.
    """

    active: ActiveSet
    horizon: timedelta
    folders: Folders
    loaded: Loaded
    generations: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, active: ActiveSet, horizon: timedelta) -> "Rules":
        """Compile what is loaded."""
        mappings = active.generations.keys() | active.latest.keys()
        generations = {mapping: _generations_of(active, mapping) for mapping in mappings}
        return cls(active, horizon, Folders(active.generations), Loaded(active.folded_by), generations)


class FoldedBatch(NamedTuple):
    """What became of each event by its number, the pins that moved, and whether one is still to be folded by itself."""

    folded: dict[int, Folded]
    moved: list[str]
    is_pending: bool


def fold_batch(cursor: Any, entries: Sequence[Entry], rules: Rules) -> FoldedBatch:
    """Fold events into the generations that the rules name.

    Newest values are written as text only for the changes that are left at the end. Where that fails,
    the fold begins anew without the changes of that event for that mapping.
    """
    preparation = prepare(entries, rules.folders, rules.horizon, rules.loaded)
    while True:
        ledger = _read_ledger(cursor, entries, rules, preparation)
        folded = {entry.number: fold(ledger, *entry) for entry in entries}
        known = len(preparation.broken)
        newest = _latest_rows(ledger, rules.active.latest, preparation.broken)
        if len(preparation.broken) == known:
            break
    _write(cursor, ledger, newest, rules)
    is_pending = _note_unfolded(cursor, folded, preparation.pending, rules.generations)
    return FoldedBatch(folded, list(ledger.moved), is_pending)


def note_failed(cursor: Any, number: int, mappings: Iterable[str], rules: Rules) -> None:
    """Note that an event is lacking in all that some mappings fold."""
    lacking = [generation for mapping in mappings for generation in rules.generations.get(mapping, {}).values()]
    statements.run(cursor, statements.NOTE_UNFOLDED, [(generation, number, 0) for generation in sorted(lacking)])


def _read_ledger(cursor: Any, entries: Sequence[Entry], rules: Rules, preparation: Preparation) -> Ledger:
    """Read, in sorted order, what the fold needs to know."""
    changes = [change for entry in entries for change in entry.evaluation.changes]
    owned = statements.run(cursor, statements.OWNERS, sorted({(change.pin,) for change in changes}))
    items = {
        (generation, each.trigger, each.item_key)
        for each in changes
        if each.item_key is not None
        for generation in rules.generations.get(each.mapping, {}).values()
    }
    owners = {pin: mapping for pin, mapping, is_active in owned if is_active}
    bounds = rules.active.max_pins
    growing = {change.mapping for change in changes if change.mapping in bounds and change.pin not in owners}
    return Ledger(
        horizon=rules.horizon,
        max_pins=bounds,
        orders=_read_orders(cursor, changes, rules.active.latest),
        owners=owners,
        families={mapping: _family_size(cursor, mapping) for mapping in sorted(growing)},
        generations=rules.generations,
        items={
            (generation, trigger, key): (number, expires_at)
            for generation, trigger, key, number, expires_at in statements.run(
                cursor, statements.KNOWN_ITEMS, sorted(items)
            )
        },
        broken=preparation.broken,
        pending=preparation.pending,
        prepared=preparation.prepared,
        state=StateFold(StateRows(cursor), preparation.prepared.values()),
        shows=rules.active.has,
    )


def _read_orders(cursor: Any, changes: Sequence[Change], latest: Mapping[str, int]) -> dict[LatestKey, Order]:
    wanted = {
        (latest[each.mapping], each.pin, each.trigger): (each.mapping, each.pin, each.trigger)
        for each in changes
        if each.mapping in latest
    }
    return {
        wanted[generation, pin, trigger]: Order(version_order(decode_version(version)), number, item)
        for generation, pin, trigger, version, number, item in statements.run(cursor, statements.NEWEST, sorted(wanted))
    }


def _family_size(cursor: Any, mapping: str) -> int:
    size: int = cursor.execute(statements.FAMILY_SIZE, (mapping,)).fetchone()[0]
    return size


def _latest_rows(ledger: Ledger, latest: Mapping[str, int], broken: dict[tuple[int, str], str]) -> list[statements.Row]:
    """Write down the newest changes; what cannot be written is noted in `broken`.

    Where no generation takes them, one is being built, and reads the event from the journal.
    """
    rows = []
    for key in sorted(ledger.newest):
        if (generation := latest.get(key[0])) is None:
            continue
        try:
            rows.append(_latest_row(generation, key, ledger.newest[key]))
        except UNKEEPABLE as error:
            broken[ledger.newest[key].order.number, key[0]] = str(error)
    return sorted(rows)


def _write(cursor: Any, ledger: Ledger, newest: Sequence[statements.Row], rules: Rules) -> None:
    """Write items, newest changes, state and pins, each sorted."""
    statements.run(cursor, statements.KEEP_ITEMS, sorted((*key, *item) for key, item in ledger.new_items.items()))
    statements.run(cursor, statements.KEEP_NEWEST, newest)
    StateRows(cursor).keep(ledger.state.written())
    fingerprints = rules.active.fingerprints
    moved = sorted(ledger.moved.items())
    pins = [(pin, mapping, 1, 1, fingerprints.get(mapping), to_micros(since)) for pin, (mapping, since) in moved]
    statements.run(cursor, statements.MOVE_PINS, pins)


def _note_unfolded(
    cursor: Any,
    folded: Mapping[int, Folded],
    pending: Mapping[tuple[int, str], AbstractSet[str]],
    generations: Mapping[str, Mapping[str, int]],
) -> bool:
    """Note which generations lack an event: as it failed, or (gives whether) as other definitions evaluated it."""
    rows = {
        (generation, number): 1
        for (number, mapping), entries in pending.items()
        for entry, generation in generations.get(mapping, {}).items()
        if entry in entries
    }
    for number, each in folded.items():
        for mapping in each.failed:
            for generation in generations.get(mapping, {}).values():
                rows.setdefault((generation, number), 0)
    statements.run(cursor, statements.NOTE_UNFOLDED, sorted((*key, is_pending) for key, is_pending in rows.items()))
    return 1 in rows.values()


def _generations_of(active: ActiveSet, mapping: str) -> dict[str, int]:
    generations = {name: held.generation for name, held in active.generations.get(mapping, {}).items()}
    return generations | ({LATEST: active.latest[mapping]} if mapping in active.latest else {})


def _latest_row(generation: int, key: LatestKey, newest: Newest) -> statements.Row:
    order, change, event = newest
    header = (event.source, event.type, event.id, to_micros(event.received_at))
    rank = (to_micros(change.at), encode_version(change.version), order.number, order.item)
    return (generation, *key[1:], *rank, *header, encode_values(change.variables))
