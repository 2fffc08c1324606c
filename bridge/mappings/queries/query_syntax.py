"""Reading a JSONPath and holding it against the subset that the language promises.

jsonpath-ng's extended parser reads the text; the tree it gives is flattened into steps, and
every step is checked, those inside filters included: children, quoted names, indexes,
wildcards, slices, filters and one `..`. Everything else is refused with advice. Paths of
children, indexes and wildcards, which nearly all are, are read here, to the same tree: the
parser takes a millisecond for each. A property test holds that the two never differ.
"""

import re
import warnings
from dataclasses import dataclass

from jsonpath_ng import Child, Descendants, Fields, Index, JSONPath, Root, Slice, This
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext import filter as ext_filter
from jsonpath_ng.ext.parser import ExtendedJsonPathParser
from jsonpath_ng.jsonpath import Wildcard

from bridge.errors import AuthorError

MAX_TEXT = 500
"""Longest path, in characters, that the parser is given."""

MAX_STEPS = 40
"""Most steps of one path, those inside its filters included."""


class QuerySyntaxError(AuthorError):
    """The text is no path of the supported kind; the message says what to write instead.

    `index` is the character of the text where it went wrong, 0 where that is not known.
    """

    def __init__(self, message: str, index: int = 0) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True)
class Descend:
    """The `..` between two steps."""


Step = JSONPath | Descend


