"""Folding changes into what pins show: pure, in memory, one event after the other.

A `Ledger` holds what a batch needs to know of the database and collects what is to be
written. One event's changes for one mapping are staged apart and taken over together, so
that an error in them touches nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from bridge.errors import PinbridgeError
from bridge.events import Event
from bridge.mappings import Change, Evaluation, Outcome, OutcomeKind
from bridge.mappings.values.values import UnusableValue, Value, decode_values, encode_values
from bridge.mappings.values.versions import VersionOrder, version_order
from bridge.store.instants import SECOND, in_micros, to_micros

ItemKey = tuple[str, str, bytes]
"""Mapping, trigger, key."""

LatestKey = tuple[str, str, str]
"""Mapping, pin, trigger."""

UNKEEPABLE = (PinbridgeError, TypeError, ValueError, ArithmeticError)
"""What values from a payload can do wrong where they are compared or written; no other error is theirs."""

# What is made for every event is a named tuple: a frozen dataclass costs two to three times as much.


class Order(NamedTuple):
    """Where a change stands among those of its trigger: by version, journal number and place in the event."""

    version: VersionOrder
    number: int
    item: int


class Newest(NamedTuple):
    """The newest change of a trigger for a pin, and the event it came with."""

    order: Order
    change: Change
    event: Event


class Folded(NamedTuple):
    """What became of one event: its outcomes, and the mappings whose pins it changed."""

    outcomes: tuple[Outcome, ...]
    mappings: tuple[str, ...]


@dataclass(slots=True)
class Ledger:
    """What a batch knows, and what it changes.

    `owners` holds the loaded mapping that a pin belongs to; pins that no loaded mapping owns
    are absent. `families` counts the pins of the mappings that `max_pins` bounds. `shows` tells whether a
    pin may be shown by a mapping: an event that was evaluated before a reload may change one that is gone since.
    `items` says which event folded an item, and until when that is remembered.
    `broken` says why an event's changes for a mapping (number, mapping) cannot be kept, as far
    as an earlier fold of the same batch found out. `newest`, `new_items` and `moved` (mapping,
    since when) are to be written.
    """

    horizon: timedelta
    max_pins: Mapping[str, int]
    orders: dict[LatestKey, Order]
    owners: dict[str, str]
    families: dict[str, int]
    items: dict[ItemKey, tuple[int, int]]
    broken: Mapping[tuple[int, str], str]
    shows: Callable[[str, str], bool] = lambda _pin, _mapping: True
    newest: dict[LatestKey, Newest] = field(default_factory=dict)
    new_items: dict[ItemKey, tuple[int, int]] = field(default_factory=dict)
    moved: dict[str, tuple[str, datetime]] = field(default_factory=dict)


Verdict = tuple[OutcomeKind, str]
"""What a change's outcome says instead, where it was not folded: its kind, and why."""


@dataclass(slots=True)
class _Stage:
    """What one event's changes for one mapping do, before they are taken over.

    `founded` are the pins that nobody owned, `unshown` those that the mapping has no more. `verdicts` are on
    changes by their place in the event.
    """

    mapping: str
    newest: dict[LatestKey, Newest] = field(default_factory=dict)
    items: set[ItemKey] = field(default_factory=set)
    founded: set[str] = field(default_factory=set)
    unshown: set[str] = field(default_factory=set)
    verdicts: dict[int, Verdict] = field(default_factory=dict)


