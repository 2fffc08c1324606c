"""Templates: the `update` of a mapping, a tree in which any string may be a template.

A string that is exactly one `{{ … }}` gives a value of any kind, another with `{{` or `{%`
gives text, all else stands for itself. `{each, as, do}` gives a list, and as an item of a
longer list it is spliced in. Every value that is rendered knows the place in the YAML that
it came from. One rendering is bounded in work and size; see `bounds`.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import AuthorError, ConfigurationError, Problem
from bridge.located import MappingNode, Node, Place, ScalarNode, SequenceNode
from bridge.located.fields import BoundedProblems, describe
from bridge.mappings.expressions.dialect import Surroundings
from bridge.mappings.expressions.expressions import (
    Expression,
    TemplateSyntaxProblem,
    compile_template,
    is_expression,
    scope_of,
)
from bridge.mappings.expressions.template_places import place_of_line, placed_problems
from bridge.mappings.expressions.template_warnings import doubtful
from bridge.mappings.values.bounds import EVALUATION_WORK, ExpressionError, Work, check_characters, measured
from bridge.mappings.values.values import Value
from bridge.mappings.values.views import Seen
from bridge.spelling import nearest, suggest

Path = tuple[str | int, ...]
"""Where a value stands in a body: keys and positions from the outside in."""

_EACH_KEYS = ("each", "as", "do")
DEFAULT_NAME = "item"
_LOOKS_LIKE_A_PATH = re.compile(r"\$[.\[][\w.\[]")
_SINGLE_BRACES = re.compile(r"\$?\{\s*(\w+)\s*\}")
MARKS = ("{{", "{%", "{#")
"""What makes a template of a text."""


class RenderError(AuthorError):
    """A template failed on the values it met; `place` is the template's in the YAML."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(f"{place}: {message}")
        self.message = message
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTree:
    """A rendered body, of values as they were computed, and where each part came from."""

    body: Value
    places: Mapping[Path, Place]

    def place_of(self, path: Path) -> Place:
        """Give the place of the part at a path, or of the nearest part around it."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled tree, rendered as often as needed. `warnings` are texts that look like a mistake."""

    _root: "_Part" = field(repr=False)
    warnings: tuple[Problem, ...] = ()

    def render(self, variables: Mapping[str, Seen], surroundings: Surroundings) -> RenderedTree:
        """Render the tree.

        Args:
            variables: a value for each name that the tree was compiled with.
            surroundings: the mapping's locale and timezone, and the moment that is now.

        Raises:
            RenderError: with the place of the template that failed, or asked for too much.
        """
        rendering = _Rendering(Work())
        body = self._root(scope_of(variables, surroundings, rendering.work), (), rendering)
        return RenderedTree(body=body, places=rendering.places)


def compile_tree(node: Node, *, names: Collection[str]) -> Tree:
    """Compile a tree; raises `ConfigurationError` with every problem in it, each with its place."""
    problems: list[Problem] = BoundedProblems()
    root = _compile(node, frozenset(names), problems)
    if problems:
        raise ConfigurationError(problems)
    return Tree(root, tuple(_untemplated(node, frozenset(names))))


def _untemplated(node: Node, names: frozenset[str]) -> Iterator[Problem]:
    """Warn of texts that would be shown as they are, where a value is meant, and of templates that are hardly meant."""
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _untemplated(item, names)
    elif isinstance(node, MappingNode):
        for entry in node.entries:
            yield from _untemplated(entry.value, names)
    elif _LOOKS_LIKE_A_PATH.match(node.text):
        advice = "name it in a trigger's 'extract', and write \"{{ name }}\" here"
        yield node.place.problem(f"{describe(node)} is shown as it is, and no value of the payload; {advice}")
    elif (braced := _SINGLE_BRACES.fullmatch(node.text)) and braced[1] in names:
        yield node.place.problem(f'{describe(node)} is shown as it is; write "{{{{ {braced[1]} }}}}" for the value')
    elif any(mark in node.text for mark in MARKS):
        yield from doubtful(node)


@dataclass(slots=True)
class _Rendering:
    """What one rendering has used up, and the places of what it made."""

    work: Work
    places: dict[Path, Place] = field(default_factory=dict)
    characters: int = 0

    def note(self, path: Path, place: Place, value: Value = None) -> None:
        """Remember where a value came from, and count it."""
        self.places[path] = place
        self.work.spend()
        self.characters += measured(value)
        check_characters(self.characters)


_Part = Callable[[dict[str, Any], Path, _Rendering], Value]
"""Renders one part of a tree in a scope; the path is where its value will stand."""


def _compile(node: Node, names: frozenset[str], problems: list[Problem]) -> _Part:
    if isinstance(node, ScalarNode):
        return _compile_scalar(node, names, problems)
    if isinstance(node, SequenceNode):
        return _compile_list(node, names, problems)
    if node.get("each") is not None:
        return _compile_each(node, names, problems).as_list
    return _compile_object(node, names, problems)


def _compile_scalar(node: ScalarNode, names: frozenset[str], problems: list[Problem]) -> _Part:
    value = node.value
    if not isinstance(value, str) or not any(mark in value for mark in MARKS):
        return _constant(value, node.place)
    try:
        return _evaluated(compile_template(value, names=names), node)
    except TemplateSyntaxProblem as problem:
        problems.extend(placed_problems(node, problem))
        return _constant(None, node.place)


