"""From what an author wrote under `triggers` to compiled triggers, with every mistake noted."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from bridge.events import Json
from bridge.located import MappingNode, Node, Place, Plain, SequenceNode
from bridge.located.fields import Fields, Problems, describe, one_or_many, read_text
from bridge.mappings.queries.queries import MISSING, Query
from bridge.mappings.triggers.conditions import compile_conditions
from bridge.mappings.triggers.definition_hashes import definition_hash
from bridge.mappings.triggers.extraction import compile_extract, compile_let, read_kinds, written_variables
from bridge.mappings.triggers.facts import Facts, Shared, TriggerFault
from bridge.mappings.triggers.pin_names import PinRule, compile_pin
from bridge.mappings.triggers.readings import Names, Patterns, Reading, read_query, read_single
from bridge.mappings.triggers.triggers import Trigger
from bridge.mappings.values.conversion import convert
from bridge.mappings.values.values import excerpt

KEYS = ("name", "source", "event", "when", "each", "at", "version", "key", "extract", "let")
MAX_EVENT_CHARACTERS = 256
"""Longest event type, or pattern of event types, that a trigger names."""

_OUTER_KEYS = dict.fromkeys(
    (
        "pin",
        "type",
        "timezone",
        "locale",
        "constants",
        "triggers",
        "state",
        "update",
        "deliver",
        "stale_after",
        "tests",
    ),
    "is a key of the mapping, not of a trigger; it begins further left",
)
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declared:
    """A trigger, the names that it knows and reads, and all that its author wrote of it."""

    trigger: Trigger
    names: Names
    written: Plain

    @property
    def name(self) -> str:
        """What the trigger is called."""
        return self.trigger.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """The triggers of one mapping, the variables they declare, and where each source is named first.

    `sources` are all that they name, None where one could not be read: then nobody knows what they are.
    """

    declared: tuple["Declared", ...]
    variables: frozenset[str]
    source_places: Mapping[str, Place]
    sources: frozenset[str] | None


def compile_triggers(
    mapping: str, fields: Fields, rule: PinRule | None, shared: Shared, warnings: Problems
) -> Triggers:
    """Compile the list under `triggers`; faults are noted in `fields`."""
    node = fields.node("triggers")
    items: tuple[Node, ...] = ()
    if isinstance(node, SequenceNode) and node.items:
        items = node.items
    elif node is not None:
        fields.problems.append(node.place.problem(f"'triggers' is a list of triggers, found {_empty_or(node)}"))
    compiler = _Compiler(mapping, rule, shared, fields.problems, warnings)
    compiler.entries = _entry_names(fields)
    for item in items:
        compiler.add(item, is_only=len(items) == 1)
    are_wanted = node is not None or fields.is_misspelt("triggers")
    are_read = len(compiler.sources) == len(items) and (bool(items) or not are_wanted)
    return Triggers(
        declared=tuple(compiler.declared),
        variables=frozenset(compiler.variables),
        source_places=compiler.source_places,
        sources=frozenset(compiler.sources) if are_read else None,
    )


def _empty_or(node: Node) -> str:
    return "an empty one" if isinstance(node, SequenceNode) else describe(node)


class _Compiler:
    """Compiles the triggers of one mapping, one after the other."""

    def __init__(
        self, mapping: str, rule: PinRule | None, shared: Shared, problems: Problems, warnings: Problems
    ) -> None:
        self.declared: list[Declared] = []
        self.variables: set[str] = set()
        self.source_places: dict[str, Place] = {}
        self.sources: list[str] = []
        self.entries: frozenset[str] = frozenset()
        self._mapping = mapping
        self._rule = rule
        self._setting = shared
        self._problems = problems
        self._warnings = warnings
        self._name_places: dict[str, Place] = {}
        self._patterns = Patterns()

    def add(self, node: Node, *, is_only: bool) -> None:
        """Compile one trigger."""
        if not isinstance(node, MappingNode):
            self._problems.append(node.place.problem(f"a trigger is an object with keys, found {describe(node)}"))
            return
        fields = Fields(node, "a trigger", KEYS, self._problems, _OUTER_KEYS)
        name = self._read_name(fields, is_only=is_only)
        source = self._read_source(fields)
        names = Names(
            constants=self._setting.constants,
            problems=self._problems,
            warnings=self._warnings,
            patterns=self._patterns,
            entries=self.entries,
        )
        trigger = self._compile(name, source, fields, names)
        self.declared.append(Declared(trigger=trigger, names=names, written=node.plain()))
        self.variables.update(names.variables)

    def _compile(self, name: str, source: str, fields: Fields, names: Names) -> Trigger:
        each, each_path = _compile_each(fields, names)
        extract, let, when = fields.node("extract"), fields.node("let"), fields.node("when")
        variables = compile_extract(extract, names) if extract else []
        variables += compile_let(let, names) if let else []
        conditions = compile_conditions(when, names) if when else []
        early = [condition for condition in conditions if condition.left.is_early]
        of_item = [condition for condition in early if each is not None and condition.left.is_of_item]
        pin = compile_pin(self._rule, names) if self._rule else _no_pin
        return Trigger(
            mapping=self._mapping,
            name=name,
            source=source,
            events=_read_events(fields),
            of_event=tuple(condition for condition in early if each is None or not condition.left.is_of_item),
            early=tuple(of_item),
            late=tuple(condition for condition in conditions if not condition.left.is_early),
            each=each,
            each_path=each_path,
            variables=tuple(variables),
            written={name: text for node in (extract, let) if node for name, text in written_variables(node).items()},
            pin=pin,
            at=_compile_part(fields, "at", names),
            version=_compile_parts(fields, "version", names),
            key=_compile_parts(fields, "key", names),
            key_by=definition_hash(fields, ("key",), self._setting.constants),
            shared=self._setting,
        )

    def _read_name(self, fields: Fields, *, is_only: bool) -> str:
        node = fields.node("name")
        if node is None:
            if not is_only:
                message = "a trigger needs a 'name' where there are several"
                self._problems.append(fields.place.problem(message))
            return self._mapping.rpartition("/")[2]
        name = fields.text("name")
        if name in self._name_places:
            message = f"the trigger in line {self._name_places[name].line} has the name {name[:80]!r} too"
            self._problems.append(node.place.problem(message))
        self._name_places.setdefault(name, node.place)
        return name

    def _read_source(self, fields: Fields) -> str:
        node = fields.required("source")
        if isinstance(node, SequenceNode):
            message = "'source' is one source, found a list; write a trigger for each of them"
            self._problems.append(node.place.problem(message))
            return ""
        name = "" if node is None else read_text(node, "'source'", self._problems)
        if node is not None and name:
            if not _SOURCE.fullmatch(name):
                message = f"{name[:80]!r} is no name of a source; one has letters, digits, _ and -"
                self._problems.append(node.place.problem(message))
            else:
                self.sources.append(name)
            self.source_places.setdefault(name, node.place)
        return name


def _no_pin(_: Facts) -> str:
    raise TriggerFault("the mapping has no pin")


def _read_events(fields: Fields) -> tuple[str, ...]:
    node = fields.node("event")
    if node is None:
        return ()
    if isinstance(node, SequenceNode) and not node.items:
        fields.problems.append(node.place.problem("'event' names at least one event type; leave it out to take all"))
    events = tuple(_read_event(item, fields.problems) for item in one_or_many(node))
    if not isinstance(node, SequenceNode) and "," in events[0]:
        listed = ", ".join(each.strip() for each in events[0].split(","))
        fields.problems.append(node.place.problem(f"several event types are a list; write [{listed[:80]}]"))
    return events


def _read_event(node: Node, problems: Problems) -> str:
    pattern = read_text(node, "'event'", problems)
    if len(pattern) > MAX_EVENT_CHARACTERS:
        problems.append(node.place.problem(f"an event type has at most {MAX_EVENT_CHARACTERS} characters"))
    return pattern


def _compile_part(fields: Fields, key: str, names: Names) -> Reading | None:
    node = fields.node(key)
    return None if node is None else read_single(node, f"{key!r}", names)


def _compile_parts(fields: Fields, key: str, names: Names) -> tuple[Reading, ...] | None:
    node = fields.node(key)
    if node is None:
        return None
    if isinstance(node, SequenceNode) and not node.items:
        fields.problems.append(node.place.problem(f"{key!r} has at least one part"))
    readings = [read_single(item, f"{key!r}", names) for item in one_or_many(node)]
    return tuple(reading for reading in readings if reading is not None)


def _compile_each(fields: Fields, names: Names) -> tuple[Callable[[Facts], list[Json]] | None, str]:
    """Give what finds the items, None where there is no such thing, and the path to them."""
    node = fields.node("each")
    if node is None:
        return None, ""
    kinds: tuple[str, ...] = ()
    path: Node | None = node
    if isinstance(node, MappingNode):
        keys = Fields(node, "'each'", ("path", "as"), fields.problems)
        kinds = read_kinds(keys)
        path = keys.required("path")
    query = None if path is None else read_query(path, "'each'", names)
    return (None, "") if query is None else (_items_of(query, kinds), query.text)


def _items_of(query: Query, kinds: tuple[str, ...]) -> Callable[[Facts], list[Json]]:
    """Give the items: what a path of many matches finds, or the list at the one place."""
    get, find = query.get, query.find

    def many(facts: Facts) -> list[Json]:
        found = find(facts.item, facts.work)
        return [cast(Json, convert(item, kinds)) for item in found] if kinds else found

    def one(facts: Facts) -> list[Json]:
        found = get(facts.item)
        value = None if found is MISSING else convert(found, kinds)
        if value is None:
            return []
        if not isinstance(value, list):
            raise TriggerFault(f"'each': {query.text} is no list, found {excerpt(value)}")
        return value

    return one if query.single else many


def _entry_names(fields: Fields) -> frozenset[str]:
    node = fields.node("state")
    return frozenset(entry.name for entry in node.entries) if isinstance(node, MappingNode) else frozenset()
