"""What templates read of rows, groups and series, checked when a mapping is loaded: `row.title` in a loop over a table.

Loops, slices, and filters that keep or pick items are followed; what comes out of anything else is not known, and
passes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from bridge.errors import Problem
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import Problems
from bridge.mappings.entries.definitions import Entry
from bridge.mappings.entries.field_check import metric_advice, nearest_of
from bridge.mappings.entries.item_shapes import Shape, shape_of
from bridge.mappings.expressions.template_check import TemplateFault, TemplateSyntaxProblem
from bridge.mappings.expressions.template_places import placed_problems
from bridge.mappings.expressions.template_syntax import parse_by_index
from bridge.mappings.expressions.templates import DEFAULT_NAME, MARKS

_KEEPS: Final = frozenset({"sort", "reverse", "list", "select", "reject", "selectattr", "rejectattr", "unique"})
_PICKS: Final = frozenset({"first", "last", "random"})
_BY_POSITION: Final = frozenset({"selectattr", "rejectattr", "groupby"})
"""Filters whose first argument is an attribute; with others it is named so."""

_Scope = Mapping[str, Shape]


def check_items(node: Node, entries: Mapping[str, Entry], problems: Problems, warnings: Problems) -> None:
    """Note each field in a tree of templates that an item has not, and warn of lists and rows that stand in a text."""
    if entries:
        _Tree(problems, warnings).check(node, {name: shape_of(entry) for name, entry in entries.items()})


@dataclass(frozen=True, slots=True)
class _Tree:
    """Goes through a tree of templates with what the loops around each call their items."""

    problems: Problems
    warnings: Problems

    def check(self, node: Node, scope: _Scope) -> Shape | None:
        """Look at each template of the tree; gives what it is, where it is one expression."""
        if isinstance(node, ScalarNode):
            return self._read(node, scope)
        if isinstance(node, SequenceNode):
            for item in node.items:
                self.check(item, scope)
        elif (each := node.get("each")) is not None:
            self._check_loop(node, self.check(each, scope), scope)
        else:
            for entry in node.entries:
                self.check(entry.value, scope)
        return None

    def _check_loop(self, node: MappingNode, items: Shape | None, scope: _Scope) -> None:
        name, do = node.get("as"), node.get("do")
        if do is not None:
            self.check(do, _inside(scope, name.text if isinstance(name, ScalarNode) else DEFAULT_NAME, items))

    def _read(self, scalar: ScalarNode, scope: _Scope) -> Shape | None:
        text = scalar.text
        if not any(mark in text for mark in MARKS) or not any(name in text for name in scope):
            return None
        reading = _Reading(text)
        shape = reading.of(scope)
        self.problems.extend(_placed(scalar, reading.faults))
        self.warnings.extend(_placed(scalar, reading.doubts))
        return shape


def _placed(scalar: ScalarNode, faults: Iterable[TemplateFault]) -> Iterator[Problem]:
    found = sorted(faults, key=lambda fault: fault.index)
    return placed_problems(scalar, TemplateSyntaxProblem(*found))


def _inside(scope: _Scope, name: str, items: Shape | None) -> _Scope:
    """Give what is known inside a loop over these items."""
    others = {known: shape for known, shape in scope.items() if known != name}
    return others if items is None or items.item is None else {**others, name: items.item}


@dataclass(frozen=True, slots=True)
class _Reading:
    """Goes once through one template, from the inside of each part to its outside."""

    text: str
    faults: list[TemplateFault] = field(default_factory=list)
    doubts: list[TemplateFault] = field(default_factory=list)

    def of(self, scope: _Scope) -> Shape | None:
        """Look at the template, and give what it is where it is one expression."""
        try:
            tree = parse_by_index(self.text)
            own = {
                name for part in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.With)) for name in _sets(part)
            }
            return self._whole(tree, {name: shape for name, shape in scope.items() if name not in own})
        except (TemplateSyntaxError, RecursionError, ValueError):
            self.faults.clear()  # what cannot be read is told when it is compiled
            self.doubts.clear()
            return None

    def _whole(self, tree: nodes.Template, scope: _Scope) -> Shape | None:
        match tree.body:
            case [nodes.Output(nodes=[only])]:
                shape = self._visit(only, scope)
                self._check_shown(only, shape, is_alone=True)
                return shape
        self._visit(tree, scope)
        return None

    def _visit(self, part: nodes.Node, scope: _Scope) -> Shape | None:
        match part:
            case nodes.Name():
                return scope.get(part.name)
            case nodes.Getattr():
                return self._attribute(part, scope)
            case nodes.Getitem():
                return self._item(part, scope)
            case nodes.Filter(node=nodes.Node()):
                return self._filtered(part, scope)
            case nodes.For():
                self._loop(part, scope)
            case nodes.Output():
                for child in part.nodes:
                    self._check_shown(child, self._visit(child, scope), is_alone=False)
            case _:
                self._visit_all(part.iter_child_nodes(), scope)
        return None

    def _visit_all(self, parts: Iterable[nodes.Node], scope: _Scope) -> None:
        for part in parts:
            self._visit(part, scope)

    def _attribute(self, part: nodes.Getattr, scope: _Scope) -> Shape | None:
        base = self._visit(part.node, scope)
        if base is None:
            return None
        self._check_field(base, part.attr, self.text.find(part.attr, part.lineno))
        return base.parts.get(part.attr)

    def _item(self, part: nodes.Getitem, scope: _Scope) -> Shape | None:
        base = self._visit(part.node, scope)
        self._visit(part.arg, scope)
        if base is None or isinstance(part.arg, nodes.Slice):
            return base
        if isinstance(part.arg, nodes.Const) and isinstance(part.arg.value, str):
            self._check_field(base, part.arg.value, part.arg.lineno)
        return base.item or base.group

    def _filtered(self, part: nodes.Filter, scope: _Scope) -> Shape | None:
        base = self._visit(part.node, scope) if part.node is not None else None
        self._visit_all([*part.args, *(pair.value for pair in part.kwargs)], scope)
        if base is None or base.item is None:
            return None
        for attribute in _attributes(part):
            self._check_field(base.item, attribute.value.split(".")[0], attribute.lineno)
        if part.name in _KEEPS:
            return base
        return base.item if part.name in _PICKS else None

    def _loop(self, part: nodes.For, scope: _Scope) -> None:
        items, inner = self._visit(part.iter, scope), scope
        for name in _sets(part.target):
            inner = _inside(inner, name, items if isinstance(part.target, nodes.Name) else None)
        self._visit_all([*part.body, *([part.test] if part.test else [])], inner)
        self._visit_all(part.else_, scope)

    def _check_field(self, shape: Shape, word: str, place: int) -> None:
        if shape.fields is not None and word not in shape.fields and word not in shape.methods:
            advice = metric_advice(word, shape.fields) if shape.is_metric else nearest_of(word, shape.fields)
            self.faults.append(TemplateFault(message=f"{shape.called} has no {word!r}{advice}", index=place))

    def _check_shown(self, part: nodes.Node, shape: Shape | None, *, is_alone: bool) -> None:
        if shape is not None and shape.is_metric:
            written = part.name if isinstance(part, nodes.Name) else "…"
            message = f"{shape.called} is a metric; write {written}.value"
            self.faults.append(TemplateFault(message=message, index=part.lineno))
        elif shape is not None and not is_alone and (shape.item or shape.methods):
            self.doubts.append(
                TemplateFault(
                    message=f"{shape.called} would stand here as JSON; show a field of each in a loop",
                    index=part.lineno,
                )
            )


def _sets(part: nodes.Node) -> Iterator[str]:
    """Name what a part of a template sets."""
    names = [part] if isinstance(part, nodes.Name) else part.find_all(nodes.Name)
    return (name.name for name in names if name.ctx != "load")


def _attributes(part: nodes.Filter) -> Iterator[nodes.Const]:
    given = [pair.value for pair in part.kwargs if pair.key == "attribute"]
    given += part.args[:1] if part.name in _BY_POSITION else []
    return (value for value in given if isinstance(value, nodes.Const) and isinstance(value.value, str))
