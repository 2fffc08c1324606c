"""A table under `state`: rows by key, each with the newest values and the metrics of the events that fed it."""

from typing import NamedTuple

from bridge.located import MappingNode, Node, Plain, ScalarNode
from bridge.located.fields import Fields, one_or_many
from bridge.mappings.entries.buckets import read_buckets, refuse_without_every
from bridge.mappings.entries.columns import Columns, Source, read_columns
from bridge.mappings.entries.compiled import Compiled, Fed, Named
from bridge.mappings.entries.definitions import MAX_CAPACITY, MAX_KEEP, MAX_LIMIT, TableEntry
from bridge.mappings.entries.feeds import fed_by
from bridge.mappings.entries.operations import RowParts, changing
from bridge.mappings.entries.supply import NO_CONDITIONS, Conditions, Part, Supply, names_of, names_triggers, there_are
from bridge.mappings.entries.trigger_sets import NO_TRIGGERS, TriggerSet
from bridge.spelling import suggest

OPTIONS = (
    "key",
    "drop",
    "order",
    "limit",
    "capacity",
    "ttl",
    "track",
    "every",
    "week_start",
    "offset",
    "keep",
    "trigger",
    "when",
)
DEFAULT_LIMIT = 10
DEFAULT_CAPACITY = 1_000
NEWEST, OLDEST = "newest", "oldest"

_READ = ("key", "drop", "when", "trigger")


class _Drop(NamedTuple):
    """What removes rows: events of these triggers, where the conditions hold."""

    triggers: TriggerSet
    conditions: Conditions


_NO_DROP = _Drop(NO_TRIGGERS, NO_CONDITIONS)


