"""`when`: conditions, compiled to closures, that say why they did not hold.

Conditions on paths, headers and query parameters are *early*: they run before anything is
extracted, so that an unwanted event never fails there. Conditions on variables, and
expressions, are *late*. A path that matches nothing holds for `exists: false` alone; one that
matches many holds if any value does.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.errors import ConfigurationError
from bridge.located import MappingNode, Node, Plain, ScalarNode, SequenceNode
from bridge.located.fields import describe
from bridge.mappings.expressions.expressions import is_expression
from bridge.mappings.queries.queries import MISSING
from bridge.mappings.triggers.comparisons import (
    OPERATORS,
    Test,
    WrongOperand,
    compile_pattern,
    equals,
    index_key,
    one_of,
)
from bridge.mappings.triggers.facts import Facts, Found
from bridge.mappings.triggers.kind_hints import BY_ORDER, NUMBER_TEXT, Hint, hint_of, kind_wanted
from bridge.mappings.triggers.readings import IS_AN_ENTRY, Names, Reading, read_expression, read_query
from bridge.mappings.values.values import excerpt
from bridge.spelling import suggest

_SPACES = ("header", "query")
_SIGNS = {
    "==": "eq",
    "=": "eq",
    "is": "eq",
    "equals": "eq",
    "!=": "ne",
    "<>": "ne",
    "not": "ne",
    "not_equals": "ne",
    "neq": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "regex": "matches",
    "like": "contains",
}
"""What other languages call an operator, and what it is called here."""

_COMPARISON = re.compile(r"(==|!=|<>|>=|<=|>|<)\s*(\S.*)")
_COMPARES = re.compile(r"\s(==|!=|>=|<=|>|<|and|or|in)\s")
_LEFT_SIDES = "a JSONPath, header.Name, query.name, a variable or an expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The left side of a condition. `one` reads its value; where it can have many, `many` does."""

    text: str
    is_early: bool
    is_of_item: bool
    one: Reading
    many: Callable[[Facts], list[Found]] | None = None

    @property
    def is_path(self) -> bool:
        """Tell whether it is a JSONPath."""
        return self.text.startswith("$")

    def found(self, facts: Facts) -> list[Found]:
        """Give every value that stands there, none where the path matches nothing."""
        if self.many is not None:
            return self.many(facts)
        value = self.one(facts)
        return [] if value is MISSING else [value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of `when`. `keys` are the only values it can hold for, where it is an equality.

    `hint` says why it can never hold for a value of another kind; it is empty where that is no matter.
    """

    left: Left
    wanted: str
    holds: Callable[[Facts], bool]
    keys: frozenset[object] | None = None
    hint: Hint | None = None

    def reason(self, facts: Facts) -> str:
        """Say what was wanted and what was found."""
        found = self.left.found(facts)
        shown = ", ".join(map(excerpt, found[:3])) or "nothing"
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        hint = self.hint(found[0]) if self.hint is not None and len(found) == 1 else ""
        return f"{self.left.text}: wanted {self.wanted}, found {shown}{more}{hint and f'; {hint}'}"


@dataclass(slots=True)
class _Right:
    """What a right side asks for: a test of one value, and whether there must be one at all."""

    wanted: str
    test: Test | None = None
    must_exist: bool | None = None
    keys: frozenset[object] | None = None
    hint: Hint | None = None


def compile_conditions(node: Node, names: Names) -> list[Condition]:
    """Compile `when`: an object, an expression, or a list of these. Faults are noted in `names`."""
    if isinstance(node, SequenceNode):
        return [condition for item in node.items for condition in compile_conditions(item, names)]
    if isinstance(node, MappingNode):
        compiled = [_compile_line(entry.key, entry.value, names) for entry in node.entries]
        return [condition for condition in compiled if condition is not None]
    if isinstance(node.value, str) and is_expression(node.text):
        return _compile_expression(node, names)
    advice = f'; write "{{{{ {node.text[:80]} }}}}"' if isinstance(node.value, str) and "{{" not in node.text else ""
    message = (
        f"'when' is an object of conditions, an expression in {{{{ }}}} or a list of these, found {describe(node)}"
    )
    names.problems.append(node.place.problem(message + advice))
    return []


def _compile_expression(scalar: ScalarNode, names: Names) -> list[Condition]:
    left = _expression_left(scalar, names)
    if left is None:
        return []
    read = left.one
    return [Condition(left=left, wanted="true", holds=lambda facts: bool(read(facts)))]


def _compile_line(key: ScalarNode, value: Node, names: Names) -> Condition | None:
    left = compile_left(key, names)
    right = _compile_right(value, names)
    if left is None or right is None:
        return None
    keys = right.keys if left.is_early else None
    return Condition(left=left, wanted=right.wanted, holds=_holds(left, right), keys=keys, hint=right.hint)


def _holds(left: Left, right: _Right) -> Callable[[Facts], bool]:
    one, many, test, must_exist = left.one, left.many, right.test, right.must_exist
    if must_exist is False:
        return lambda facts: test is None and not left.found(facts)
    if many is not None:
        return lambda facts: any(test is None or test(value) for value in many(facts))

    def holds(facts: Facts) -> bool:
        value = one(facts)
        return value is not MISSING and (test is None or test(value))

    return holds


def compile_left(key: ScalarNode, names: Names) -> Left | None:
    """Compile the left side of a condition."""
    text = key.text
    space, dot, name = text.partition(".")
    if text.startswith("$"):
        return _path_left(key, names)
    if "{{" in text and is_expression(text):
        return _expression_left(key, names)
    if dot and name and space == "header":
        lower = name.lower()
        return Left(
            text=text, is_early=True, is_of_item=False, one=lambda facts: facts.event.headers.get(lower, MISSING)
        )
    if dot and name and space == "query":
        return Left(text=text, is_early=True, is_of_item=False, one=lambda facts: facts.event.query.get(name, MISSING))
    if text in names.variables:
        names.read.add(text)
        return Left(text=text, is_early=False, is_of_item=True, one=_variable(text))
    message = f"a condition begins with {_LEFT_SIDES}; {text[:80]!r} is none of them{_left_advice(text, names)}"
    names.problems.append(key.place.problem(message))
    return None


def _variable(name: str) -> Reading:
    def read(facts: Facts) -> Found:
        value = facts.variables[name]
        facts.charge(value)
        return value

    return read


def _left_advice(text: str, names: Names) -> str:
    """Guess what was meant: a header, a known name, an expression, a path without its `$`."""
    space, dot, name = text.partition(".")
    if space in names.entries:
        return f"; {space!r} {IS_AN_ENTRY}"
    if space in _SPACES and not name:
        return f"; a name stands behind '{space}.'"
    if dot and name and (meant := get_close_matches(space.lower(), _SPACES, n=1, cutoff=0.8)):
        return f"; did you mean '{meant[0]}.{name[:80]}'?"
    if _COMPARES.search(text):
        return f'; a whole condition is an expression: when: "{{{{ {text[:80]} }}}}"'
    return suggest(text, names.variables) or (f"; write '$.{text[:80]}' for a path" if text[:1].isalpha() else "")


def _path_left(key: ScalarNode, names: Names) -> Left | None:
    query = read_query(key, "the left side of a condition", names)
    if query is None:
        return None
    get, find = query.get, query.find
    many: Callable[[Facts], list[Found]] | None = (
        None if query.single else lambda facts: list(find(facts.item, facts.work))
    )
    return Left(text=query.text, is_early=True, is_of_item=True, one=lambda facts: get(facts.item), many=many)


def _expression_left(scalar: ScalarNode, names: Names) -> Left | None:
    expression = read_expression(scalar, names)
    if expression is None:
        return None
    return Left(text=scalar.text, is_early=False, is_of_item=True, one=lambda facts: facts.evaluate(expression))


def _compile_right(node: Node, names: Names) -> _Right | None:
    if isinstance(node, MappingNode):
        return _compile_operators(node, names)
    if not _is_literal(node, names):
        return None
    wanted = node.plain()
    _warn_of_comparison(node, names)
    if isinstance(wanted, list):
        return _Right(_one_of_text(wanted), one_of(wanted), keys=_keys(wanted))
    return _Right(excerpt(wanted), equals(wanted), keys=_keys([wanted]), hint=hint_of("eq", wanted))


def _compile_operators(node: MappingNode, names: Names) -> _Right | None:
    if not node.entries:
        names.problems.append(node.place.problem(f"a condition needs an operator: {', '.join(OPERATORS)}, exists"))
        return None
    right = _Right("")
    tests: list[Test] = []
    for entry in node.entries:
        if entry.name == "exists":
            right.must_exist = _exists(entry.value, names)
        elif test := _compile_operator(entry.key, entry.value, names):
            tests.append(test)
            right.hint = right.hint or hint_of(entry.name, entry.value.plain())
            right.keys = right.keys or _operator_keys(entry.name, entry.value.plain())
    _warn_of_unlike(node, names)
    right.wanted = " and ".join(f"{entry.name} {_shown(entry.value.plain())}" for entry in node.entries)
    right.test = _all(tests)
    return right


def _warn_of_unlike(node: MappingNode, names: Names) -> None:
    """Warn of operators that no one value can satisfy, since one wants a number and another a text."""
    first, former = "", ""
    for entry in node.entries:
        kind = kind_wanted(entry.name, entry.value.plain())
        if kind and former and kind != former:
            message = f"{entry.name!r} wants {kind} and {first!r} {former}, so this holds for no event"
            names.warnings.append(entry.key.place.problem(message))
            return
        first, former = (entry.name, kind) if kind else (first, former)


def _compile_operator(key: ScalarNode, value: Node, names: Names) -> Test | None:
    make = OPERATORS.get(key.text)
    if make is None:
        words = [*OPERATORS, "exists"]
        meant = _SIGNS.get(key.text)
        advice = f"; did you mean {meant!r}?" if meant else suggest(key.text, words)
        advice = advice or f"; allowed are {', '.join(words)}"
        names.problems.append(key.place.problem(f"unknown operator {key.text[:80]!r} in a condition{advice}"))
        return None
    if not _is_literal(value, names):
        return None
    if key.text in BY_ORDER and isinstance(value, ScalarNode) and _is_quoted_number(value):
        message = f"{describe(value)} is compared as a text, letter by letter; leave out the quotes to compare numbers"
        names.warnings.append(value.place.problem(message))
    try:
        if key.text == "matches" and isinstance(value, ScalarNode) and isinstance(value.value, str):
            _admit_pattern(value, names)
        return make(value.plain())
    except WrongOperand as error:
        names.problems.append(value.place.problem(f"{key.text!r} wants {error}, found {describe(value)}"))
        return None


def _admit_pattern(scalar: ScalarNode, names: Names) -> None:
    """Note a fault where the regular expressions of the file become too many; nothing more is read then."""
    fault = names.patterns.admit(compile_pattern(scalar.text).programsize)
    if fault:
        raise ConfigurationError([*names.problems, scalar.place.problem(fault)])


def _is_quoted_number(scalar: ScalarNode) -> bool:
    return isinstance(scalar.value, str) and NUMBER_TEXT.fullmatch(scalar.value) is not None


def _exists(node: Node, names: Names) -> bool | None:
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    names.problems.append(node.place.problem(f"'exists' wants true or false, found {describe(node)}"))
    return None


def _is_literal(node: Node, names: Names) -> bool:
    """Refuse an expression where a literal stands: it would silently be compared as text."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and "{{" in node.text and is_expression(node.text):
        message = (
            "the right side of a condition is a literal; write the whole condition as an expression: '{{ a == b }}'"
        )
        names.problems.append(node.place.problem(message))
        return False
    return True


def _warn_of_comparison(node: Node, names: Names) -> None:
    """Warn of a text such as `> 5`, which is compared as a text and so never matches a number."""
    text = node.value if isinstance(node, ScalarNode) else None
    found = _COMPARISON.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is not None:
        message = f"{describe(node)} is compared as a text; write {{{_SIGNS[found[1]]}: {found[2][:80]}}}"
        names.warnings.append(node.place.problem(message))


def _all(tests: list[Test]) -> Test | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda found: all(test(found) for test in tests)


def _operator_keys(operator: str, wanted: Plain) -> frozenset[object] | None:
    if operator == "eq":
        return _keys([wanted])
    return _keys(wanted) if operator == "in" and isinstance(wanted, list) else None


def _keys(wanted: Iterable[Plain]) -> frozenset[object] | None:
    keys = [index_key(each) for each in wanted]
    return None if None in keys else frozenset(keys)


def _one_of_text(wanted: list[Plain]) -> str:
    shown = ", ".join(map(excerpt, wanted[:8]))
    return f"one of {shown}{', …' if len(wanted) > 8 else ''}"


def _shown(wanted: Plain) -> str:
    return _one_of_text(wanted).removeprefix("one of ") if isinstance(wanted, list) else excerpt(wanted)
