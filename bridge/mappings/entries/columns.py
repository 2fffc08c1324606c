"""The columns of a table: the newest value, a metric of the row, or computed from the others when the row is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bridge.located import Entry, MappingNode, Node, ScalarNode
from bridge.located.fields import describe
from bridge.mappings.entries.definitions import COLUMN_METRICS, MAX_COLUMNS, Column, MetricKind
from bridge.mappings.entries.metrics import KINDS, OPTIONS
from bridge.mappings.entries.supply import Part, Supply, there_are
from bridge.mappings.entries.trigger_sets import TriggerSet
from bridge.mappings.entries.words import OTHER_KINDS
from bridge.mappings.expressions.expressions import (
    Expression,
    TemplateSyntaxProblem,
    compile_expression,
    is_expression,
)
from bridge.mappings.expressions.name_reads import name_reads
from bridge.mappings.expressions.template_check import TemplateFault
from bridge.mappings.expressions.template_places import placed_problems
from bridge.spelling import suggest

OWN_COLUMNS = ("first_at", "at", "changed_at")
"""What each row knows beside its columns."""

ROW: Final = "row"
"""What a row is called in the expression of a computed column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What feeds a stored column: a value, or, where it counts, the triggers that it names."""

    column: Column
    node: Node
    part: Part | None
    counted: TriggerSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table in their order, and what feeds those that are stored."""

    all: tuple[Column, ...]
    sources: Mapping[str, Source]

    def kind(self, name: str) -> str | None:
        """Give the kind of a column, None where there is no such one."""
        return next((column.kind for column in self.all if column.name == name), None)


def read_columns(node: Node, supply: Supply) -> Columns:
    """Compile `rows`; faults are noted."""
    entries = [entry for entry in _entries(node, supply) if _is_name(entry.key, supply)]
    computed = {
        entry.name: entry.value for entry in entries if isinstance(entry.value, ScalarNode) and _reads_row(entry.value)
    }
    stored = [entry.name for entry in entries if entry.name not in computed]
    columns: list[Column] = []
    sources: dict[str, Source] = {}
    for entry in entries:
        if (scalar := computed.get(entry.name)) is not None:
            expression = _compute(scalar, stored, supply)
            columns.append(Column(name=entry.name, kind="computed", expression=expression))
        elif (source := _read_stored(entry, supply)) is not None:
            sources[entry.name] = source
            columns.append(source.column)
    return Columns(all=tuple(columns), sources=MappingProxyType(sources))


def _entries(node: Node, supply: Supply) -> tuple[Entry, ...]:
    """Give the entries of `rows`; there is at least one that is stored."""
    if not isinstance(node, MappingNode):
        message = (
            f"'rows' is an object of columns, such as {{buyer: buyer, total: {{sum: amount}}}}, found {describe(node)}"
        )
        supply.problems.append(node.place.problem(message))
        return ()
    if len(node.entries) > MAX_COLUMNS:
        message = f"a table has at most {MAX_COLUMNS} columns, found {len(node.entries)}"
        supply.problems.append(node.place.problem(message))
    if all(isinstance(entry.value, ScalarNode) and _reads_row(entry.value) for entry in node.entries):
        found = "those here are computed" if node.entries else "there is none here"
        supply.problems.append(node.place.problem(f"'rows' has at least one column that events feed; {found}"))
    return node.entries


def _is_name(key: ScalarNode, supply: Supply) -> bool:
    name = key.text
    if name in OWN_COLUMNS:
        message = f"{name!r} cannot be the name of a column: each row has its own; choose another"
    elif not name.isidentifier() or name.startswith("_"):
        message = f"{name[:80]!r} cannot be the name of a column; use letters, digits and _, and begin with a letter"
    else:
        return True
    supply.problems.append(key.place.problem(message))
    return False


def _reads_row(scalar: ScalarNode) -> bool:
    if not isinstance(scalar.value, str) or ROW not in scalar.text or not is_expression(scalar.text):
        return False
    try:
        return ROW in compile_expression(scalar.text, names=None).names
    except TemplateSyntaxProblem as problem:
        return ROW in problem.names


