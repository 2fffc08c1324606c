"""Reading a template and finding what its author got wrong, before it is compiled.

The tree that Jinja's parser gives is walked once: parts of Jinja that the language leaves
out, and unknown filters and tests are refused with the line and the nearest word, all in one
go. Which variables there may be is known to who compiles; `misnamed_variables` tells the others.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes

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
_JINJA_NAMES = frozenset({"self", "super", "caller", "varargs"})
"""Names that Jinja would give a meaning, with a road around the dialect."""

_TESTING_FILTERS = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault:
    """One thing that is wrong with a template.

    `line_offset` is the line of the text, counted from 0; `word` is what is misnamed, None
    where the fault is another.
    """

    message: str
    line_offset: int = 0
    word: str | None = None


class TemplateSyntaxProblem(AuthorError):
    """A template that cannot be compiled, with all its faults.

    `names` are the variables that it reads, as far as it could be read.
    """

    def __init__(self, *faults: TemplateFault, names: frozenset[str] = frozenset()) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults
        self.names = names


def refused(message: str, line_offset: int = 0) -> TemplateSyntaxProblem:
    """Make the problem that has one fault."""
    return TemplateSyntaxProblem(TemplateFault(message=message, line_offset=line_offset))


def checked(text: str) -> nodes.Template:
    """Parse a template and check all of it but the names of its variables."""
    if len(text) > MAX_SOURCE:
        raise refused(f"the template has {len(text):,} characters; at most {MAX_SOURCE:,} are allowed")
    try:
        tree = DIALECT.parse(text)
        parts = list(_walk(tree))
    except TemplateSyntaxError as error:
        raise refused(f"bad template: {error.message}", error.lineno - 1) from error
    except RecursionError as error:
        raise refused("the template nests too deeply") from error
    faults = [fault for part in parts for fault in _faults_of(part)]
    if faults:
        raise TemplateSyntaxProblem(*sorted(faults, key=_position), names=_names_among(parts))
    return tree


def misnamed_variables(used: Collection[str], names: Collection[str]) -> list[TemplateFault]:
    """List the variables that are used and not known, in the order of the alphabet."""
    known = {*names, *FUNCTIONS}
    return [_misnamed("variable", name, known) for name in sorted({*used} - known)]


def _position(fault: TemplateFault) -> int:
    return fault.line_offset


def _names_among(parts: Iterable[nodes.Node]) -> frozenset[str]:
    """List the names that are read and nowhere set; enough for a template that is refused anyway."""
    names = [part for part in parts if isinstance(part, nodes.Name) and part.name not in _JINJA_NAMES]
    stored = {name.name for name in names if name.ctx != "load"}
    return frozenset(name.name for name in names) - stored


def _walk(tree: nodes.Template) -> Iterable[nodes.Node]:
    pending: list[nodes.Node] = [tree]
    count = 0
    while pending:
        part = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise refused(f"the template has more than {MAX_NODES:,} parts")
        yield part
        pending.extend(part.iter_child_nodes())


def _faults_of(part: nodes.Node) -> Iterable[TemplateFault]:
    if (advice := _LEFT_OUT.get(type(part))) is not None:
        return [TemplateFault(message=advice, line_offset=part.lineno - 1)]
    check = _CHECKS.get(type(part))
    return check(part) if check is not None else ()


def _check_filter(part: nodes.Filter) -> Iterable[TemplateFault]:
    yield from _unknown("filter", part.name, DIALECT.filters, part)
    names = [argument.value if isinstance(argument, nodes.Const) else None for argument in part.args]
    if part.name == "map" and names and isinstance(names[0], str):
        yield from _unknown("filter", names[0], DIALECT.filters, part)
    position = _TESTING_FILTERS.get(part.name)
    if position is not None and len(names) > position and isinstance(names[position], str):
        yield from _unknown("test", str(names[position]), DIALECT.tests, part)


def _check_test(part: nodes.Test) -> Iterable[TemplateFault]:
    return _unknown("test", part.name, DIALECT.tests, part)


def _check_name(part: nodes.Name) -> Iterable[TemplateFault]:
    return [_misnamed("variable", part.name, (), part.lineno - 1)] if part.name in _JINJA_NAMES else ()


def _check_loop(part: nodes.For) -> Iterable[TemplateFault]:
    """Count the turns of a loop; a loop that calls itself could not be counted."""
    if part.recursive:
        return [TemplateFault(message="recursive loops are not supported", line_offset=part.lineno - 1)]
    written = sum(len(data.data) for data in part.find_all(nodes.TemplateData))
    units: list[nodes.Expr] = [nodes.Const(1 + (written >> 4), lineno=part.lineno, environment=DIALECT)]
    part.iter = nodes.Filter(part.iter, TURNS, units, [], None, None, lineno=part.lineno, environment=DIALECT)
    return ()


def _check_literal(part: nodes.Const) -> Iterable[TemplateFault]:
    is_finite = not isinstance(part.value, float) or math.isfinite(part.value)
    return () if is_finite else [TemplateFault(message="this number is too large", line_offset=part.lineno - 1)]


_CHECKS: dict[type[nodes.Node], Callable[..., Iterable[TemplateFault]]] = {
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
    nodes.Name: _check_name,
    nodes.For: _check_loop,
    nodes.Const: _check_literal,
}


def _unknown(kind: str, name: str, known: Collection[str], part: nodes.Node) -> Iterable[TemplateFault]:
    if name not in known or name == TURNS:
        yield _misnamed(kind, name, [word for word in known if word != TURNS], part.lineno - 1)


def _misnamed(kind: str, name: str, known: Collection[str], line_offset: int = 0) -> TemplateFault:
    message = f"unknown {kind} {name!r}{suggest(name, known)}"
    return TemplateFault(message=message, line_offset=line_offset, word=name)
