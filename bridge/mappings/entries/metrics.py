"""A metric under `state`: one number, or one value, of many events; with `by`, one for each group."""

from decimal import Decimal
from typing import get_args

from bridge.located import MappingNode, Node, ScalarNode
from bridge.located.fields import Fields, describe, one_or_many
from bridge.mappings.entries.buckets import read_buckets, refuse_without_every
from bridge.mappings.entries.compiled import Compiled, Fed, Named
from bridge.mappings.entries.definitions import MAX_GROUPS, MAX_KEEP, Buckets, MetricEntry, MetricKind
from bridge.mappings.entries.feeds import fed_by
from bridge.mappings.entries.operations import measuring
from bridge.mappings.entries.supply import NO_CONDITIONS, Supply, names_of
from bridge.mappings.entries.trigger_sets import TriggerSet
from bridge.mappings.triggers.kind_hints import NUMBER_TEXT

KINDS: tuple[MetricKind, ...] = get_args(MetricKind)
OPTIONS = (
    "q",
    "by",
    "limit",
    "every",
    "week_start",
    "offset",
    "keep",
    "against",
    "window",
    "trigger",
    "when",
)
DEFAULT_GROUPS = 100
MIN_WINDOW_S = 60

_MOST_PERCENT = 100


class MetricCompiler:
    """Compiles the entry of one kind of metric; faults are noted in `fields`."""

    def __init__(self, named: Named, kind: MetricKind, fields: Fields, supply: Supply) -> None:
        self._named = named
        self._kind = kind
        self._fields = fields
        self._supply = supply

    def compile(self, node: MappingNode) -> Compiled | None:
        """Compile it; None where no trigger feeds it."""
        fields, supply = self._fields, self._supply
        value_node, by_node, when_node = fields.node(self._kind), fields.node("by"), fields.node("when")
        counted = self._counted(value_node)
        value = None if value_node is None or counted is not None else supply.read(value_node, f"{self._kind!r}")
        by = None if by_node is None else supply.read_all(by_node, "'by'")
        when = NO_CONDITIONS if when_node is None else supply.read_conditions(when_node)
        entry = self._entry(read_buckets(fields, supply.shared.timezone))
        names = names_of([value, *(by or ()), when])
        feeding = fed_by(self._named, names, fields, supply, counted)
        if value is None and counted is None:
            return None
        operate = measuring(self._named.name, value, by, when)
        return Compiled(
            entry=entry,
            fed=(Fed(feeding, operate),),
            written={key: part.plain() for key in (self._kind, "by", "when", "trigger") if (part := node.get(key))},
            grouped_by=None if by_node is None else [part.plain() for part in one_or_many(by_node)],
            names=names,
        )

    def _counted(self, node: Node | None) -> TriggerSet | None:
        """Give the triggers that `count` names; None for other metrics."""
        if self._kind != "count" or node is None:
            return None
        if (trigger := self._fields.node("trigger")) is not None:
            message = "'count' names its triggers itself; leave out 'trigger'"
            self._supply.problems.append(trigger.place.problem(message))
        return self._supply.read_triggers(node, "'count'")

    def _entry(self, buckets: Buckets | None) -> MetricEntry:
        fields = self._fields
        against = fields.whole("against", default=1, lowest=1, highest=MAX_KEEP)
        window_s = self._read_window_s()
        return MetricEntry(
            name=self._named.name,
            kind=self._kind,
            q=self._read_q(),
            buckets=buckets,
            window_s=window_s,
            keep=self._read_keep(against),
            against=against,
            limit=self._read_limit(),
        )

    def _read_window_s(self) -> int | None:
        fields, problems = self._fields, self._supply.problems
        node = fields.node("window")
        if node is None:
            refuse_without_every(
                fields, ("week_start", "offset", "keep", "against"), "all time is one bucket without it"
            )
            return None
        if "every" in fields:
            problems.append(node.place.problem("'window' slides and 'every' cuts; an entry has one of them"))
        refuse_without_every(fields, ("week_start", "offset", "keep", "against"), "a window has only the one before it")
        return fields.duration_s("window", lowest=MIN_WINDOW_S)

    def _read_keep(self, against: int) -> int:
        keep = self._fields.whole("keep", default=against, lowest=1, highest=MAX_KEEP)
        node = self._fields.node("keep")
        if node is not None and keep < against:
            message = f"'keep' is at least 'against', {against}, found {describe(node)}; leave it out to keep as many"
            self._supply.problems.append(node.place.problem(message))
        return keep

    def _read_limit(self) -> int | None:
        fields = self._fields
        limit = fields.whole("limit", default=DEFAULT_GROUPS, lowest=1, highest=MAX_GROUPS)
        node = fields.node("limit")
        if "by" in fields:
            return limit
        if node is not None and not fields.is_misspelt("by"):
            self._supply.problems.append(node.place.problem("'limit' needs 'by': it bounds the groups"))
        return None

    def _read_q(self) -> Decimal | None:
        fields, problems = self._fields, self._supply.problems
        node = fields.node("q")
        if self._kind != "quantile":
            if node is not None:
                problems.append(node.place.problem(f"'q' belongs to 'quantile', and this is a {self._kind!r}"))
            return None
        if node is None:
            if not fields.is_misspelt("q"):
                problems.append(self._named.place.problem("'quantile' needs 'q', such as q: 0.95"))
            return None
        value = node.value if isinstance(node, ScalarNode) else None
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
        if number is not None and 0 < number < 1:
            return number
        hint = f"; write {(number / 100).normalize()}" if number is not None and 1 < number < _MOST_PERCENT else ""
        hint = "; leave out the quotes" if isinstance(value, str) and NUMBER_TEXT.fullmatch(value) else hint
        problems.append(node.place.problem(f"'q' is a number between 0 and 1, found {describe(node)}{hint}"))
        return None
