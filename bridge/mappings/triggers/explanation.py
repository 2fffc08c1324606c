"""Why a trigger made of an event what it did: each condition with what stood there, each variable with its value. Pure.

The steps are those of `Trigger.run`, taken once more with everything told; a property test holds
that both end alike.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.events import Event
from bridge.mappings.triggers.conditions import Condition
from bridge.mappings.triggers.dispatch import Dispatch
from bridge.mappings.triggers.extraction import ASKS_FOR_DEFAULT
from bridge.mappings.triggers.facts import MAX_EVENT_WORK, Facts
from bridge.mappings.triggers.path_advice import advise, advise_on_items
from bridge.mappings.triggers.triggers import FAULTS, Trigger, fault_text
from bridge.mappings.values.bounds import Work
from bridge.mappings.values.values import Value

MOST_ITEMS = 5
"""Of an event with many items, so many are explained."""

_DONE_WITH_IT = re.compile(", (?:as|take) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A condition that was looked at: whether it held, and what was wanted and found."""

    holds: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A variable: how it is written, and its value."""

    name: str
    written: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """How far the trigger came with the event, or with one item of it. `fault` is what ended it, if anything did.

    `advice` says what the path was meant to be that found nothing, where that can be guessed.
    """

    conditions: tuple[Checked, ...]
    variables: tuple[Taken, ...]
    fault: str = ""
    advice: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether every condition held and every variable was taken."""
        return not self.fault and all(condition.holds for condition in self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a trigger looked at. `not_asked` says why it did not at all; else `passes` holds one for each item.

    `items` counts the items, 1 where the event is one; of many, the first are explained.
    """

    trigger: str
    not_asked: str = ""
    items: int = 1
    passes: tuple[Pass, ...] = ()


def explain(trigger: Trigger, event: Event) -> Explanation:
    """Explain what a trigger sees in an event. Never raises for an event's fault."""
    if trigger.source != event.source:
        reason = f"it takes the source {trigger.source}, and this is of {event.source}"
        return Explanation(trigger=trigger.name, not_asked=reason)
    if not Dispatch([trigger]).candidates(event, Work(MAX_EVENT_WORK)).triggers:
        reason = f"it takes {' or '.join(trigger.events)}, and this is {event.type or 'of no type'}"
        return Explanation(trigger=trigger.name, not_asked=reason)
    if event.fault:
        return Explanation(trigger=trigger.name, passes=(Pass(conditions=(), variables=(), fault=event.fault),))
    steps = _Steps()
    # Twice the work: what is told of a condition is looked at once more.
    facts = Facts(event, event.payload, trigger.shared, Work(2 * MAX_EVENT_WORK))
    if not steps.check(trigger.of_event, facts) or trigger.each is None:
        return Explanation(trigger=trigger.name, passes=(steps.go_on(trigger, facts),))
    try:
        items = trigger.each(facts)
    except FAULTS as error:
        return Explanation(trigger=trigger.name, items=0, passes=(steps.ended(fault_text(error)),))
    passes = [
        _Steps(steps.conditions).go_on(trigger, Facts(event, item, trigger.shared, facts.work))
        for item in items[:MOST_ITEMS]
    ]
    if not passes:
        passes = [steps.ended("", advise_on_items(trigger.each_path, event.payload))]
    return Explanation(trigger=trigger.name, items=len(items), passes=tuple(passes))


def _path_in(written: str) -> str:
    """Give the path of a variable as it is written, without what is done with what it finds."""
    return _DONE_WITH_IT.split(written)[0] if written.startswith("$") else ""


class _Steps:
    """The steps of one pass, as they are taken."""

    def __init__(self, conditions: Iterable[Checked] = ()) -> None:
        self.conditions = list(conditions)
        self._variables: list[Taken] = []
        self._fault = ""
        self._missing = ""

    def go_on(self, trigger: Trigger, facts: Facts) -> Pass:
        """Take the steps from the conditions on the item to those on the variables."""
        if self._goes_on() and self.check(trigger.early, facts) and self._take(trigger, facts):
            self.check(trigger.late, facts)
        if not self._missing:
            return self.ended(self._fault)
        return self.ended(self._fault, advise(self._missing, facts.item, facts.event.payload, trigger.each_path))

    def check(self, conditions: Iterable[Condition], facts: Facts) -> bool:
        """Look at conditions up to the first that does not hold; tell whether all did."""
        for condition in conditions:
            try:
                self.conditions.append(Checked(holds=condition.holds(facts), said=condition.reason(facts)))
                if not self.conditions[-1].holds and condition.left.is_path and not condition.left.found(facts):
                    self._missing = condition.left.text
            except FAULTS as error:
                self._fault = fault_text(error)
            if not self._goes_on():
                return False
        return True

    def ended(self, fault: str, advice: str = "") -> Pass:
        """Give the pass as far as it came."""
        return Pass(conditions=tuple(self.conditions), variables=tuple(self._variables), fault=fault, advice=advice)

    def _goes_on(self) -> bool:
        return not self._fault and all(condition.holds for condition in self.conditions)

    def _take(self, trigger: Trigger, facts: Facts) -> bool:
        for name, read in trigger.variables:
            try:
                value = facts.variables[name] = read(facts)
            except FAULTS as error:
                self._fault = fault_text(error)
                if self._fault.endswith(ASKS_FOR_DEFAULT):
                    self._missing = _path_in(trigger.written.get(name, ""))
                return False
            self._variables.append(Taken(name=name, written=trigger.written.get(name, ""), value=value))
        return True
