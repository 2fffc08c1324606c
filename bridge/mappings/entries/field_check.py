"""What templates read of the entries, checked when a mapping is loaded: `sales.value`, `buyers.sum.amount`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from bridge.errors import Problem
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import Problems
from bridge.mappings.entries.definitions import Entry, TableEntry
from bridge.mappings.entries.metrics import KINDS
from bridge.mappings.entries.supply import there_are
from bridge.mappings.expressions.methods import LIST_METHODS
from bridge.mappings.expressions.name_reads import Key, NameRead, name_reads
from bridge.mappings.expressions.template_check import TemplateFault, TemplateSyntaxProblem
from bridge.mappings.expressions.template_places import placed_problems
from bridge.mappings.expressions.templates import MARKS
from bridge.spelling import suggest

METRIC_FIELDS = ("value", "at", "previous", "change", "change_total", "trend", "series", "total", "complete_since")
TABLE_FIELDS = ("all", "count", "sum", "previous")
TOTALS = ("count", "sum")

_SHOWS: Final = (nodes.Output, nodes.Filter, nodes.BinExpr, nodes.UnaryExpr, nodes.Compare, nodes.Operand, nodes.Concat)
"""Parts of a template in which only a value can stand."""

_COMPARED = ("previous", "change", "change_total", "trend")
_SET_AT = ("first", "last", "min", "max")
_STAND_INS = frozenset({"default", "d"})
_OTHERWISE: Mapping[str, str] = {
    **dict.fromkeys((*KINDS, "current", "now", "today", "result", "amount"), "value"),
    **dict.fromkeys(("prev", "before", "yesterday", "last_value"), "previous"),
    **dict.fromkeys(("delta", "diff", "difference", "growth", "percent"), "change"),
    **dict.fromkeys(("history", "buckets", "values", "points"), "series"),
}
"""What else a field of a metric may be called."""


def check_fields(node: Node, entries: Mapping[str, Entry], problems: Problems, warnings: Problems) -> None:
    """Note each field in a tree of templates that an entry has not, and warn of those that are always none."""
    hidden = set(_loop_names(node))
    entries = {name: entry for name, entry in entries.items() if name not in hidden}
    if not entries:
        return
    mention = re.compile(rf"\b({'|'.join(map(re.escape, entries))})\b")
    for scalar in _templates(node):
        if mention.search(scalar.text):
            reads = _reads(scalar.text, entries)
            problems.extend(_placed(scalar, [_fault(read, entries[read.name]) for read in reads]))
            warnings.extend(_placed(scalar, [_doubt(read, entries[read.name]) for read in reads]))


def _placed(scalar: ScalarNode, faults: Iterable[TemplateFault | None]) -> Iterator[Problem]:
    found = sorted((fault for fault in faults if fault is not None), key=lambda fault: fault.index)
    return placed_problems(scalar, TemplateSyntaxProblem(*found))


def _loop_names(node: Node) -> Iterator[str]:
    """Give what loops call their items; one that is called like an entry is told when it is compiled."""
    if isinstance(node, MappingNode):
        name = node.get("as") if node.get("each") is not None else None
        if isinstance(name, ScalarNode):
            yield name.text
    for inner in _children(node):
        yield from _loop_names(inner)


def _children(node: Node) -> Sequence[Node]:
    if isinstance(node, MappingNode):
        return [entry.value for entry in node.entries]
    return node.items if isinstance(node, SequenceNode) else ()


def _templates(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode) and any(mark in node.text for mark in MARKS):
        yield node
    for inner in _children(node):
        yield from _templates(inner)


def _reads(text: str, entries: Mapping[str, Entry]) -> list[NameRead]:
    try:
        return list(name_reads(text, entries))
    except (TemplateSyntaxError, RecursionError, ValueError):
        return []  # what cannot be read is told when it is compiled


def _doubt(read: NameRead, entry: Entry) -> TemplateFault | None:
    """Say why a field of a metric is always none, where it is."""
    keys = read.keys[1:] if read.keys and read.keys[0].in_brackets else read.keys
    if isinstance(entry, TableEntry) or not keys:
        return None
    if keys[0].word in _COMPARED and entry.buckets is None and entry.window_s is None:
        reason = "without 'every' or 'window' there is nothing to compare with"
    elif keys[0].word == "at" and entry.kind not in _SET_AT:
        reason = f"only {', '.join(_SET_AT)} have it"
    else:
        return None
    return _told(f"{keys[0].word!r} of {read.name!r} never says anything: {reason}", keys[0])


def _fault(read: NameRead, entry: Entry) -> TemplateFault | None:
    if isinstance(entry, TableEntry):
        return _fault_of_table(read, entry)
    key = read.keys[0] if read.keys else None
    if key is None or not key.in_brackets:
        return _fault_of_metric(read, read.keys, (*METRIC_FIELDS, "groups") if entry.limit else METRIC_FIELDS)
    if entry.limit is None:
        written = f"; write {read.name}.{key.word}" if key.word in METRIC_FIELDS else ""
        return _told(f"{read.name!r} has no groups, as it has no 'by'{written}", key)
    return _fault_of_metric(read, read.keys[1:], (*METRIC_FIELDS, "key"))


def _fault_of_metric(read: NameRead, keys: Sequence[Key], fields: Sequence[str]) -> TemplateFault | None:
    name = read.name if keys == read.keys else f"{read.name}[…]"
    if not keys:
        is_shown = isinstance(read.around, _SHOWS) and getattr(read.around, "name", "") not in _STAND_INS
        groups = f", or {name}.groups for the list of its groups" if "groups" in fields else ""
        message = f"{read.name!r} is a metric; write {name}.value{groups}"
        return TemplateFault(message=message, index=read.place) if is_shown else None
    word = keys[0].word
    if word is None or word in fields:
        return None
    if word == "groups":
        reason = "as it has no 'by'" if keys == read.keys else "as it is one itself"
        return _told(f"{name!r} has no groups, {reason}", keys[0])
    return _told(f"{name!r} has no field {word!r}{metric_advice(word, fields, name)}", keys[0])


def metric_advice(word: str, fields: Sequence[str], name: str = "") -> str:
    """Say which field of a metric is meant by another word; of one with groups, how a group is written."""
    if meant := _OTHERWISE.get(word):
        return f"; did you mean {meant!r}?"
    group = f"; a group is written {name}[{word!r}]" if "groups" in fields else ""
    return suggest(word, fields) or f"; it has {', '.join(fields)}{group}"


def _fault_of_table(read: NameRead, entry: TableEntry) -> TemplateFault | None:
    key = read.keys[0] if read.keys else None
    word = None if key is None else key.word
    if key is None or word is None:
        return None
    if word in TABLE_FIELDS and not key.in_brackets:
        return _fault_of_totals(read, entry)
    if word in LIST_METHODS and not key.in_brackets:
        return None
    columns = [column.name for column in entry.columns]
    advice = f"; it is a list of rows: write ({read.name} | first).{word}, or a loop" if word in columns else ""
    if key.in_brackets:
        advice = f"; its rows are numbered, such as {read.name}[0]"
    elif word in ("first", "last", "length"):
        advice = f"; write '{read.name} | {word}'"
    return _told(f"{read.name!r} has no field {word!r}{advice or nearest_of(word, TABLE_FIELDS)}", key)


def _fault_of_totals(read: NameRead, entry: TableEntry) -> TemplateFault | None:
    """Look at what stands behind `.sum` and `.previous`."""
    keys = read.keys
    if keys[0].word == "previous":
        if not entry.keep:
            return _told(f"{read.name!r} has no bucket before, as it has no 'keep'", keys[0])
        keys = keys[1:]
        if keys and keys[0].word is not None and keys[0].word not in TOTALS:
            written = f"{read.name}.previous"
            return _told(f"{written!r} has no field {keys[0].word!r}{nearest_of(keys[0].word, TOTALS)}", keys[0])
    if len(keys) < 2 or keys[0].word != "sum" or keys[1].word is None:
        return None
    stored = [column.name for column in entry.columns if column.kind != "computed"]
    if keys[1].word in stored:
        return None
    is_computed = any(column.name == keys[1].word for column in entry.columns)
    advice = (
        ", as that one is computed; 'sum(attribute=…)' adds up rows"
        if is_computed
        else nearest_of(keys[1].word, stored)
    )
    return _told(f"{read.name!r} has no sum of a column {keys[1].word!r}{advice}", keys[1])


def nearest_of(word: str, known: Sequence[str]) -> str:
    """Name the known word that is nearest, or else those that there are."""
    return suggest(word, known) or there_are(known)


def _told(message: str, key: Key) -> TemplateFault:
    return TemplateFault(message=message, index=key.place)
