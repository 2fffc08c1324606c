"""docs/expressions.md shows each word of expressions at work, and none that there is not."""

import re
from datetime import UTC, datetime
from inspect import Parameter
from pathlib import Path

import pytest
from babel import Locale

from bridge.located import parse_yaml
from bridge.mappings.expressions.dialect import FUNCTIONS
from bridge.mappings.expressions.expressions import Surroundings, compile_text, scope_of
from bridge.mappings.expressions.filters import DIALECT, PARAMETERS
from bridge.mappings.expressions.methods import (
    LIST_METHODS,
    LOOP_PARTS,
    OBJECT_METHODS,
    TEXT_METHODS,
    TIME_METHODS,
    TIME_PARTS,
)
from bridge.mappings.values.bounds import Work
from bridge.mappings.values.values import Value

PAGE = (Path(__file__).parents[4] / "docs" / "expressions.md").read_text(encoding="utf-8").replace(r"\|", "|")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", PAGE, re.MULTILINE))
EXAMPLES = re.findall(r"`([^`]+)` → `([^`]*)`", PAGE)
ROW = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \| (.+)$", re.MULTILINE)

NAMES: dict[str, Value] = {
    "now": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "at": datetime(2026, 11, 20, 9, 5, tzinfo=UTC),
    "sales": [{"shop": "a", "amount": 5}, {"shop": "b", "amount": 7}, {"shop": "a", "amount": 1}],
    "nothing": None,
}
METHODS = {
    "a text": {*TEXT_METHODS, "replace"},
    "an object": OBJECT_METHODS,
    "a list": set(LIST_METHODS),
    "a time": TIME_PARTS | TIME_METHODS,
    "`loop`, inside a loop": LOOP_PARTS,
}


def shown(text: str) -> str:
    """Give what a text shows of an expression, or of a template."""
    template = text if "{%" in text else f"{{{{ {text} }}}}"
    surroundings = Surroundings(now=datetime(2026, 11, 20, 12, tzinfo=UTC), locale=Locale("en", "US"), timezone=UTC)
    return str(compile_text(template, names=NAMES).run(scope_of(NAMES, surroundings, Work())))


def rows(section: str) -> dict[str, str]:
    """Give each word that the first column of a section's tables names, with the rest of its row."""
    told: dict[str, str] = {}
    for words, rest in ROW.findall(SECTIONS[section]):
        for word in re.findall(r"`(\w+)", words):
            told[word] = told.get(word, "") + rest
    return told


@pytest.mark.parametrize(("expression", "result"), EXAMPLES)
def test_an_example_gives_what_the_page_says(expression: str, result: str) -> None:
    """In a text, in English, in UTC."""
    assert shown(expression) == result


def test_the_page_says_what_its_examples_know() -> None:
    """The names are those that the examples are run with."""
    told = dict(re.findall(r"^\| `(\w+)` \| `(.+?)`", PAGE.partition("## ")[0], re.MULTILINE))
    assert told.keys() == NAMES.keys()
    for name, value in NAMES.items():
        read = parse_yaml(name, told[name].encode()).plain()
        assert (datetime.fromisoformat(read) if isinstance(read, str) else read) == value


def test_each_filter_is_shown_at_work_and_no_other() -> None:
    """Its row has an example that uses it."""
    told = rows("Filters")
    assert set(told) == {name for name in DIALECT.filters if name.isidentifier()}
    assert [name for name, row in told.items() if not re.search(rf"\| {name}\b", row)] == []


def written(argument: Parameter) -> str:
    """Write an argument as the page does."""
    default = argument.default
    if default is Parameter.empty:
        return argument.name
    return f"{argument.name}={str(default).lower() if default is None or isinstance(default, bool) else repr(default)}"


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_filter_takes_the_arguments_that_the_page_names(name: str) -> None:
    """By name, in this order, and with these defaults; one that hands arguments on names none of its own."""
    taken = PARAMETERS[name].parameters.values()
    if any(each.kind is Parameter.VAR_POSITIONAL for each in taken):
        return
    words = "".join(words for words, _ in ROW.findall(SECTIONS["Filters"]))
    shown = re.findall(rf"`{name}(?:\(([^`]*)\))?`", words)
    assert ", ".join(map(written, taken)) in shown


def test_each_test_is_shown_at_work_and_no_other() -> None:
    """Those that are signs are named in `select` and its like."""
    told = rows("Tests")
    assert set(told) == {name for name in DIALECT.tests if name.isidentifier()}
    assert [name for name, row in told.items() if not re.search(rf"\bis {name}\b", row)] == []
    signs = set(re.findall(r"select\('(\W+)'", SECTIONS["Tests"]))
    assert signs == {name for name in DIALECT.tests if not name.isidentifier()}


def test_each_function_is_shown_at_work_and_no_other() -> None:
    """And Jinja's own are not offered."""
    told = rows("Functions")
    assert set(told) == set(FUNCTIONS)
    assert [name for name, row in told.items() if f"{name}(" not in row] == []


@pytest.mark.parametrize("kind", sorted(METHODS))
def test_all_that_a_dot_reaches_is_named(kind: str) -> None:
    """And nothing else."""
    row = re.search(rf"^\| {re.escape(kind)} \| ([^|]+) \|", SECTIONS["What a dot reaches"], re.MULTILINE)
    assert row
    assert set(re.findall(r"`(\w+)`", row[1])) == METHODS[kind]
