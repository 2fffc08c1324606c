"""Reading a template and finding what its author got wrong, before it is compiled.

The tree that Jinja's parser gives is walked once: parts of Jinja that the language leaves
out, unknown filters and tests, and wrong arguments are refused with their place and the nearest word,
all in one go. Which variables there may be is known to who compiles; `misnamed_variables` tells the others.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from jinja2 import TemplateSyntaxError, nodes

from bridge.errors import AuthorError
from bridge.located import surrogate_in
from bridge.mappings.expressions.dialect import FUNCTIONS, TURNS
from bridge.mappings.expressions.filter_arguments import argument_faults
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.expressions.names import OWN_NAMES
from bridge.mappings.expressions.template_syntax import explain_syntax, parse_by_index
from bridge.mappings.values.bounds import MAX_DIGITS
from bridge.spelling import suggest

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

_IF_EMPTY = "write 'not x' for what is none or empty, 'x | length == 0' for what has no item"
_ONLY_IN_UPDATE = "it is known in 'update' only"
_FROM_PAYLOAD = "a template knows no payload: name what it needs in a trigger's 'extract'"
_RELATED = {
    ("filter", "money"): "did you mean 'currency'?",
    ("filter", "date"): "did you mean 'datetime'?",
    ("filter", "dateformat"): "did you mean 'datetime'?",
    ("filter", "strftime"): "did you mean 'datetime'?",
    ("filter", "format"): "did you mean 'number', 'currency' or 'datetime'?",
    ("filter", "len"): "did you mean 'length'?",
    ("filter", "avg"): "did you mean 'mean'?",
    ("filter", "average"): "did you mean 'mean'?",
    ("filter", "timeago"): "did you mean 'ago'?",
    ("filter", "escape"): "did you mean 'markdown'?",
    ("filter", "e"): "did you mean 'markdown'?",
    ("filter", "str"): "did you mean 'string'?",
    ("filter", "safe"): "nothing is escaped here, so leave it out",
    ("test", "empty"): _IF_EMPTY,
    ("test", "blank"): _IF_EMPTY,
    ("test", "null"): "did you mean 'none'?",
    ("variable", "loop"): "it is known where 'each' or 'for' goes over a list",
    ("variable", "len"): "write 'items | length'",
    ("variable", "null"): "did you mean 'none'?",
    ("variable", "now"): f"{_ONLY_IN_UPDATE}; 'event.received_at' is when the event came",
    ("variable", "pin"): _ONLY_IN_UPDATE,
    ("variable", "stale"): _ONLY_IN_UPDATE,
    ("variable", "stale_since"): _ONLY_IN_UPDATE,
    ("variable", "payload"): _FROM_PAYLOAD,
    ("variable", "data"): _FROM_PAYLOAD,
    ("variable", "body"): _FROM_PAYLOAD,
    ("variable", "state"): "an entry of 'state' is read by its own name",
}
"""Words that other tools have for something, and what it is called here."""

_MOST_LISTED = 40
_MOST_ADVISED = 50
_TOO_LARGE = 10**MAX_DIGITS

_TESTING_FILTERS = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault:
    """One thing that is wrong with a template.

    `index` is the character of its text that begins it; `word`, where there is one, follows there.
    """

    message: str
    index: int = 0
    word: str = ""


class TemplateSyntaxProblem(AuthorError):
    """A template that cannot be compiled, with all its faults.

    `names` are the variables that it reads, as far as it could be read.
    """

    def __init__(self, *faults: TemplateFault, names: frozenset[str] = frozenset()) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults
        self.names = names


def refused(message: str, index: int = 0) -> TemplateSyntaxProblem:
    """Make the problem that has one fault."""
    return TemplateSyntaxProblem(TemplateFault(message=message, index=index))


def checked(text: str) -> nodes.Template:
    """Parse a template and check all of it but the names of its variables."""
    if len(text) > MAX_SOURCE:
        raise refused(f"the template has {len(text):,} characters; at most {MAX_SOURCE:,} are allowed")
    try:
        tree = DIALECT.parse(text)
        if not _faults_among(list(_walk(tree)), at_most=1):
            return tree
        parts = list(_walk(parse_by_index(text)))
    except TemplateSyntaxError as error:
        message, index = explain_syntax(text)
        raise refused(f"bad template: {message}", index) from error
    except RecursionError as error:
        raise refused("the template nests too deeply") from error
    except ValueError as error:
        raise refused("a number has too many digits") from error
    found = _faults_among(parts, at_most=_MOST_ADVISED)
    faults = [replace(fault, index=text.find(fault.word, fault.index)) for fault in found]
    raise TemplateSyntaxProblem(*sorted(faults, key=_position), names=_names_among(parts))


def misnamed_variables(text: str, used: Collection[str], names: Collection[str]) -> list[TemplateFault]:
    """List the variables that a template uses and that are not known, each where it stands first."""
    unknown = {*used} - {*names, *FUNCTIONS}
    if not unknown:
        return []
    places: dict[str, int] = {}
    for part in _walk(parse_by_index(text)):
        if isinstance(part, nodes.Name) and part.ctx == "load":
            places[part.name] = min(part.lineno, places.get(part.name, part.lineno))
    known, found = sorted(names), sorted(unknown, key=lambda name: (places.get(name, 0), name))
    advised = [_misnamed("variable", name, known, places.get(name, 0)) for name in found[:_MOST_ADVISED]]
    return advised + [_misnamed("variable", name, (), places.get(name, 0)) for name in found[_MOST_ADVISED:]]


def _position(fault: TemplateFault) -> tuple[int, str]:
    return fault.index, fault.message


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


def _faults_among(parts: Iterable[nodes.Node], *, at_most: int) -> list[TemplateFault]:
    """List the first faults: each costs a look at every word that may have been meant."""
    return list(islice((fault for part in parts for fault in _faults_of(part)), at_most))


def _faults_of(part: nodes.Node) -> Iterable[TemplateFault]:
    if (advice := _LEFT_OUT.get(type(part))) is not None:
        return [TemplateFault(message=advice, index=part.lineno)]
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
    for message, culprit, word in argument_faults(part):
        yield TemplateFault(message=message, index=culprit.lineno, word=word)


def _check_test(part: nodes.Test) -> Iterable[TemplateFault]:
    return _unknown("test", part.name, DIALECT.tests, part)


def _check_name(part: nodes.Name) -> Iterable[TemplateFault]:
    return [_misnamed("variable", part.name, (), part.lineno)] if part.name in _JINJA_NAMES else ()


def _check_call(part: nodes.Call) -> Iterable[TemplateFault]:
    """Refuse what the language names to be called; what a variable holds is known to events only."""
    called = part.node
    if isinstance(called, nodes.Name) and called.name in OWN_NAMES:
        message = f"{called.name!r} is no function; leave out the parentheses"
        yield TemplateFault(message=message, index=called.lineno, word=called.name)


def _check_loop(part: nodes.For) -> Iterable[TemplateFault]:
    """Count the turns of a loop; a loop that calls itself could not be counted."""
    if part.recursive:
        return [TemplateFault(message="recursive loops are not supported", index=part.lineno)]
    written = sum(len(data.data) for data in part.find_all(nodes.TemplateData))
    units: list[nodes.Expr] = [nodes.Const(1 + (written >> 4), lineno=part.lineno, environment=DIALECT)]
    part.iter = nodes.Filter(part.iter, TURNS, units, [], None, None, lineno=part.lineno, environment=DIALECT)
    return ()


def _check_literal(part: nodes.Const) -> Iterable[TemplateFault]:
    value = part.value
    if isinstance(value, str):
        half = surrogate_in(value)
        message = f"{half} is half of a surrogate pair and no character; write the character itself"
        return () if half is None else [TemplateFault(message=message, index=part.lineno)]
    is_small = (
        math.isfinite(value) if isinstance(value, float) else not isinstance(value, int) or abs(value) < _TOO_LARGE
    )
    return () if is_small else [TemplateFault(message="this number is too large", index=part.lineno)]


_CHECKS: dict[type[nodes.Node], Callable[..., Iterable[TemplateFault]]] = {
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
    nodes.Name: _check_name,
    nodes.For: _check_loop,
    nodes.Call: _check_call,
    nodes.Const: _check_literal,
}


def _unknown(kind: str, name: str, known: Collection[str], part: nodes.Node) -> Iterable[TemplateFault]:
    if name not in known or name == TURNS:
        yield _misnamed(kind, name, [word for word in known if word != TURNS], part.lineno)


def _misnamed(kind: str, name: str, known: Collection[str], index: int) -> TemplateFault:
    related = _RELATED.get((kind, name.lower()))
    advice = f"; {related}" if related else suggest(name, known)
    if not advice and 0 < len(known) <= _MOST_LISTED:
        advice = f"; known are {', '.join(word for word in known if word.isidentifier())}"
    message = f"unknown {kind} {name!r}{advice}"
    return TemplateFault(message=message, index=index, word=name)
