"""Which triggers an event could concern: by source, event type and equality conditions.

Ten thousand triggers on one source cost about what ten do. The index only rules out: what it
leaves is evaluated as if there were none, so that dispatch never changes a result but in how
the reasons of those ruled out are told.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import re2

from bridge.events import Event
from bridge.mappings.triggers.comparisons import index_key
from bridge.mappings.triggers.conditions import Condition, Left
from bridge.mappings.triggers.facts import Facts
from bridge.mappings.triggers.triggers import Trigger
from bridge.mappings.values.bounds import ExpressionError, Work
from bridge.mappings.values.values import excerpt

INDEXED_FROM = 33
"""From how many triggers on one event type those ruled out are summed up, not told one by one."""

_MAX_REMEMBERED_TYPES = 4096
_MAX_REMEMBERED_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Candidates:
    """The triggers to run, in the order of the mappings, and what was said of the others."""

    triggers: tuple[Trigger, ...]
    ruled_out: str = ""


class Dispatch:
    """Finds the triggers for an event."""

    def __init__(self, triggers: Iterable[Trigger]) -> None:
        by_source: dict[str, list[Trigger]] = defaultdict(list)
        for trigger in triggers:
            by_source[trigger.source].append(trigger)
        self._sources = {source: _Source(listed) for source, listed in by_source.items()}

    def candidates(self, event: Event, work: Work) -> Candidates:
        """Give the triggers that could take an event; looking them up takes of `work`."""
        source = self._sources.get(event.source)
        return Candidates(()) if source is None else source.plan(event.type).candidates(event, work)

    def takers(self, event: Event) -> tuple[Trigger, ...]:
        """Give the triggers that take events of its source and type, whatever it says."""
        source = self._sources.get(event.source)
        return () if source is None else source.plan(event.type).takers


class _Source:
    """The triggers of one source, by the patterns of event types that they name."""

    def __init__(self, triggers: list[Trigger]) -> None:
        self._triggers = triggers
        self._everything: list[int] = []
        self._families: dict[str, list[int]] = defaultdict(list)
        self._globs: dict[str, list[int]] = defaultdict(list)
        for position, trigger in enumerate(triggers):
            if not trigger.events:
                self._everything.append(position)
            for pattern in set(trigger.events):
                (self._globs if "*" in pattern else self._families)[pattern].append(position)
        self._expressions = {glob: _compile_glob(glob) for glob in self._globs}
        self._longest = max(map(len, self._families), default=0)
        self._by_type: dict[str, _Plan] = {}
        self._by_patterns: dict[tuple[str, ...], _Plan] = {}

    def plan(self, event_type: str) -> "_Plan":
        plan = self._by_type.get(event_type)
        if plan is None:
            plan = self._plan_for(self._matching(event_type))
            if len(self._by_type) < _MAX_REMEMBERED_TYPES and len(event_type) <= _MAX_REMEMBERED_CHARACTERS:
                self._by_type[event_type] = plan
        return plan

    def _matching(self, event_type: str) -> tuple[str, ...]:
        """List the patterns that take a type: its own name, a dotted prefix of it, or a glob."""
        matching = [prefix for prefix in self._prefixes(event_type) if prefix in self._families]
        matching += [glob for glob, expression in self._expressions.items() if expression.fullmatch(event_type)]
        return tuple(matching)

    def _prefixes(self, event_type: str) -> Iterable[str]:
        dot = event_type.find(".")
        while 0 <= dot <= self._longest:
            yield event_type[:dot]
            dot = event_type.find(".", dot + 1)
        yield event_type

    def _plan_for(self, patterns: tuple[str, ...]) -> "_Plan":
        """Types that the same patterns take share a plan, so that unheard-of types cost nothing."""
        plan = self._by_patterns.get(patterns)
        if plan is None:
            positions = set(self._everything)
            for pattern in patterns:
                positions.update(self._families.get(pattern, ()), self._globs.get(pattern, ()))
            plan = self._by_patterns[patterns] = _Plan([self._triggers[position] for position in sorted(positions)])
        return plan


class _Plan:
    """The triggers that take one event type, indexed by an equality condition where they are many."""

    def __init__(self, triggers: list[Trigger]) -> None:
        self._all = Candidates(tuple(triggers))
        self._triggers = triggers
        self._rest: list[int] = []
        self._look_ups: dict[str, _LookUp] = {}
        if len(triggers) >= INDEXED_FROM:
            self._index()

    @property
    def takers(self) -> tuple[Trigger, ...]:
        return self._all.triggers

    def _index(self) -> None:
        """Index each trigger by that of its equalities which tells most triggers apart."""
        keys: dict[str, set[object]] = defaultdict(set)
        for trigger in self._triggers:
            for condition in _equalities(trigger):
                keys[condition.left.text].update(condition.keys or ())
        for position, trigger in enumerate(self._triggers):
            best = max(_equalities(trigger), key=lambda condition: len(keys[condition.left.text]), default=None)
            if best is None:
                self._rest.append(position)
            else:
                look_up = self._look_ups.setdefault(best.left.text, _LookUp(best.left))
                look_up.add(best.keys or frozenset(), position)

    def candidates(self, event: Event, work: Work) -> Candidates:
        if not self._look_ups:
            return self._all
        facts = Facts(event, event.payload, self._triggers[0].shared, work)
        positions = set(self._rest)
        reasons = []
        for look_up in self._look_ups.values():
            hits, reason = look_up.find(facts)
            positions |= hits
            if reason:
                reasons.append(reason)
        return Candidates(tuple(self._triggers[position] for position in sorted(positions)), "; ".join(reasons[:10]))


class _LookUp:
    """The triggers that want one left side to have certain values."""

    def __init__(self, left: Left) -> None:
        self._left = left
        self._by_key: dict[object, list[int]] = defaultdict(list)
        self._count = 0

    def add(self, keys: frozenset[object], position: int) -> None:
        self._count += 1
        for key in keys:
            self._by_key[key].append(position)

    def find(self, facts: Facts) -> tuple[set[int], str]:
        """Give the triggers that want what is found, and what to say of the others."""
        try:
            found = self._left.found(facts)
        except ExpressionError:
            # More than the index may cost: each trigger looks by itself, and says so.
            return {position for positions in self._by_key.values() for position in positions}, ""
        hits = {position for value in found for position in self._by_key.get(index_key(value), ())}
        ruled_out = self._count - len(hits)
        if not ruled_out:
            return hits, ""
        shown = ", ".join(map(excerpt, found[:3])) or "nothing"
        triggers = "trigger asks" if ruled_out == 1 else "triggers ask"
        return hits, f"{ruled_out:,} {triggers} for another {self._left.text}; found {shown}"


def _equalities(trigger: Trigger) -> list[Condition]:
    return [condition for condition in trigger.of_event if condition.keys is not None]


def _compile_glob(glob: str) -> "re2._Regexp":
    """Compile a glob in which `*` stands for any text; what it takes, it takes with its family."""
    options = re2.Options()
    options.dot_nl = True
    return re2.compile(".*".join(map(re2.escape, glob.split("*"))) + r"(\..*)?", options)