def _compile_list(node: SequenceNode, names: frozenset[str], problems: list[Problem]) -> _Part:
    parts: list[_Part | _Each] = [
        _compile_each(item, names, problems)
        if isinstance(item, MappingNode) and item.get("each") is not None
        else _compile(item, names, problems)
        for item in node.items
    ]

    def render(scope: dict[str, Any], path: Path, rendering: _Rendering) -> Value:
        _noted(rendering, path, node.place)
        values: list[Value] = []
        for part in parts:
            if isinstance(part, _Each):
                values.extend(part.items(scope, path, rendering, len(values)))
            else:
                values.append(part(scope, (*path, len(values)), rendering))
        return values

    return render


def _compile_object(node: MappingNode, names: frozenset[str], problems: list[Problem]) -> _Part:
    if node.get("do") is not None and (meant := [each for each in node.entries if nearest(each.name, ("each",))]):
        problems.append(meant[0].key.place.problem(f"unknown key {meant[0].name!r} beside 'do'; did you mean 'each'?"))
    parts = [(entry.name, _compile(entry.value, names, problems)) for entry in node.entries]

    def render(scope: dict[str, Any], path: Path, rendering: _Rendering) -> Value:
        _noted(rendering, path, node.place)
        return {name: part(scope, (*path, name), rendering) for name, part in parts}

    return render


@dataclass(frozen=True, slots=True, kw_only=True)
class _Each:
    """A compiled `{each, as, do}`."""

    source: _Part
    name: str
    do: _Part
    place: Place

    def as_list(self, scope: dict[str, Any], path: Path, rendering: _Rendering) -> Value:
        """Render as a list of its own."""
        _noted(rendering, path, self.place)
        return self.items(scope, path, rendering, 0)

    def items(self, scope: dict[str, Any], path: Path, rendering: _Rendering, start: int) -> list[Value]:
        """Render the items, which stand at `path` from position `start` on."""
        found = self.source(scope, (*path, "each"), rendering)
        if not isinstance(found, list) and found is not None:
            raise RenderError("'each' needs a list; an object's entries are its 'items()'", self.place)
        source = found or []
        values: list[Value] = []
        for position, item in enumerate(source):
            _spend(rendering, len(scope) >> 4, self.place)
            inner = {**scope, self.name: item, "loop": _loop(source, position)}
            values.append(self.do(inner, (*path, start + position), rendering))
        return values


def _compile_each(node: MappingNode, names: frozenset[str], problems: list[Problem]) -> _Each:
    for entry in node.entries:
        if entry.name not in _EACH_KEYS:
            message = f"unknown key {entry.name!r} beside 'each'{suggest(entry.name, _EACH_KEYS)}"
            problems.append(entry.key.place.problem(f"{message}; allowed are each, as and do"))
    source, do = node.get("each"), node.get("do")
    name = _loop_name(node, names, problems)
    if do is None:
        problems.append(node.place.problem("'each' needs 'do', the tree to make of every item"))
    if not isinstance(source, SequenceNode) and not (
        isinstance(source, ScalarNode) and isinstance(source.value, str) and is_expression(source.value)
    ):
        found = "" if source is None else f", found {describe(source)}"
        message = f"'each' is one expression, such as \"{{{{ rows }}}}\", or a list{found}"
        problems.append((node if source is None else source).place.problem(message))
    return _Each(
        source=_constant(None, node.place) if source is None else _compile(source, names, problems),
        name=name,
        do=_constant(None, node.place) if do is None else _compile(do, names | {name, "loop"}, problems),
        place=node.place,
    )


def _loop_name(node: MappingNode, names: frozenset[str], problems: list[Problem]) -> str:
    given = node.get("as")
    if given is None:
        return DEFAULT_NAME
    value = given.value if isinstance(given, ScalarNode) else None
    if not isinstance(value, str) or not value.isidentifier() or not value.isascii():
        problems.append(given.place.problem("'as' is a name of letters, digits and '_', such as row"))
        return DEFAULT_NAME
    if value in names or value == "loop":
        problems.append(given.place.problem(f"'as: {value}' would hide the variable {value!r}; choose another name"))
    return value


def _loop(items: list[Value], position: int) -> dict[str, Value]:
    """Give what Jinja's `loop` says about a turn."""
    count = len(items)
    return {
        "index": position + 1,
        "index0": position,
        "revindex": count - position,
        "revindex0": count - position - 1,
        "first": position == 0,
        "last": position == count - 1,
        "length": count,
        "previtem": items[position - 1] if position else None,
        "nextitem": items[position + 1] if position + 1 < count else None,
    }


def _constant(value: Value, place: Place) -> _Part:
    def render(_scope: dict[str, Any], path: Path, rendering: _Rendering) -> Value:
        _noted(rendering, path, place, value)
        return value

    return render


def _evaluated(expression: Expression, node: ScalarNode) -> _Part:
    place = node.place

    def render(scope: dict[str, Any], path: Path, rendering: _Rendering) -> Value:
        try:
            rendering.work.spend(EVALUATION_WORK)
            value = expression.run(scope)
            rendering.note(path, place, value)
        except ExpressionError as error:
            raise RenderError(str(error), place_of_line(node, expression.line_of(error))) from error
        return value

    return render


def _spend(rendering: _Rendering, units: int, place: Place) -> None:
    try:
        rendering.work.spend(units)
    except ExpressionError as error:
        raise RenderError(str(error), place) from error


def _noted(rendering: _Rendering, path: Path, place: Place, value: Value = None) -> None:
    try:
        rendering.note(path, place, value)
    except ExpressionError as error:
        raise RenderError(str(error), place) from error
