"""Folding changes into what pins show: pure, in memory, one event after the other.

A `Ledger` holds what a batch needs to know of the database and collects what is to be
written. One event's changes for one mapping are staged apart and taken over together, so
that an error in them touches nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from bridge.errors import PinbridgeError
from bridge.events import Event
from bridge.instants import to_micros
from bridge.mappings import FAILED, Change, Evaluation, Outcome, OutcomeKind
from bridge.mappings.values.values import UnusableValue
from bridge.mappings.values.versions import version_order
from bridge.state import Order, Prepared, StateFold
from bridge.store.active_set import LATEST
from bridge.store.lifetimes import forgotten_at

ItemKey = tuple[int, str, bytes]
"""Generation, trigger, key: what one definition has from an event, another may have from an earlier one, or lack."""

LatestKey = tuple[str, str, str]
"""Mapping, pin, trigger."""

UNKEEPABLE = (PinbridgeError, TypeError, ValueError, ArithmeticError)
"""What values from a payload can do wrong where they are compared or written; no other error is theirs."""

# What is made for every event is a named tuple: a frozen dataclass costs two to three times as much.


class Newest(NamedTuple):
    """The newest change of a trigger for a pin, and the event it came with."""

    order: Order
    change: Change
    event: Event


class Folded(NamedTuple):
    """What became of one event: its outcomes, the mappings whose pins it changed, and those that keep nothing of it."""

    outcomes: tuple[Outcome, ...]
    mappings: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(slots=True)
class Ledger:
    """What a batch knows, and what it changes.

    `owners` holds the loaded mapping that a pin belongs to; pins that no loaded mapping owns
    are absent. `families` counts the pins of the mappings that `max_pins` bounds. `shows` tells whether a
    pin may be shown by a mapping: an event that was evaluated before a reload may change one that is gone since.
    `generations` are those of each mapping, by entry, that the batch is folded into; `items` says which event each of
    them has an item from, and until when that is remembered.
    `broken` says why an event's changes for a mapping (number, mapping) cannot be kept, as far
    as an earlier fold of the same batch found out; `pending` which entries are not to be folded by what it says.
    `newest`, `new_items` and `moved` (mapping, since when) are to be written. `prepared` are the changes of state by
    (event, place of the change in it), and `state` the rows that they are folded into.
    """

    horizon: timedelta
    max_pins: Mapping[str, int]
    orders: dict[LatestKey, Order]
    owners: dict[str, str]
    families: dict[str, int]
    generations: Mapping[str, Mapping[str, int]]
    items: dict[ItemKey, tuple[int, int]]
    broken: Mapping[tuple[int, str], str]
    pending: Mapping[tuple[int, str], AbstractSet[str]]
    prepared: Mapping[tuple[int, int], Prepared]
    state: StateFold
    shows: Callable[[str, str], bool] = lambda _pin, _mapping: True
    newest: dict[LatestKey, Newest] = field(default_factory=dict)
    new_items: dict[ItemKey, tuple[int, int]] = field(default_factory=dict)
    moved: dict[str, tuple[str, datetime]] = field(default_factory=dict)


Verdict = tuple[OutcomeKind, str]
"""What a change's outcome says instead, where it was not folded: its kind, and why."""

_HELD_BACK: Verdict = (
    "held_back",
    "the mapping keeps all of an event or nothing, and another part of it failed",
)


@dataclass(slots=True)
class _Stage:
    """What one event's changes for one mapping do, before they are taken over.

    `counted` are the changes, by their place in the event, that count, with what they say to the state. `items` are
    theirs, by trigger and key, with the generations that have them from now on. `moved` are the pins that they change
    and that are shown, `founded` those of them that nobody owned. `changes_any` says whether they change a pin at all,
    be it one that the mapping has no more. `verdicts` are on changes by their place in the event; of one that
    `has_failed` nothing is taken over.
    """

    mapping: str
    newest: dict[LatestKey, Newest] = field(default_factory=dict)
    counted: dict[int, tuple[Change, Prepared | None]] = field(default_factory=dict)
    items: dict[tuple[str, bytes], AbstractSet[int]] = field(default_factory=dict)
    founded: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    changes_any: bool = False
    has_failed: bool = False
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    def move(self, pin: str, *, is_shown: bool, is_new: bool) -> None:
        """Let a change show."""
        self.changes_any = True
        if is_shown:
            self.moved.add(pin)
        if is_shown and is_new:
            self.founded.add(pin)