class _NotFolded(Exception):
    """A change that is not folded: the kind of its outcome, and why. Never leaves this module."""

    def __init__(self, kind: OutcomeKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def fold(ledger: Ledger, number: int, event: Event, evaluation: Evaluation) -> Folded:
    """Fold one event into the ledger; the outcomes of changes that were not folded are put right."""
    changed: list[str] = []
    verdicts: dict[int, Verdict] = {}
    for mapping, changes in _by_mapping(evaluation.changes):
        stage = _fold_mapping(ledger, mapping, number, event, changes)
        verdicts |= stage.verdicts
        if stage.newest:
            changed.append(mapping)
    outcomes = _put_right(evaluation.outcomes, verdicts) if verdicts else evaluation.outcomes
    return Folded(outcomes, tuple(changed))


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
        told[matched[place]] = told[matched[place]]._replace(kind=kind, reason=reason)
    return tuple(told)


def _fold_mapping(
    ledger: Ledger, mapping: str, number: int, event: Event, changes: Sequence[tuple[int, Change]]
) -> _Stage:
    """Fold one event's changes for one mapping, all that can be or, where one breaks, none."""
    stage = _Stage(mapping)
    try:
        if ledger.broken and (reason := ledger.broken.get((number, mapping))) is not None:
            raise UnusableValue(reason)
        for item, (index, change) in enumerate(changes):
            order = Order(version_order(change.version), number, item)
            verdict = _try_stage(ledger, stage, Newest(order, change, event))
            if verdict is not None:
                stage.verdicts[index] = verdict
    except UNKEEPABLE as error:
        broken: Verdict = ("error", f"it cannot be kept: {error}")
        return _Stage(mapping, verdicts={index: broken for index, _ in changes})
    _take_over(ledger, stage, number, event)
    return stage


def _try_stage(ledger: Ledger, stage: _Stage, newest: Newest) -> Verdict | None:
    """Stage one change; gives what its outcome says instead where it changes nothing."""
    order, change, event = newest
    is_shown = ledger.shows(change.pin, change.mapping)
    try:
        _refuse_late(ledger, event, change)
        if is_shown:
            _refuse_foreign_pin(ledger, stage, change)
        if change.item_key is not None:
            item = (change.mapping, change.trigger, change.item_key)
            _refuse_known_item(ledger, stage, item, event)
            stage.items.add(item)
    except _NotFolded as refusal:
        return refusal.kind, str(refusal)
    key = (change.mapping, change.pin, change.trigger)
    held = stage.newest[key].order if key in stage.newest else ledger.orders.get(key)
    if held is not None and order <= held:
        return "matched", f"older than what the pin shows, which came with event {held.number}"
    stage.newest[key] = newest
    if not is_shown:
        stage.unshown.add(change.pin)
        return "matched", "kept, but not shown: the mapping was reloaded meanwhile, and no longer has this pin"
    if change.pin not in ledger.owners:
        stage.founded.add(change.pin)
    return None


def _refuse_late(ledger: Ledger, event: Event, change: Change) -> None:
    if change.at < event.received_at - ledger.horizon:
        raise _NotFolded(
            "too_late", f"{change.at.isoformat()} lies more than {ledger.horizon} before its arrival, the horizon"
        )


def _refuse_known_item(ledger: Ledger, stage: _Stage, item: ItemKey, event: Event) -> None:
    if item in stage.items:
        raise _NotFolded("duplicate_item", "the same event brings this item twice")
    number, expires_at = ledger.items.get(item, (0, 0))
    if expires_at > to_micros(event.received_at):
        raise _NotFolded("duplicate_item", f"this item came with event {number}")


def _refuse_foreign_pin(ledger: Ledger, stage: _Stage, change: Change) -> None:
    owner = ledger.owners.get(change.pin)
    if owner == change.mapping or change.pin in stage.founded:
        return
    if owner is not None:
        raise _NotFolded("pin_taken", f"the pin {change.pin} belongs to the mapping {owner!r}")
    bound = ledger.max_pins.get(change.mapping)
    if bound is not None and ledger.families.get(change.mapping, 0) + len(stage.founded) >= bound:
        raise _NotFolded("error", f"the mapping has {bound} pins already, its max_pins; {change.pin} would be one more")


def _take_over(ledger: Ledger, stage: _Stage, number: int, event: Event) -> None:
    for key, newest in stage.newest.items():
        ledger.newest[key] = newest
        ledger.orders[key] = newest.order
    if stage.items:
        kept = (number, forgotten_at(event, ledger.horizon))
        ledger.items |= dict.fromkeys(stage.items, kept)
        ledger.new_items |= dict.fromkeys(stage.items, kept)
    for _, pin, _ in stage.newest:
        if pin in stage.unshown:
            continue
        if pin not in ledger.owners:
            ledger.owners[pin] = stage.mapping
            ledger.families[stage.mapping] = ledger.families.get(stage.mapping, 0) + 1
        _, since = ledger.moved.get(pin, (stage.mapping, event.received_at))
        ledger.moved[pin] = (stage.mapping, min(since, event.received_at))


def forgotten_at(event: Event, horizon: timedelta) -> int:
    """Say when the keys of an event are forgotten: nothing as old is folded by then, even if dated ahead."""
    return to_micros(event.received_at) + in_micros(horizon) + int(event.tolerance_s * SECOND)


def lifetime(event: Event, horizon: timedelta) -> tuple[int, int]:
    """Give when a delivery's key was seen and when it is forgotten."""
    seen_at = to_micros(event.received_at)
    if event.dedup_window_s is None:
        return seen_at, forgotten_at(event, horizon)
    return seen_at, seen_at + int(event.dedup_window_s * SECOND)


def encode_version(version: Sequence[Value]) -> str:
    """Write a version as it is stored."""
    return encode_values({"version": list(version)})


def decode_version(text: str) -> tuple[Value, ...]:
    """Read a version as it is stored."""
    return tuple(cast(list[Value], decode_values(text)["version"]))
