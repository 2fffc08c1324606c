from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.errors import ConfigurationError
from bridge.located import parse_yaml
from bridge.mappings.expressions.dialect import Surroundings
from bridge.mappings.expressions.templates import RenderedTree, RenderError, compile_tree
from bridge.mappings.values.values import Value

SURROUNDINGS = Surroundings(now=datetime(2026, 11, 22, 20, 0, tzinfo=UTC))
VARIABLES: dict[str, Value] = {
    "amount": Decimal("1234.5"),
    "nothing": None,
    "rows": [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
}


def render(text: str) -> RenderedTree:
    """Compile the YAML and render it on the variables above."""
    tree = compile_tree(parse_yaml("sales.yaml", text.encode()), names=VARIABLES)
    return tree.render(VARIABLES, SURROUNDINGS)


def test_a_string_that_is_one_expression_keeps_the_kind() -> None:
    """Any other string with a mark gives text; all else stands for itself."""
    body = render(
        "value: '{{ amount }}'\ntext: 'now {{ amount }}'\nmoney: \"{{ amount | currency('EUR') }}\"\n"
        "gone: '{{ nothing | number }}'\nn: 3\nlist: [1, x]\n"
    ).body
    assert body == {
        "value": Decimal("1234.5"),
        "text": "now 1234.5",
        "money": "€1,234.50",
        "gone": None,
        "n": 3,
        "list": [1, "x"],
    }


def test_each_makes_a_list_and_is_spliced_into_a_longer_one() -> None:
    """With Jinja's `loop`, and any tree or string as `do`."""
    body = render(
        "cards:\n"
        "- first\n"
        "- {each: '{{ rows }}', as: row, do: {title: '{{ row.name }}', of: '{{ loop.index }}/{{ loop.length }}'}}\n"
        "- last\n"
        "names: {each: '{{ rows }}', do: '{{ item.name }}'}\n"
        "none: {each: '{{ nothing }}', do: x}\n"
    ).body
    assert body == {
        "cards": ["first", {"title": "a", "of": "1/2"}, {"title": "b", "of": "2/2"}, "last"],
        "names": ["a", "b"],
        "none": [],
    }


def test_every_value_knows_its_place_in_the_yaml() -> None:
    """Also what `each` made; an unknown path has the place around it."""
    rendered = render("cards:\n- {each: '{{ rows }}', do: {title: '{{ item.name }}'}}\n- x\n")
    assert str(rendered.place_of(("cards", 1, "title"))).startswith("sales.yaml:2:")
    assert str(rendered.place_of(("cards", 2))) == "sales.yaml:3:3"
    assert rendered.place_of(("cards", 2, "deeper")) == rendered.place_of(("cards", 2))


def test_a_failing_template_names_its_place() -> None:
    """File, line and column, and what went wrong."""
    with pytest.raises(RenderError) as failed:
        render("a: 1\nb: '{{ rows[0].nme }}'\n")
    assert str(failed.value) == "sales.yaml:2:4: an object has no 'nme'; did you mean 'name'?"


def test_a_failing_line_of_a_longer_text_is_named() -> None:
    """A literal text has the lines of the file; any other counts as a whole."""
    with pytest.raises(RenderError) as failed:
        render("a: |\n  one\n  {% for row in rows %}\n    {{ row.nme }}\n  {% endfor %}\n")
    assert str(failed.value) == "sales.yaml:4:5: an object has no 'nme'; did you mean 'name'?"
    with pytest.raises(RenderError) as failed:
        render("a: >\n  one\n  two {{ rows[0].nme }}\n")
    assert str(failed.value) == "sales.yaml:1:4: an object has no 'nme'; did you mean 'name'?"


def test_all_mistakes_are_reported_at_once_with_their_places() -> None:
    """To the column where the text stands on one line."""
    with pytest.raises(ConfigurationError) as refused:
        render(
            "a: '{{ amuont }}'\nb: {each: rows, do: 1}\nc: {each: '{{ rows }}'}\nd: {each: [1], as: amount, do: 1}\n"
            "e: {each: [1], az: x, do: 1}\n"
        )
    assert [str(problem) for problem in refused.value.problems] == [
        "sales.yaml:1:8: unknown variable 'amuont'; did you mean 'amount'?",
        "sales.yaml:2:11: 'each' is one expression, such as \"{{ rows }}\", or a list, found 'rows'",
        "sales.yaml:3:4: 'each' needs 'do', the tree to make of every item",
        "sales.yaml:4:20: 'as: amount' would hide the variable 'amount'; choose another name",
        "sales.yaml:5:16: unknown key 'az' beside 'each'; allowed are each, as and do",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{each: '{{ range(9999) }}', as: a, do: {each: '{{ range(9999) }}', as: b, do: '{{ a * b }}'}}",
        "{each: '{{ range(9999) }}', do: '" + "x" * 99 + "'}",
        "{each: '{{ range(10**9) }}', do: x}",
    ],
)
def test_a_runaway_tree_fails(text: str) -> None:
    """By the bounds of one rendering, wherever in the tree the work is."""
    with pytest.raises(RenderError):
        render(text)
