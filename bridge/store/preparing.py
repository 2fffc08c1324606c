"""Before a fold: what the changes of a batch say to the state, checked. Pure, in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from bridge.events import Event
from bridge.instants import to_micros
from bridge.mappings import Change, Evaluation
from bridge.mappings.records import Fingerprints
from bridge.mappings.values.values import encode_values
from bridge.state import Arriving, Folders, Prepared
from bridge.store.folding import UNKEEPABLE
from bridge.store.lifetimes import forgotten_at

_NONE: frozenset[str] = frozenset()

MAX_OPERATIONS = 20_000
"""What one event may say to the state of one mapping: two entries for each of 10,000 items. Other webhooks wait while
it is folded, for two seconds at the worst."""


class Entry(NamedTuple):
    """One event of the journal, and what the mappings make of it."""

    number: int
    event: Event
    evaluation: Evaluation


@dataclass(slots=True)
class Preparation:
    """What the changes of a batch say to the state, by (event, place of the change in it).

    `broken` says why an event's changes for a mapping (number, mapping) cannot be kept, `pending` which of its entries
    are not the ones by which the event was evaluated.
    """

    prepared: dict[tuple[int, int], Prepared] = field(default_factory=dict)
    broken: dict[tuple[int, str], str] = field(default_factory=dict)
    pending: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)


class Loaded:
    """The definitions that are loaded: what an event was evaluated by may be others, from before a reload."""

    def __init__(self, folded_by: Fingerprints) -> None:
        self._folded_by = folded_by
        self._last: tuple[Fingerprints, Mapping[str, frozenset[str]]] = folded_by, {}

    def others(self, evaluated_by: Fingerprints) -> Mapping[str, frozenset[str]]:
        """Give the entries, by mapping, that have another definition now than when an event was evaluated."""
        # One object serves all events between two reloads.
        if evaluated_by is not self._last[0]:
            self._last = evaluated_by, self._find_others(evaluated_by)
        return self._last[1]

    def _find_others(self, evaluated_by: Fingerprints) -> Mapping[str, frozenset[str]]:
        others: dict[str, set[str]] = {}
        for (mapping, entry), fingerprint in self._folded_by.items() if evaluated_by else ():
            if fingerprint and evaluated_by.get((mapping, entry)) != fingerprint:
                others.setdefault(mapping, set()).add(entry)
        return {mapping: frozenset(entries) for mapping, entries in others.items()}


def prepare(entries: Iterable[Entry], folders: Folders, horizon: timedelta, loaded: Loaded) -> Preparation:
    """Check what every change says, so that what an event is worth does not depend on the events beside it."""
    preparation = Preparation()
    for entry in entries:
        others = loaded.others(entry.evaluation.fingerprints)
        for mapping, names in others.items():
            preparation.pending[entry.number, mapping] = names
        _prepare_entry(entry, folders, horizon, preparation)
    return preparation


def _prepare_entry(entry: Entry, folders: Folders, horizon: timedelta, preparation: Preparation) -> None:
    number, event, evaluation = entry
    times: tuple[int, int] | None = None
    items: dict[str, int] = {}
    preparation.broken |= {(number, mapping): fault for mapping, fault in _excesses(evaluation.changes)}
    for index, change in enumerate(evaluation.changes):
        mapping = change.mapping
        if (number, mapping) in preparation.broken:
            continue
        item = items[mapping] = items.get(mapping, -1) + 1
        try:
            _check_keepable(change)
            if change.operations:
                times = times or (to_micros(event.received_at), forgotten_at(event, horizon))
                but_for = preparation.pending.get((number, mapping), _NONE)
                prepared = folders.prepare(change, Arriving(number, item, *times, but_for))
                if prepared is not None:
                    preparation.prepared[number, index] = prepared
        except UNKEEPABLE as error:
            preparation.broken[number, mapping] = str(error)


def _excesses(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """Give the mappings to whose state the changes say too much, and why that is so."""
    if len(changes) == 1:
        return  # as nearly always, and no trigger has so many entries
    told: Counter[str] = Counter()
    for change in changes:
        told[change.mapping] += len(change.operations)
    for mapping, count in told.items():
        if count > MAX_OPERATIONS:
            yield mapping, f"it says {count:,} things to the state; at most {MAX_OPERATIONS:,} are folded at once"


def _check_keepable(change: Change) -> None:
    """Raise for lists and objects that cannot be written; single values always can."""
    for value in change.variables.values():
        if type(value) is list or type(value) is dict:
            encode_values(change.variables)
            return
