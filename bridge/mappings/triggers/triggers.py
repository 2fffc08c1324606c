"""A trigger: which events it takes, and what it makes of one. Pure; no clock.

The order is fixed: conditions on paths, then `extract`, then `let`, then conditions on
variables, then `pin`, `at`, `version` and `key`.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from bridge.events import Event, Json
from bridge.mappings.queries.queries import MISSING
from bridge.mappings.records import (
    NO_FINGERPRINTS,
    Change,
    Evaluation,
    Fingerprints,
    Operation,
    Outcome,
    OutcomeKind,
)
from bridge.mappings.triggers.conditions import Condition
from bridge.mappings.triggers.extraction import Variable
from bridge.mappings.triggers.facts import Facts, Shared, TriggerFault
from bridge.mappings.triggers.readings import Reading
from bridge.mappings.values.bounds import ExpressionError, Work
from bridge.mappings.values.canonical import canonical
from bridge.mappings.values.conversion import ConversionError, parse_number, parse_time
from bridge.mappings.values.values import InexactNumber, UnusableValue, Value, exact

MAX_ITEMS = 10_000
MAX_TOLD = 100
"""How many outcomes of one kind a trigger has at most for an event, `matched` aside; the last says how many more."""

MAX_TOLD_OF = 1000
"""Of how many triggers and kinds an event's outcomes tell; what the others say is counted by its kind."""

MAX_TOLD_FURTHER = 1000
"""How many outcomes an event has at most beside the first of each trigger and kind."""

_MEANT = (TriggerFault, ConversionError, UnusableValue, ExpressionError)
FAULTS = (*_MEANT, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)
"""What a trigger's own values may raise; the others are what Python says of a value that nobody thought of. They are
this trigger's too: an event must not be lost to the mappings beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One compiled trigger. `events` are patterns of event types, empty for all.

    `key_by` (16 bytes) is the definition of `key`, hashed.
    `early` conditions need nothing but the payload, `late` ones the variables; those in
    `of_event` need not even the item. `each` gives the items, None where the event is one.
    `written` says for each variable how its author wrote it, and `each_path` where the items stand.
    `operations` give what a change says to the entries of the state that this trigger feeds; None for nothing.
    """

    mapping: str
    name: str
    source: str
    events: tuple[str, ...]
    of_event: tuple[Condition, ...]
    early: tuple[Condition, ...]
    late: tuple[Condition, ...]
    each: Callable[[Facts], list[Json]] | None
    each_path: str
    variables: tuple[Variable, ...]
    written: Mapping[str, str]
    pin: Callable[[Facts], str]
    at: Reading | None
    version: tuple[Reading, ...] | None
    key: tuple[Reading, ...] | None
    key_by: bytes
    shared: Shared
    operations: tuple[Callable[[Facts], Operation | None], ...] = ()

    def run(self, event: Event, results: "Results", work: Work) -> None:
        """Add to `results` what this event changes, and what became of it. Never raises for an event's fault.

        Raises `NotAtOnce` where `work` is a `Moment` that is over.
        """
        facts = Facts(event, event.payload, self.shared, work)
        try:
            work.spend(1 + len(self.variables) + len(self.operations))
            if self.of_event and (failed := _first_failing(self.of_event, facts)):
                results.tell(self, "not_matched", failed.reason(facts))
            elif self.each is None:
                self._run_item(facts, results)
            else:
                self._run_items(facts, self.each, results)
        except FAULTS as error:
            results.tell_error(self, error)

    def _run_items(self, facts: Facts, each: Callable[[Facts], list[Json]], results: "Results") -> None:
        items = each(facts)
        if not items:
            results.tell(self, "no_items", f"'each': {self.each_path} finds no item")
        elif len(items) > MAX_ITEMS:
            results.tell(self, "error", f"'each' finds {len(items):,} items; at most {MAX_ITEMS:,} are allowed")
        else:
            for item in items:
                self._run_item(Facts(facts.event, item, self.shared, facts.work), results)

    def _run_item(self, facts: Facts, results: "Results") -> None:
        try:
            if self.early and (failed := _first_failing(self.early, facts)):
                results.tell(self, "not_matched", failed.reason(facts))
                return
            variables = facts.variables
            for name, read in self.variables:
                variables[name] = read(facts)
            if self.late and (failed := _first_failing(self.late, facts)):
                results.tell(self, "not_matched", failed.reason(facts))
                return
            self._change(facts, results)
        except FAULTS as error:
            results.tell_error(self, error)

    def _change(self, facts: Facts, results: "Results") -> None:
        pin = self.pin(facts)
        at, reason = self._happened_at(facts)
        told = [operation(facts) for operation in self.operations] if self.operations else ()
        change = Change(
            mapping=self.mapping,
            trigger=self.name,
            pin=pin,
            at=at,
            version=(at,) if self.version is None else tuple([_version_part(read, facts) for read in self.version]),
            item_key=None if self.key is None else self._item_key(self.key, facts),
            variables=facts.variables,
            operations=tuple([operation for operation in told if operation is not None]) if told else (),
        )
        results.add(change, reason)

    def _happened_at(self, facts: Facts) -> tuple[datetime, str]:
        """Give the event's own time; one too far ahead counts at its arrival, and the reason says so."""
        event = facts.event
        at = event.at or event.received_at
        if self.at is not None:
            own = self.at(facts)
            at = at if own is None or own is MISSING else _readable_time(own)
        if at <= event.received_at:
            return at, ""
        if at - event.received_at > timedelta(seconds=event.tolerance_s):
            return event.received_at, f"dated ahead ({at.isoformat()}), so it counts at its arrival"
        return at, ""

    def _item_key(self, readings: tuple[Reading, ...], facts: Facts) -> bytes:
        parts: list[Value] = [self.mapping, self.name]
        for read in readings:
            part = read(facts)
            if part is MISSING or part is None:
                raise TriggerFault("'key': a part of it is missing or null, so items cannot be told apart")
            parts.append(part)
        try:
            told = canonical(parts)
        except UnusableValue as error:
            raise TriggerFault(f"'key': {error}") from error
        return hashlib.blake2b(told, digest_size=16, salt=self.key_by).digest()