def parse(text: str) -> JSONPath:
    """Read a path with jsonpath-ng's extended parser; what it calls deprecated is refused too."""
    if not text.startswith("$"):
        raise QuerySyntaxError(f"{_shown(text)} is not a path; a path begins with '$', such as $.data.id")
    if len(text) > MAX_TEXT:
        raise QuerySyntaxError(f"the path has {len(text)} characters; at most {MAX_TEXT} are read")
    if is_plain(text):
        return _plain_path(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return ExtendedJsonPathParser().parse(text)
        except DeprecationWarning as old:
            raise QuerySyntaxError(f"{_shown(text)}: {_deprecation_advice(str(old))}") from old
        except (JSONPathError, ValueError, AssertionError) as error:
            column = re.search(r"(?: at 1:|col )([0-9]+)", str(error))
            message = f"{_shown(text)} is not a path that can be read; {_syntax_advice(text, error)}"
            raise QuerySyntaxError(message, min(int(column[1]), len(text) - 1) if column else 0) from error


_NAME = r"\.(?!where)(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
_QUOTED_NAME = r"\['(?P<quoted>[^'\\*\n]+)'\]"
_INDEX = r"\[(?P<index>-?[0-9]+)\]"
PLAIN_NAME = re.compile(_NAME)
"""A step to a name that needs no quotation marks, with its dot."""

_PLAIN_STEP = re.compile(rf"{_NAME}|{_QUOTED_NAME}|{_INDEX}|\[\*\]|\.\*")
_PLAIN = re.compile(rf"\$(?:{_PLAIN_STEP.pattern})*")


def is_plain(text: str) -> bool:
    """Tell whether a path is of children, indexes and wildcards alone, which are read at once."""
    return _PLAIN.fullmatch(text) is not None


def _plain_path(text: str) -> JSONPath:
    """Build the tree of a path of children, indexes and wildcards."""
    path: JSONPath = Root()
    for step in _PLAIN_STEP.finditer(text):
        name, index = step["name"] or step["quoted"], step["index"]
        if name is not None:
            path = Child(path, Fields(name))
        else:
            path = Child(path, Wildcard() if index is None else Index(int(index)))
    return path


def _syntax_advice(text: str, error: Exception) -> str:
    if call := re.search(r"\w+\(\)", text):
        return f"functions such as {call[0]} are not supported; 'take' folds many matches, as in 'take: count'"
    if "end of string" in str(error):
        return "it ends too early: '[' needs its ']', and a name stands after '.'"
    return (
        "a name with other characters than letters, digits, '_' and '-' is quoted, as in $['user name'].id,"
        " and a text in a filter is too, as in $.items[?(@.status == 'open')]"
    )


def _deprecation_advice(message: str) -> str:
    if "unquoted word" in message:
        return "a text inside a filter is quoted, as in [?(@.status == 'open')]"
    return "'|' and '&' between paths are not supported; conditions inside a filter are joined by '&&' and '||'"


def checked_steps(path: JSONPath, text: str) -> list[Step]:
    """Give the steps after `$`, each of them in the supported subset."""
    steps = flattened(path)
    if not isinstance(steps[0], Root):
        raise QuerySyntaxError(f"{_shown(text)}: {_advice(steps[0])}")
    count = _Check(text).steps(steps[1:])
    if count > MAX_STEPS:
        raise QuerySyntaxError(f"the path has {count} steps; at most {MAX_STEPS} are followed")
    return steps[1:]


def flattened(path: JSONPath) -> list[Step]:
    """List a path's steps from left to right; parsing nests them by precedence."""
    steps: list[Step] = []
    pending: list[Step] = [path]
    while pending:
        step = pending.pop()
        if isinstance(step, Child):
            pending += [step.right, step.left]
        elif isinstance(step, Descendants):
            pending += [step.right, Descend(), step.left]
        else:
            steps.append(step)
    return steps


class _Check:
    """Holds the steps of one path against the supported subset, filters included."""

    def __init__(self, text: str) -> None:
        self._text = text

    def steps(self, steps: list[Step], *, in_filter: bool = False) -> int:
        """Check the steps after the first; gives their number, with those of their filters."""
        descents = sum(isinstance(step, Descend) for step in steps)
        if descents > (0 if in_filter else 1):
            raise self._refused("'..' may stand once in a path, and not inside a filter")
        return len(steps) + sum(self._step(step) for step in steps)

    def _step(self, step: Step) -> int:
        if isinstance(step, ext_filter.Filter):
            return sum(self._condition(condition) for condition in step.expressions)
        if isinstance(step, Fields) and len(step.fields) > 1:
            raise self._refused("several names in one bracket are not supported; extract one variable for each")
        if isinstance(step, Index) and len(step.indices) > 1:
            raise self._refused("several indexes in one bracket are not supported; extract one variable for each")
        if isinstance(step, Slice) and step.step == 0:
            raise self._refused("a slice cannot advance by 0")
        if not isinstance(step, Fields | Index | Slice | Wildcard | Descend):
            raise self._refused(_advice(step))
        return 0

    def _condition(self, condition: JSONPath) -> int:
        if isinstance(condition, ext_filter.And | ext_filter.Or):
            return sum(self._condition(operand) for operand in condition.operands)
        if not isinstance(condition, ext_filter.Expression):
            raise self._refused(_advice(condition))
        if condition.op == "=~":
            raise self._refused("'=~' is not supported inside a filter; extract the list, or use 'matches' in 'when'")
        sides = [condition.target, *([condition.value] if isinstance(condition.value, JSONPath) else [])]
        return 1 + sum(self._operand(side) for side in sides)

    def _operand(self, path: JSONPath) -> int:
        """Check a path inside a filter: from `@` any, from `$` only one that leads to one place."""
        first, *rest = flattened(path)
        if isinstance(first, Root):
            if any(single_key(step) is None for step in rest):
                raise self._refused("inside a filter a path from '$' must lead to one place, such as $.limit")
            return self.steps(rest, in_filter=True)
        if isinstance(first, This):
            return self.steps(rest, in_filter=True)
        return self.steps([first, *rest], in_filter=True)

    def _refused(self, advice: str) -> QuerySyntaxError:
        return QuerySyntaxError(f"{_shown(self._text)}: {advice}")


_ADVICE = {
    "Parent": "`parent` is not supported; begin the path one level higher and filter there",
    "Where": "'where' is not supported; use a filter, as in $.items[?(@.price > 10)]",
    "WhereNot": "'wherenot' is not supported; use a filter, as in $.items[?(!@.price)]",
    "Operation": "arithmetic is not supported in a path; extract the values and compute with 'let'."
    " A name that contains '-' or '+' between spaces is quoted",
    "Len": "`len` is not supported; extract the list with 'take: count'",
    "SortedThis": "sorting is not supported in a path; use the filter 'sort' in a template",
    "Root": "'$' stands only at the beginning of a path",
    "This": "'@' and `this` stand only inside a filter",
}


def _advice(step: object) -> str:
    supported = "supported are children, indexes, wildcards, slices, filters and '..'"
    return _ADVICE.get(type(step).__name__, f"this operator is not supported; {supported}")


def single_key(step: Step) -> str | int | None:
    """Give the one name or index a step looks up, None where it can lead to many places."""
    if isinstance(step, Fields):
        return str(step.fields[0])
    return int(step.indices[0]) if isinstance(step, Index) else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")
