"""Reading a template and finding what its author got wrong, before it is compiled.

The tree that Jinja's parser gives is walked once: parts of Jinja that the language leaves
out, and unknown filters, tests and variables are refused with the line and the nearest word.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable

from jinja2 import TemplateSyntaxError, meta, nodes

from bridge.errors import AuthorError
from bridge.located import suggest
from bridge.mappings.dialect import FUNCTIONS, TURNS
from bridge.mappings.filters import DIALECT

MAX_SOURCE = 20_000
"""Longest template, in characters."""

MAX_NODES = 5_000
"""Most parts of one template."""

_LEFT_OUT: dict[type[nodes.Node], str] = {
    nodes.Macro: "macros are not supported; use 'each' and 'do', or a loop",
    nodes.CallBlock: "'call' is not supported",
    nodes.Include: "'include' is not supported; a template stands in one file",
    nodes.Import: "'import' is not supported; a template stands in one file",
    nodes.FromImport: "'from … import' is not supported; a template stands in one file",
    nodes.Extends: "'extends' is not supported; a template stands in one file",
    nodes.Block: "'block' is not supported; a template stands in one file",
}
_TESTING_FILTERS = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


class TemplateSyntaxProblem(AuthorError):
    """A template that cannot be compiled.

    `line_offset` is the line of the text, counted from 0; `column` counts from 1, None where
    it is not known.
    """

    def __init__(self, message: str, *, line_offset: int = 0, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line_offset = line_offset
        self.column = column


def checked(text: str, names: Collection[str] | None = None) -> nodes.Template:
    """Parse a template and check all of it; without `names`, any variable will do."""
    if len(text) > MAX_SOURCE:
        raise TemplateSyntaxProblem(f"the template has {len(text):,} characters; at most {MAX_SOURCE:,} are allowed")
    try:
        tree = DIALECT.parse(text)
        for part in list(_walk(tree)):
            _check_part(part, text)
        used = undeclared(tree)
    except TemplateSyntaxError as error:
        raise TemplateSyntaxProblem(f"bad template: {error.message}", line_offset=error.lineno - 1) from error
    except RecursionError as error:
        raise TemplateSyntaxProblem("the template nests too deeply") from error
    if names is not None:
        known = {*names, *FUNCTIONS}
        for unknown in sorted(used - known):
            raise _misnamed("variable", unknown, known, text)
    return tree


def undeclared(tree: nodes.Template) -> set[str]:
    """List the names that a template reads and does not set itself."""
    return meta.find_undeclared_variables(tree) | {
        name.name for name in tree.find_all(nodes.Name) if name.name in {"self", "super", "caller", "varargs"}
    }


def _walk(tree: nodes.Template) -> Iterable[nodes.Node]:
    pending: list[nodes.Node] = [tree]
    count = 0
    while pending:
        part = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise TemplateSyntaxProblem(f"the template has more than {MAX_NODES:,} parts")
        yield part
        pending.extend(part.iter_child_nodes())


def _check_part(part: nodes.Node, text: str) -> None:
    if (advice := _LEFT_OUT.get(type(part))) is not None:
        raise TemplateSyntaxProblem(advice, line_offset=part.lineno - 1)
    check = _CHECKS.get(type(part))
    if check is not None:
        check(part, text)


def _check_filter(part: nodes.Filter, text: str) -> None:
    _require_known("filter", part.name, DIALECT.filters, part, text)
    names = [argument.value if isinstance(argument, nodes.Const) else None for argument in part.args]
    if part.name == "map" and names and isinstance(names[0], str):
        _require_known("filter", names[0], DIALECT.filters, part, text)
    position = _TESTING_FILTERS.get(part.name)
    if position is not None and len(names) > position and isinstance(names[position], str):
        _require_known("test", str(names[position]), DIALECT.tests, part, text)


def _check_test(part: nodes.Test, text: str) -> None:
    _require_known("test", part.name, DIALECT.tests, part, text)


def _check_loop(part: nodes.For, _text: str) -> None:
    if part.recursive:
        raise TemplateSyntaxProblem("recursive loops are not supported", line_offset=part.lineno - 1)
    written = sum(len(data.data) for data in part.find_all(nodes.TemplateData))
    units: list[nodes.Expr] = [nodes.Const(1 + (written >> 4), lineno=part.lineno, environment=DIALECT)]
    part.iter = nodes.Filter(part.iter, TURNS, units, [], None, None, lineno=part.lineno, environment=DIALECT)


def _check_literal(part: nodes.Const, _text: str) -> None:
    if isinstance(part.value, float) and not math.isfinite(part.value):
        raise TemplateSyntaxProblem("this number is too large", line_offset=part.lineno - 1)


_CHECKS: dict[type[nodes.Node], Callable[..., None]] = {
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
    nodes.For: _check_loop,
    nodes.Const: _check_literal,
}


def _require_known(kind: str, name: str, known: Collection[str], part: nodes.Node, text: str) -> None:
    if name not in known or (name == TURNS and kind == "filter" and not isinstance(part, nodes.Filter)):
        raise _misnamed(kind, name, [word for word in known if word != TURNS], text)


def _misnamed(kind: str, name: str, known: Collection[str], text: str) -> TemplateSyntaxProblem:
    """Say which word is not known; its place is found in the text, because Jinja keeps lines only."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
    before = text[: found.start()] if found else ""
    return TemplateSyntaxProblem(
        f"unknown {kind} {name!r}{suggest(name, known)}",
        line_offset=before.count("\n"),
        column=len(before) - before.rfind("\n") if found else None,
    )
