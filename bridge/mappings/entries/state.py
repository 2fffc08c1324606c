"""From what an author wrote under `state` to definitions, and to what each trigger has to tell of an event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bridge.located import MappingNode, Node
from bridge.located.fields import Fields, Problems, describe, read_entries
from bridge.mappings.entries import metrics
from bridge.mappings.entries.compiled import Compiled, Named
from bridge.mappings.entries.definitions import MAX_ENTRIES, Definition, MetricKind
from bridge.mappings.entries.fingerprints import Ground, fingerprint, latest_fingerprint, shape
from bridge.mappings.entries.keys import (
    MEANINGS,
    ROWS,
    STRANGE_TO_METRICS,
    STRANGE_TO_TABLES,
    TABLE_KEYS,
    meanings,
)
from bridge.mappings.entries.operations import Operate
from bridge.mappings.entries.supply import Supply
from bridge.mappings.entries.tables import TableCompiler
from bridge.mappings.entries.trigger_sets import KnownNames, positions
from bridge.mappings.expressions.names import read_name
from bridge.mappings.triggers.facts import Shared
from bridge.mappings.triggers.readings import Patterns
from bridge.mappings.triggers.trigger_definition import Declared, Triggers
from bridge.mappings.triggers.triggers import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The entries of a mapping in the author's order, all their names, and the triggers that tell them of events.

    `latest_fingerprint` is of what the newest events say, as a definition's is of what is folded.
    """

    definitions: Mapping[str, Definition]
    names: frozenset[str]
    triggers: tuple[Trigger, ...]
    latest_fingerprint: bytes


def compile_state(fields: Fields, triggers: Triggers, shared: Shared, warnings: Problems) -> State:
    """Compile the object under `state`; faults are noted in `fields`."""
    node = fields.node("state")
    if node is not None and "triggers" not in fields and not fields.is_misspelt("triggers"):
        fields.problems.append(node.place.problem("'state' needs 'triggers': without them nothing feeds it"))
    entries = [] if node is None else list(_named_entries(node, fields, triggers, shared))
    supply = _supply(fields, triggers, shared, warnings, [named.name for named, _ in entries])
    compiled = [_compile_entry(named, entry, supply) for named, entry in entries] if triggers.declared else []
    sound = [each for each in compiled if each is not None]
    pin = {key: part.plain() for key in ("pin", "pins") if (part := fields.node(key)) is not None}
    ground = Ground(triggers.declared, pin, shared)
    return State(
        definitions=MappingProxyType({each.entry.name: _definition(each, ground) for each in sound}),
        names=supply.entries,
        triggers=_telling(triggers.declared, sound),
        latest_fingerprint=latest_fingerprint(ground, supply.known.all),
    )


def _named_entries(node: Node, fields: Fields, triggers: Triggers, shared: Shared) -> Iterable[tuple[Named, Node]]:
    def bearer(name: str) -> str | None:
        if name in shared.constants:
            return "a constant"
        knowing = [each for each in triggers.declared if name in each.names.variables]
        if not knowing:
            return None
        return f"a variable of the trigger {knowing[0].name!r} (line {knowing[0].names.variables[name].line})"

    for count, (key, entry) in enumerate(read_entries(node, "'state'", fields.problems), 1):
        if count > MAX_ENTRIES:
            fields.problems.append(key.place.problem(f"a mapping has at most {MAX_ENTRIES} entries in its 'state'"))
            return
        if read_name(key, "an entry", bearer, fields.problems):
            yield Named(key.text, key.place), entry


def _supply(fields: Fields, triggers: Triggers, shared: Shared, warnings: Problems, entries: Iterable[str]) -> Supply:
    """Put together what feeds the entries; the regular expressions of a file are counted together."""
    declared = triggers.declared
    return Supply(
        triggers=declared,
        known=KnownNames(declared, shared.constants),
        shared=shared,
        entries=frozenset(entries),
        problems=fields.problems,
        warnings=warnings,
        patterns=declared[0].names.patterns if declared else Patterns(),
    )


def _compile_entry(named: Named, node: Node, supply: Supply) -> Compiled | None:
    if not isinstance(node, MappingNode):
        message = f"an entry is an object, such as {{sum: amount, every: day}}, found {describe(node)}"
        supply.problems.append(node.place.problem(message))
        return None
    found = meanings(node)
    if len(found) == 1:
        return _compile_as(found[0], named, node, supply)
    message = f"{named.name!r} does not say what it remembers; write one of {', '.join(MEANINGS)}"
    if found:
        message = f"{named.name!r} is {' and '.join(map(repr, found))} at once; make an entry of each"
    supply.problems.append(named.place.problem(message))
    return None


def _compile_as(meaning: str, named: Named, node: MappingNode, supply: Supply) -> Compiled | None:
    problems = supply.problems
    if meaning == ROWS:
        fields = Fields(node, "a table", TABLE_KEYS, problems, STRANGE_TO_TABLES)
        return TableCompiler(named, fields, supply).compile(node)
    kind: MetricKind = next(kind for kind in metrics.KINDS if kind == meaning)
    fields = Fields(node, "a metric", (kind, *metrics.OPTIONS), problems, STRANGE_TO_METRICS)
    return metrics.MetricCompiler(named, kind, fields, supply).compile(node)


def _definition(compiled: Compiled, ground: Ground) -> Definition:
    return Definition(entry=compiled.entry, fingerprint=fingerprint(compiled, ground), shape=shape(compiled))


def _telling(declared: Sequence[Declared], compiled: Iterable[Compiled]) -> tuple[Trigger, ...]:
    """Give the triggers that tell the entries which they feed, each in the order of these."""
    operations: list[list[Operate]] = [[] for _ in declared]
    for each in compiled:
        for fed in each.fed:
            for position in positions(fed.triggers):
                operations[position].append(fed.operate)
    return tuple(
        replace(trigger.trigger, operations=tuple(told)) if told else trigger.trigger
        for trigger, told in zip(declared, operations, strict=True)
    )