class _Teller(NamedTuple):
    """Who tells outcomes of one kind; no mapping and trigger stand for all that came too late to be told of."""

    mapping: str
    trigger: str
    kind: OutcomeKind


class Results:
    """Collects the changes and outcomes of one event; tells no more than a journal should hold."""

    def __init__(self, literal_pins: Mapping[str, str], fingerprints: Fingerprints = NO_FINGERPRINTS) -> None:
        self.changes: list[Change] = []
        self.outcomes: list[Outcome] = []
        self._literal_pins = literal_pins
        self._fingerprints = fingerprints
        self._item_keys: set[bytes] = set()
        self._told: dict[_Teller, int] = {}
        self._told_further = 0
        self._left_out: dict[_Teller, int] = {}

    def add(self, change: Change, reason: str) -> None:
        """Add a change, unless its pin is another's or its item was there before."""
        owner = self._literal_pins.get(change.pin, change.mapping)
        if owner != change.mapping:
            self._tell(change.mapping, change.trigger, "pin_taken", f"{change.pin} belongs to {owner}", change.pin)
        elif change.item_key is not None and change.item_key in self._item_keys:
            reason = "the event has an item with the same 'key' before this one"
            self._tell(change.mapping, change.trigger, "duplicate_item", reason, change.pin)
        else:
            if change.item_key is not None:
                self._item_keys.add(change.item_key)
            self.changes.append(change)
            self.outcomes.append(_matched(change.mapping, change.trigger, reason, change.pin))

    def tell(self, trigger: Trigger, kind: OutcomeKind, reason: str) -> None:
        """Add an outcome without a change."""
        self._tell(trigger.mapping, trigger.name, kind, reason, None)

    def tell_error(self, trigger: Trigger, error: Exception) -> None:
        """Add the outcome of a trigger that gave up."""
        kind: OutcomeKind = "inexact_number" if isinstance(error, InexactNumber) else "error"
        self.tell(trigger, error.kind if isinstance(error, TriggerFault) else kind, fault_text(error))

    def _tell(self, mapping: str, trigger: str, kind: OutcomeKind, reason: str, pin: str | None) -> None:
        teller = _Teller(mapping, trigger, kind)
        if self._may_tell(teller):
            self.outcomes.append(Outcome(mapping=mapping, trigger=trigger, kind=kind, reason=reason, pin=pin))
            return
        if teller not in self._told:
            teller = _Teller("", "", kind)
        self._left_out[teller] = self._left_out.get(teller, 0) + 1

    def _may_tell(self, teller: "_Teller") -> bool:
        """Let each trigger have its first word, so that no other's many outcomes hide what went wrong with it."""
        told = self._told.get(teller, 0)
        if told:
            may = told < MAX_TOLD - 1 and self._told_further < MAX_TOLD_FURTHER
            self._told_further += may
        else:
            may = len(self._told) < MAX_TOLD_OF
        if may:
            self._told[teller] = told + 1
        return may

    def evaluation(self) -> Evaluation:
        """Give all that was collected; where outcomes of a trigger and kind were left out, one says how many."""
        for (mapping, trigger, kind), count in self._left_out.items():
            reason = f"and {count:,} more like these" if mapping else f"and {count:,} more, of other triggers"
            self.outcomes.append(Outcome(mapping=mapping, trigger=trigger, kind=kind, reason=reason, pin=None))
        return Evaluation(changes=tuple(self.changes), outcomes=tuple(self.outcomes), fingerprints=self._fingerprints)


def fault_text(error: Exception) -> str:
    """Say what one of the `FAULTS` says, with its kind where nobody thought of it."""
    return str(error) if isinstance(error, _MEANT) else f"{type(error).__name__}: {error}"[:200]


@lru_cache(maxsize=1024)
def _matched(mapping: str, trigger: str, reason: str, pin: str) -> Outcome:
    """Give the outcome of a change: one trigger and its pin have the same nearly every time."""
    return Outcome(mapping=mapping, trigger=trigger, kind="matched", reason=reason, pin=pin)


def _first_failing(conditions: tuple[Condition, ...], facts: Facts) -> Condition | None:
    for condition in conditions:
        if not condition.holds(facts):
            return condition
    return None


def _readable_time(value: Value) -> datetime:
    try:
        return parse_time(value)
    except ConversionError as error:
        raise TriggerFault(f"'at': {error}") from error


def _version_part(read: Reading, facts: Facts) -> Value:
    """Read one part of a version; text that is a number or a time counts as one."""
    value = read(facts)
    if value is MISSING:
        raise TriggerFault("'version': a part of it is missing")
    if not isinstance(value, str):
        facts.charge(value)
        return exact(value)
    with suppress(ConversionError):
        return parse_number(value)
    with suppress(ConversionError):
        return parse_time(value)
    return value
