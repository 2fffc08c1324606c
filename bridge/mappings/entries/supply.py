"""What can feed the entries of a mapping: its triggers, with the names that each of them knows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import NamedTuple

from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import Problems, describe, one_or_many
from bridge.mappings.entries.trigger_sets import NO_TRIGGERS, KnownNames, TriggerSet, positions
from bridge.mappings.expressions.expressions import is_expression
from bridge.mappings.triggers.conditions import Condition, compile_conditions
from bridge.mappings.triggers.facts import Facts, Shared
from bridge.mappings.triggers.readings import Names, Patterns, Reading, read_single
from bridge.mappings.triggers.trigger_definition import Declared
from bridge.spelling import suggest

_MOST_TOLD = 5
"""Of so many triggers it is said what they lack."""


class Part(NamedTuple):
    """A value that an entry reads, how it is written, and the variables and constants that it names."""

    read: Reading
    shown: str
    names: frozenset[str]

    @property
    def is_variable(self) -> bool:
        """Tell whether it is a variable or a constant as it stands, which is always there."""
        return self.shown in self.names


class Conditions(NamedTuple):
    """Conditions that must all hold, and the variables and constants that they name."""

    all: tuple[Condition, ...]
    names: frozenset[str]

    def hold(self, facts: Facts) -> bool:
        """Tell whether each of them holds."""
        return all(condition.holds(facts) for condition in self.all)


NO_CONDITIONS = Conditions((), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """The triggers of a mapping, what they share, and where to note faults and warnings.

    `entries` are the names under `state`, which no entry can read either.
    """

    triggers: tuple[Declared, ...]
    known: KnownNames
    shared: Shared
    entries: frozenset[str]
    problems: Problems
    warnings: Problems
    patterns: Patterns

    def read(self, node: Node, what: str) -> Part | None:
        """Compile a reading of what any of the triggers knows; a fault is noted."""
        names = self._names()
        reading = read_single(node, what, names)
        shown = node.text if isinstance(node, ScalarNode) else ""
        return None if reading is None else Part(reading, shown, frozenset(names.read))

    def read_all(self, node: Node, what: str) -> tuple[Part, ...]:
        """Compile one reading, or each of a list."""
        if isinstance(node, SequenceNode) and not node.items:
            self.problems.append(node.place.problem(f"{what} has at least one part"))
        parts = [self.read(item, what) for item in one_or_many(node)]
        return tuple(part for part in parts if part is not None)

    def read_conditions(self, node: Node) -> Conditions:
        """Compile conditions on what any of the triggers knows; faults are noted."""
        names = self._names()
        return Conditions(tuple(compile_conditions(node, names)), frozenset(names.read))

    def read_triggers(self, node: Node, what: str) -> TriggerSet:
        """Find the triggers that are named, one or a list; a fault is noted."""
        if isinstance(node, SequenceNode) and not node.items:
            self.problems.append(node.place.problem(f"{what} names at least one trigger"))
        return reduce(TriggerSet.__or__, (self._named(item, what) for item in one_or_many(node)), NO_TRIGGERS)

    def fed_by(self, names: Collection[str], among: TriggerSet) -> TriggerSet:
        """Give the triggers that know all of these names."""
        return self.known.knowing(names, among)

    def lacking(self, names: Collection[str], among: TriggerSet) -> str:
        """Say which triggers lack which of these names, with the nearest that each has; empty where none lacks any."""
        lacking = among & ~self.known.knowing(names, among)
        told = [self._lack(names, position) for position in islice(positions(lacking), _MOST_TOLD)]
        return ", ".join(told) + _and_more(lacking.bit_count())

    def called(self, triggers: TriggerSet) -> str:
        """Name triggers in a message."""
        told = [repr(self.triggers[position].name) for position in islice(positions(triggers), _MOST_TOLD)]
        return ", ".join(told) + _and_more(triggers.bit_count())

    def _lack(self, names: Collection[str], position: int) -> str:
        trigger = self.triggers[position]
        missing = sorted(name for name in names if not self.known.knowing([name], 1 << position))
        near = suggest(missing[0], trigger.names.variables).removeprefix("; ") if len(missing) == 1 else ""
        return f"{trigger.name!r} lacks {', '.join(map(repr, missing))}{near and f' ({near})'}"

    def _named(self, node: Node, what: str) -> TriggerSet:
        name = node.text if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""
        if found := self.known.called(name):
            return found
        known = [trigger.name for trigger in self.triggers]
        advice = suggest(name, known) or there_are(known)
        self.problems.append(node.place.problem(f"{what} names a trigger, and {describe(node)} is none{advice}"))
        return NO_TRIGGERS

    def _names(self) -> Names:
        return Names(
            constants=self.shared.constants,
            variables=self.known.variables,
            problems=self.problems,
            warnings=self.warnings,
            patterns=self.patterns,
            entries=self.entries,
        )


def _and_more(count: int) -> str:
    return f" and {count - _MOST_TOLD} more" if count > _MOST_TOLD else ""


def names_triggers(node: Node) -> bool:
    """Tell whether a node names triggers, and is no conditions."""
    if isinstance(node, SequenceNode):
        return all(names_triggers(item) for item in node.items)
    return not isinstance(node, MappingNode) and not is_expression(node.text)


def names_of(parts: Iterable[Part | Conditions | None]) -> frozenset[str]:
    """Give all names that parts read."""
    return frozenset(name for part in parts if part is not None for name in part.names)


def there_are(known: Sequence[str]) -> str:
    """Name what there is, at the end of a message; nothing where there is nothing."""
    if not known:
        return ""
    told = ", ".join(known[:_MOST_TOLD]) + _and_more(len(known))
    return f"; there {'is' if len(known) == 1 else 'are'} {told}"