class _NotFolded(Exception):
    """A change that is not folded: the kind of its outcome, and why. Never leaves this module."""

    def __init__(self, kind: OutcomeKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def fold(ledger: Ledger, number: int, event: Event, evaluation: Evaluation) -> Folded:
    """Fold one event into the ledger; the outcomes of changes that were not folded are put right."""
    failed = {outcome.mapping for outcome in evaluation.outcomes if outcome.kind in FAILED}
    changed: list[str] = []
    verdicts: dict[int, Verdict] = {}
    late: list[Outcome] = []
    for mapping, changes in _by_mapping(evaluation.changes):
        if mapping in failed:
            verdicts |= dict.fromkeys([index for index, _ in changes], _HELD_BACK)
            continue
        stage = _fold_mapping(ledger, mapping, number, event, changes)
        if stage.has_failed:
            failed.add(mapping)
        elif stage.counted:
            late += _take_over(ledger, stage, number, event)
        if stage.changes_any:
            changed.append(mapping)
        verdicts |= stage.verdicts
    outcomes = _put_right(evaluation.outcomes, verdicts) if verdicts else evaluation.outcomes
    failed_ones = tuple(sorted(failed - {""})) if failed else ()
    return Folded((*outcomes, *late) if late else outcomes, tuple(changed), failed_ones)


def _by_mapping(changes: Sequence[Change]) -> Iterable[tuple[str, list[tuple[int, Change]]]]:
    """Sort changes by their mapping; each comes with its place among all of the event's."""
    by_mapping: dict[str, list[tuple[int, Change]]] = {}
    for index, change in enumerate(changes):
        by_mapping.setdefault(change.mapping, []).append((index, change))
    return by_mapping.items()


def _put_right(outcomes: Sequence[Outcome], verdicts: Mapping[int, Verdict]) -> tuple[Outcome, ...]:
    """Let the outcomes of changes, which are those that matched, say what became of them."""
    told = list(outcomes)
    matched = [index for index, outcome in enumerate(outcomes) if outcome.kind == "matched"]
    for place, (kind, reason) in verdicts.items():
        told[matched[place]] = _put_otherwise(told[matched[place]], kind, reason)
    return tuple(told)


@lru_cache(maxsize=1024)
def _put_otherwise(outcome: Outcome, kind: OutcomeKind, reason: str) -> Outcome:
    """Let an outcome say something else; what a full table says is the same for nearly every event."""
    return outcome._replace(kind=kind, reason=reason)


def _fold_mapping(
    ledger: Ledger, mapping: str, number: int, event: Event, changes: Sequence[tuple[int, Change]]
) -> _Stage:
    """Stage one event's changes for one mapping, all that can be or, where one fails, none."""
    stage = _Stage(mapping)
    try:
        if ledger.broken and (reason := ledger.broken.get((number, mapping))) is not None:
            raise UnusableValue(reason)
        for item, (index, change) in enumerate(changes):
            order = Order(version_order(change.version), number, item)
            verdict = _try_stage(ledger, stage, index, Newest(order, change, event))
            if verdict is not None:
                stage.verdicts[index] = verdict
    except UNKEEPABLE as error:
        broken: Verdict = ("error", f"it cannot be kept: {error}")
        return _Stage(mapping, has_failed=True, verdicts={index: broken for index, _ in changes})
    return stage


def _try_stage(ledger: Ledger, stage: _Stage, index: int, newest: Newest) -> Verdict | None:
    """Stage one change; gives what its outcome says instead where it does not count, or is not shown."""
    order, change, event = newest
    is_shown = ledger.shows(change.pin, change.mapping)
    having: AbstractSet[int] = frozenset()
    try:
        _refuse_late(ledger, event, change)
        if is_shown:
            _refuse_foreign_pin(ledger, stage, change)
        if change.item_key is not None:
            having = _stage_item(ledger, stage, (change.trigger, change.item_key), newest)
    except _NotFolded as refusal:
        return refusal.kind, str(refusal)
    prepared = ledger.prepared.get((order.number, index)) if ledger.prepared else None
    if prepared is not None and having:
        prepared = prepared.but_for(having)
    stage.counted[index] = change, prepared
    key = (change.mapping, change.pin, change.trigger)
    held = stage.newest[key].order if key in stage.newest else ledger.orders.get(key)
    is_newest = (held is None or order > held) and _takes_newest(ledger, order.number, change.mapping, having)
    if is_newest:
        stage.newest[key] = newest
    tells_state = prepared is not None and bool(prepared.steps)
    if is_newest or tells_state:
        stage.move(change.pin, is_shown=is_shown, is_new=change.pin not in ledger.owners)
    if held is not None and order <= held and tells_state:
        return "matched", f"it counts in the state; the trigger's newest values are those of event {held.number}"
    if held is not None and order <= held:
        return "matched", f"older than what the pin shows, which came with event {held.number}"
    if not is_shown:
        return "matched", "kept, but not shown: the mapping was reloaded meanwhile, and no longer has this pin"
    return None


def _takes_newest(ledger: Ledger, number: int, mapping: str, having: AbstractSet[int]) -> bool:
    """Tell whether an event is for what the newest events say; most are, and cost nothing here."""
    if having and ledger.generations.get(mapping, {}).get(LATEST) in having:
        return False
    return not ledger.pending or LATEST not in ledger.pending.get((number, mapping), ())


def _refuse_late(ledger: Ledger, event: Event, change: Change) -> None:
    if change.at < event.received_at - ledger.horizon:
        raise _NotFolded(
            "too_late", f"{change.at.isoformat()} lies more than {ledger.horizon} before its arrival, the horizon"
        )


def _stage_item(ledger: Ledger, stage: _Stage, item: tuple[str, bytes], newest: Newest) -> AbstractSet[int]:
    """Stage an item for the generations that lack it; gives those that have it, from another event.

    They differ where an event failed for some of them, or one began later. An event that is folded once more, by a
    rebuild or a replay, may have an item itself.
    """
    if item in stage.items:
        raise _NotFolded("duplicate_item", "the same event brings this item twice")
    number, received_at = newest.order.number, to_micros(newest.event.received_at)
    pending = ledger.pending.get((number, stage.mapping), ())
    taking = {each for name, each in ledger.generations.get(stage.mapping, {}).items() if name not in pending}
    known = {each: ledger.items.get((each, *item), (number, 0)) for each in taking}
    having = {each for each, (other, until) in known.items() if other != number and until > received_at}
    if having and having == taking:
        raise _NotFolded("duplicate_item", f"this item came with event {min(known[each][0] for each in having)}")
    stage.items[item] = taking - having
    return having


def _refuse_foreign_pin(ledger: Ledger, stage: _Stage, change: Change) -> None:
    owner = ledger.owners.get(change.pin)
    if owner == change.mapping or change.pin in stage.founded:
        return
    if owner is not None:
        raise _NotFolded("pin_taken", f"the pin {change.pin} belongs to the mapping {owner!r}")
    bound = ledger.max_pins.get(change.mapping)
    if bound is not None and ledger.families.get(change.mapping, 0) + len(stage.founded) >= bound:
        raise _NotFolded("error", f"the mapping has {bound} pins already, its max_pins; {change.pin} would be one more")


def _take_over(ledger: Ledger, stage: _Stage, number: int, event: Event) -> list[Outcome]:
    """Let the stage count; gives the outcomes of entries for which the event came too late."""
    for key, newest in stage.newest.items():
        ledger.newest[key] = newest
        ledger.orders[key] = newest.order
    if stage.items:
        kept = (number, forgotten_at(event, ledger.horizon))
        items = [(each, *item) for item, taking in stage.items.items() for each in taking]
        ledger.items |= dict.fromkeys(items, kept)
        ledger.new_items |= dict.fromkeys(items, kept)
    late = _count(ledger, stage) if ledger.prepared else []
    for pin in stage.moved:
        _move(ledger, stage.mapping, pin, event)
    return late


def _count(ledger: Ledger, stage: _Stage) -> list[Outcome]:
    """Fold what the changes say to the state, and let their outcomes say what came of it beside."""
    late = []
    for index, (change, prepared) in stage.counted.items():
        if prepared is None:
            continue
        if notes := ledger.state.apply(prepared):
            _, reason = stage.verdicts.get(index, ("matched", ""))
            stage.verdicts[index] = "matched", "; ".join([reason, *notes] if reason else notes)
        late += [Outcome(change.mapping, change.trigger, "too_late", reason, change.pin) for reason in prepared.late]
    return late


def _move(ledger: Ledger, mapping: str, pin: str, event: Event) -> None:
    if pin not in ledger.owners:
        ledger.owners[pin] = mapping
        ledger.families[mapping] = ledger.families.get(mapping, 0) + 1
    _, since = ledger.moved.get(pin, (mapping, event.received_at))
    ledger.moved[pin] = (mapping, min(since, event.received_at))
