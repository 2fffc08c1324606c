"""Where a value is read: `$…` is a JSONPath, `"{{ … }}"` an expression, a bare word a known name.

A reading is compiled once and then run on the facts of each event.
"""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bridge.located import Node, Place, ScalarNode
from bridge.located.fields import Problems, describe
from bridge.mappings.expressions.expressions import Expression, TemplateSyntaxProblem, compile_expression, is_expression
from bridge.mappings.expressions.template_check import TemplateFault
from bridge.mappings.expressions.template_places import placed_problems
from bridge.mappings.expressions.template_warnings import doubtful
from bridge.mappings.queries.queries import MISSING, Query, QuerySyntaxError, compile_query
from bridge.mappings.triggers.facts import Facts, Found
from bridge.mappings.values.values import Value, exact
from bridge.spelling import suggest

Reading = Callable[[Facts], Found]

IS_AN_ENTRY = "is an entry of 'state', which is read in 'update' only"
"""What is said of an entry's name where an event is read."""

_compile_query = lru_cache(maxsize=4096)(compile_query)
"""Queries are immutable, and mappings of one source ask for the same paths: a parse costs 2 ms."""


MAX_PATTERNS, MAX_PATTERN_STEPS = 256, 2_000_000
"""Regular expressions of one file, and the instructions that they are compiled to together: 30 MB."""


@dataclass(slots=True)
class Patterns:
    """Counts the regular expressions of one file."""

    count: int = 0
    steps: int = 0

    def admit(self, steps: int) -> str:
        """Count one; gives what is wrong with so many, if anything."""
        self.count, self.steps = self.count + 1, self.steps + steps
        if self.count > MAX_PATTERNS:
            return f"a file has at most {MAX_PATTERNS} conditions with 'matches'"
        return (
            "the regular expressions of this file take too much memory together"
            if self.steps > MAX_PATTERN_STEPS
            else ""
        )


@dataclass(slots=True, kw_only=True)
class Names:
    """The names that a trigger's expressions may use, and where to note faults and warnings.

    `patterns` is shared by all triggers of a file. `entries` are the names under `state`, which no event can read;
    `read` are the names that were read so far.
    """

    constants: Mapping[str, Value]
    variables: dict[str, Place] = field(default_factory=dict)
    problems: Problems
    warnings: Problems
    patterns: Patterns
    entries: Collection[str] = ()
    read: set[str] = field(default_factory=set)

    def known(self) -> Collection[str]:
        """Give every name that an expression may use."""
        return {*self.variables, *self.constants, "event"}

    def bearer(self, name: str) -> str | None:
        """Say what bears a name already."""
        if name in self.constants:
            return "a constant"
        return f"a variable of this trigger (line {self.variables[name].line})" if name in self.variables else None


def read_query(node: Node, what: str, names: Names) -> Query | None:
    """Compile a JSONPath; a fault is noted."""
    text, place = node.value if isinstance(node, ScalarNode) else None, node.place
    if not isinstance(node, ScalarNode) or not isinstance(text, str) or not text.startswith("$"):
        advice = _path_advice(text) if isinstance(text, str) else ""
        message = f"{what} is a JSONPath such as $.data.id, found {describe(node)}{advice}"
        names.problems.append(node.place.problem(message))
        return None
    try:
        query = _compile_query(text)
    except QuerySyntaxError as error:
        with suppress(LookupError):
            place = node.place_of(error.index) if error.index else place
        names.problems.append(place.problem(str(error)))
        return None
    if query.warning:
        names.warnings.append(node.place.problem(query.warning))
    return query


def _path_advice(text: str) -> str:
    if "{{" in text:
        return "; an expression stands in 'let', and a path is taken out of the payload first"
    return f"; write '$.{text[:80]}'" if text[:1].isalpha() else ""


def read_expression(scalar: ScalarNode, names: Names) -> Expression | None:
    """Compile a text that is exactly one `{{ … }}`; a fault is noted."""
    names.warnings.extend(doubtful(scalar))
    return compile_with(names, scalar, compile_expression)


def compile_with(names: Names, scalar: ScalarNode, compiler: Callable[..., Expression]) -> Expression | None:
    """Compile an expression or a template of an event's names; a fault is noted."""
    try:
        expression = compiler(scalar.text, names=names.known())
    except TemplateSyntaxProblem as error:
        faults = [_of_entry(fault, names) for fault in error.faults]
        names.problems.extend(placed_problems(scalar, TemplateSyntaxProblem(*faults)))
        return None
    names.read |= expression.names
    return expression


def _of_entry(fault: TemplateFault, names: Names) -> TemplateFault:
    """Say of an unknown variable that it is an entry, where it is one."""
    if fault.word not in names.entries or not fault.message.startswith("unknown variable"):
        return fault
    return replace(fault, message=f"{fault.word!r} {IS_AN_ENTRY}")


def read_single(node: Node, what: str, names: Names) -> Reading | None:
    """Compile a reading that gives one value: a path that can match one place only, an expression or a name."""
    text = node.value if isinstance(node, ScalarNode) else None
    if isinstance(node, ScalarNode) and isinstance(text, str) and text:
        if text.startswith("$"):
            return _path_reading(node, what, names)
        if "{{" in text:
            return _expression_reading(node, what, names)
        if text in names.variables:
            names.read.add(text)
            return lambda facts: facts.variables[text]
        if text in names.constants:
            names.read.add(text)
            value = names.constants[text]
            return lambda _: value
        message = f"{what} is a JSONPath, an expression in {{{{ }}}} or a known name; {text[:80]!r} is none of them"
        names.problems.append(node.place.problem(message + _single_advice(text, names)))
        return None
    message = f"{what} is a JSONPath, an expression in {{{{ }}}} or a known name, found {describe(node)}"
    names.problems.append(node.place.problem(message))
    return None


def _single_advice(text: str, names: Names) -> str:
    """Guess what was meant: a known name, a path without its `$`, or an expression without its braces."""
    if text.partition(".")[0] in names.entries:
        return f"; {text.partition('.')[0]!r} {IS_AN_ENTRY}"
    if "{%" in text:
        return '; a choice is written as "{{ a if condition else b }}"'
    if not re.fullmatch(r"[\w.-]+", text):
        return f'; write "{{{{ {text[:80]} }}}}" for an expression'
    return suggest(text, names.known()) or f"; write '$.{text[:80]}' for a path"


def _path_reading(node: ScalarNode, what: str, names: Names) -> Reading | None:
    query = read_query(node, what, names)
    if query is None:
        return None
    if not query.single:
        message = (
            f"{what} needs one value, and {query.text} can match many; extract it with 'take' and name the variable"
        )
        names.problems.append(node.place.problem(message))
        return None
    get = query.get

    def read(facts: Facts) -> Found:
        value = get(facts.item)
        return value if value is MISSING else exact(value)

    return read


def _expression_reading(node: ScalarNode, what: str, names: Names) -> Reading | None:
    if not is_expression(node.text):
        message = (
            f"{what} is exactly one expression, with nothing before '{{{{' or after '}}}}', found {describe(node)}"
        )
        names.problems.append(node.place.problem(message))
        return None
    expression = read_expression(node, names)
    if expression is None:
        return None
    return lambda facts: facts.evaluate(expression)