def _compute(scalar: ScalarNode, stored: Sequence[str], supply: Supply) -> Expression | None:
    """Compile a computed column, which reads stored ones and constants."""
    try:
        expression = compile_expression(scalar.text, names={ROW, *supply.shared.constants})
        faults = list(_misread(scalar.text, stored))
    except TemplateSyntaxProblem as problem:
        expression, faults = None, [_advised(fault, stored) for fault in problem.faults]
    supply.problems.extend(placed_problems(scalar, TemplateSyntaxProblem(*faults)))
    return expression


def _misread(text: str, stored: Sequence[str]) -> Iterator[TemplateFault]:
    for read in name_reads(text, (ROW,)) if stored else ():
        word = read.keys[0].word if read.keys else None
        if word is None:
            message = f"'row' is read by its columns; write {' or '.join(f'{ROW}.{name}' for name in stored[:2])}"
            yield TemplateFault(message=message, index=read.place)
        elif word not in stored:
            advice = suggest(word, stored) or there_are(stored)
            yield TemplateFault(
                message=f"'row' has no column {word!r} that events feed{advice}", index=read.keys[0].place
            )


def _advised(fault: TemplateFault, stored: Sequence[str]) -> TemplateFault:
    """Say of a variable what a computed column can read in its place."""
    if not fault.message.startswith("unknown variable"):
        return fault
    meant = f"{ROW}.{fault.word}" if fault.word in stored else f"{ROW}.{stored[0]}" if stored else ROW
    message = f"a computed column reads the row and constants, and {fault.word!r} is neither; write {meant}"
    return TemplateFault(message=message, index=fault.index, word=fault.word)


def _read_stored(entry: Entry, supply: Supply) -> Source | None:
    node = entry.value
    if isinstance(node, MappingNode):
        return _read_metric(entry.name, node, supply)
    part = supply.read(node, f"the column {entry.name!r}")
    return None if part is None else Source(column=Column(name=entry.name, kind="value"), node=node, part=part)


def _read_metric(name: str, node: MappingNode, supply: Supply) -> Source | None:
    kinds = [each for each in COLUMN_METRICS if node.get(each) is not None]
    for entry in node.entries:
        if entry.name not in COLUMN_METRICS:
            supply.problems.append(entry.key.place.problem(_not_in_column(entry.name)))
    if len(kinds) == 1 and len(node.entries) == 1:
        return _of_kind(name, kinds[0], node.entries[0].value, supply)
    if len(kinds) > 1:
        message = f"the column {name!r} holds one metric, found {' and '.join(map(repr, kinds))}; make two columns"
        supply.problems.append(node.place.problem(message))
    elif not node.entries:
        message = f"the column {name!r} holds one of {', '.join(COLUMN_METRICS)}, found an empty object"
        supply.problems.append(node.place.problem(message))
    return None


def _of_kind(name: str, kind: MetricKind, node: Node, supply: Supply) -> Source | None:
    column = Column(name=name, kind=kind)
    if kind == "count":
        return Source(column=column, node=node, part=None, counted=supply.read_triggers(node, "'count'"))
    part = supply.read(node, f"the column {name!r}, {kind!r},")
    return None if part is None else Source(column=column, node=node, part=part)


def _not_in_column(word: str) -> str:
    if word in KINDS:
        return f"{word!r} is an entry of its own, and no metric of a row; there are {', '.join(COLUMN_METRICS)}"
    if word in OPTIONS:
        return f"{word!r} stands beside 'rows', for the whole table, and not in a column"
    known, meant = f"; there are {', '.join(COLUMN_METRICS)}", OTHER_KINDS.get(word)
    advice = f"; did you mean {meant!r}?" if meant in COLUMN_METRICS else suggest(word, COLUMN_METRICS)
    return f"unknown key {word[:80]!r} in a column{advice or known}"