class TableCompiler:
    """Compiles one table; faults are noted in `fields`."""

    def __init__(self, named: Named, fields: Fields, supply: Supply) -> None:
        self._named = named
        self._fields = fields
        self._supply = supply

    def compile(self, node: MappingNode) -> Compiled | None:
        """Compile it; None where its rows cannot be read."""
        fields, supply = self._fields, self._supply
        rows, key_node, when_node = fields.required("rows"), fields.node("key"), fields.node("when")
        if rows is None:
            return None
        columns = read_columns(rows, supply)
        key = None if key_node is None else supply.read_all(key_node, "'key'")
        when = NO_CONDITIONS if when_node is None else supply.read_conditions(when_node)
        self._refuse_without_key(columns)
        fed, drop = self._feed(key, when, columns)
        written: dict[str, Plain] = {name: part.plain() for name in _READ if (part := node.get(name)) is not None}
        written["rows"] = {name: source.node.plain() for name, source in columns.sources.items()}
        return Compiled(
            entry=self._entry(columns),
            fed=fed,
            written=written,
            grouped_by=None if key_node is None else [part.plain() for part in one_or_many(key_node)],
            names=names_of(
                [*(key or ()), when, drop.conditions, *(source.part for source in columns.sources.values())]
            ),
        )

    def _feed(self, key: tuple[Part, ...] | None, when: Conditions, columns: Columns) -> tuple[tuple[Fed, ...], _Drop]:
        """Find what each trigger feeds, and what drops rows. Triggers that feed alike have one operation."""
        names = names_of([*(key or ()), when])
        triggers = fed_by(self._named, names, self._fields, self._supply)
        drop = self._read_drop(triggers, names)
        if triggers:
            self._check_columns(columns, triggers, names)
        fed = []
        for alike, of_columns in self._alike(triggers, columns):
            for group, dropped in ((alike & drop.triggers, drop.conditions), (alike & ~drop.triggers, None)):
                if group and (of_columns or dropped is not None):
                    parts = RowParts(key, of_columns, when, dropped)
                    fed.append(Fed(group, changing(self._named.name, parts)))
        return tuple(fed), drop

    def _alike(self, triggers: TriggerSet, columns: Columns) -> list[tuple[TriggerSet, dict[str, Part | None]]]:
        """Part triggers by the columns that they feed."""
        parted: list[tuple[TriggerSet, dict[str, Part | None]]] = [(triggers, {})]
        for name, source in columns.sources.items():
            feeding = self._feeding(source)
            parted = [
                (group, fed)
                for alike, before in parted
                for group, fed in ((alike & feeding, {**before, name: source.part}), (alike & ~feeding, before))
                if group
            ]
        return parted

    def _feeding(self, source: Source) -> TriggerSet:
        if source.counted is not None:
            return source.counted
        return self._supply.fed_by(names_of([source.part]), self._supply.known.all)

    def _check_columns(self, columns: Columns, triggers: TriggerSet, names: frozenset[str]) -> None:
        """Note each column that no trigger feeds, of those that feed the table."""
        for name, source in columns.sources.items():
            lacking = self._lacking(source, triggers, names)
            if lacking:
                message = f"no trigger feeds the column {name!r}: {lacking}"
                self._supply.problems.append(source.node.place.problem(message))

    def _lacking(self, source: Source, triggers: TriggerSet, names: frozenset[str]) -> str:
        """Say what a column's triggers lack; `names` are what each that feeds the table must know."""
        supply = self._supply
        if source.counted is None:
            fed = self._feeding(source) & triggers
            return "" if fed else supply.lacking(names_of([source.part]), triggers)
        strange = source.counted & ~triggers
        if not strange:
            return ""
        return supply.lacking(names, strange) or f"'trigger' does not name {supply.called(strange)}"

    def _read_drop(self, triggers: TriggerSet, names: frozenset[str]) -> _Drop:
        """Read `drop`; what it names must feed the table."""
        node, supply = self._fields.node("drop"), self._supply
        if node is None or self._is_no_drop(node):
            return _NO_DROP
        if names_triggers(node):
            named = supply.read_triggers(node, "'drop'")
            if triggers and (strange := named & ~triggers):
                self._note_strange(node, strange, names)
            return _Drop(named, NO_CONDITIONS)
        conditions = supply.read_conditions(node)
        asked = supply.fed_by(conditions.names, triggers)
        if triggers and not asked:
            lacking = supply.lacking(conditions.names, triggers)
            supply.problems.append(node.place.problem(f"'drop' never holds: {lacking}"))
        return _Drop(asked, conditions)

    def _is_no_drop(self, node: Node) -> bool:
        """Note what neither names a trigger nor has a condition: it would drop nothing, or everything."""
        vain = [item for item in one_or_many(node) if not isinstance(item, ScalarNode) and not _has_a_condition(item)]
        for item in vain:
            found = "an empty object, which every event fits" if isinstance(item, MappingNode) else "a list in it"
            message = f"'drop' is a trigger, a list of them, or conditions, found {found}"
            self._supply.problems.append(item.place.problem(message))
        return bool(vain)

    def _note_strange(self, node: Node, strange: TriggerSet, names: frozenset[str]) -> None:
        lacking = self._supply.lacking(names, strange)
        why = f"'drop' names a trigger that cannot say which row goes: {lacking}" if lacking else ""
        why = why or f"'drop' names {self._supply.called(strange)}, and 'trigger' does not"
        self._supply.problems.append(node.place.problem(why))

    def _refuse_without_key(self, columns: Columns) -> None:
        fields, problems = self._fields, self._supply.problems
        if "key" in fields or fields.is_misspelt("key"):
            return
        for key, otherwise in (("drop", "no event says which row goes"), ("track", "no row ever changes")):
            if (node := fields.node(key)) is not None:
                problems.append(
                    node.place.problem(f"{key!r} needs 'key': without it every event is a row, and {otherwise}")
                )
        for source in columns.sources.values():
            if source.column.kind != "value":
                message = f"{source.column.kind!r} in a column needs 'key': without it every event is a row of its own"
                problems.append(source.node.place.problem(message))

    def _entry(self, columns: Columns) -> TableEntry:
        fields, zone = self._fields, self._supply.shared.timezone
        order_by, descending = self._read_order(columns)
        refuse_without_every(fields, ("week_start", "offset", "keep"), "all time is one bucket without it")
        return TableEntry(
            name=self._named.name,
            columns=columns.all,
            is_keyed="key" in fields,
            order_by=order_by,
            descending=descending,
            limit=fields.whole("limit", default=DEFAULT_LIMIT, lowest=1, highest=MAX_LIMIT),
            capacity=fields.whole("capacity", default=DEFAULT_CAPACITY, lowest=1, highest=MAX_CAPACITY),
            ttl_s=fields.duration_s("ttl", lowest=1),
            buckets=read_buckets(fields, zone),
            keep=fields.whole("keep", default=0, lowest=1, highest=MAX_KEEP),
            track=self._read_track(columns),
        )

    def _read_order(self, columns: Columns) -> tuple[str | None, bool]:
        """Give the column that rows stand by, None for when they were last fed, and whether the largest is first."""
        word = self._fields.text("order", NEWEST)
        if word in (NEWEST, OLDEST):
            return None, word == NEWEST
        name = word.removeprefix("-")
        kind = columns.kind(name)
        if kind is None:
            known = [NEWEST, OLDEST, *columns.sources]
            message = f"'order' is newest, oldest, a column, or -column; {word[:80]!r} is none{suggest(name, known)}"
            self._note("order", message)
        elif kind == "computed":
            known = list(columns.sources)
            self._note("order", f"'order' is a column that events feed, and {name!r} is computed{there_are(known)}")
        return name, word.startswith("-")

    def _read_track(self, columns: Columns) -> str | None:
        name = self._fields.text("track") or None
        if name is None:
            return None
        values = [each for each, source in columns.sources.items() if source.column.kind == "value"]
        kind = columns.kind(name)
        if kind is None:
            advice = suggest(name, values) or there_are(values)
            self._note("track", f"'track' is a column, and {name[:80]!r} is none{advice}")
        elif kind != "value":
            held = "what is computed" if kind == "computed" else f"a {kind}"
            self._note("track", f"'track' is a column that holds a value, and {name!r} holds {held}")
        return name

    def _note(self, key: str, message: str) -> None:
        if (node := self._fields.node(key)) is not None:
            self._supply.problems.append(node.place.problem(message))


def _has_a_condition(node: Node) -> bool:
    return isinstance(node, MappingNode) and bool(node.entries)
