"""Views in templates: fields and items are looked up, and only what they give is shown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.located import parse_yaml
from bridge.mappings.expressions.expressions import ExpressionError, Surroundings, compile_template, scope_of
from bridge.mappings.expressions.templates import compile_tree
from bridge.mappings.values.bounds import Work
from bridge.mappings.values.values import Value
from bridge.mappings.values.views import ListView, Seen, View

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Metric(View):
    """A metric with groups."""

    __slots__ = ("_fields",)
    KIND = "a metric"
    FIELDS = ("value", "series", "groups", "key", "at")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def field(self, name: str) -> Seen:
        """Give a field."""
        found: Seen = self._fields.get(name)
        return found

    def item(self, key: Value) -> Seen:
        """Give a group, an empty one where it was never seen."""
        if key not in (None, "DE", "IT", ("DE", "web")):
            raise LookupError(key)
        return next((group for group in self._fields["groups"] if group.field("key") == key), Metric(value=0))


class Table(ListView):
    """A table with the number of its rows."""

    FIELDS = ("count", "sum")

    def field(self, name: str) -> Seen:
        """Give a field."""
        return 30 if name == "count" else Metric(value=7)


SALES = Metric(
    value=30,
    at=NOW,
    series=[{"at": NOW, "value": 10}, {"at": NOW, "value": None}],
    groups=[Metric(key="DE", value=20), Metric(key="FR", value=10), Metric(key=("DE", "web"), value=5)],
)
BUYERS = Table([{"buyer": "ann", "amount": 20}, {"buyer": "bob", "amount": 10}, {"buyer": "cid", "amount": 5}])


def shown(text: str) -> Value:
    """Evaluate an expression, or a template."""
    variables: dict[str, Seen] = {"sales": SALES, "buyers": BUYERS}
    scope = scope_of(variables, Surroundings(now=NOW), Work())
    return compile_template(text, names=variables).run(scope)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sales.value", 30),
        ("sales.value - 1", 29),
        ("sales['DE'].value", 20),
        ("sales['DE', 'web'].value", 5),
        ("sales['IT'].value", 0),
        ("sales[none].value", 0),
        ("sales.groups[1].key", "FR"),
        ("sales.groups | map(attribute='value') | list", [20, 10, 5]),
        ("sales.groups | sum(attribute='value')", 35),
        ("(sales.groups | sort(attribute='value'))[0].value", 5),
        ("(sales.groups | selectattr('value', 'gt', 15) | list) | length", 1),
        ("sales.groups | length", 3),
        ("sales.series | map(attribute='value') | list", [10, None]),
        ("sales.series | sum(attribute='value')", 10),
        ("sales.series[0].at.hour", 12),
        ("sales.at.year", 2026),
        ("buyers[0].buyer", "ann"),
        ("buyers[-1].buyer", "cid"),
        ("buyers[1:] | map(attribute='buyer') | join(', ')", "bob, cid"),
        ("buyers | length", 3),
        ("buyers | sum(attribute='amount')", 35),
        ("(buyers | first).amount", 20),
        ("buyers | map(attribute='buyer') | list", ["ann", "bob", "cid"]),
        ("buyers.count", 30),
        ("buyers.sum.value", 7),
        ("buyers | tojson | length > 10", True),
        ("sales.colour | default('none')", "none"),
        ("sales is defined and sales.colour is not defined", True),
        ("buyers", [{"buyer": "ann", "amount": 20}, {"buyer": "bob", "amount": 10}, {"buyer": "cid", "amount": 5}]),
    ],
)
def test_a_view_has_fields_and_items(expression: str, value: object) -> None:
    """A list that has fields is a list everywhere."""
    assert shown(f"{{{{ {expression} }}}}") == value


def test_a_loop_goes_over_groups_and_rows() -> None:
    """In a template as in a tree."""
    assert shown("{% for g in sales.groups %}{{ g.key }}={{ g.value }};{% endfor %}").startswith("DE=20;FR=10;")  # type: ignore[union-attr]  # a text
    assert shown("{% for b in buyers %}{{ b.buyer }} {% endfor %}") == "ann bob cid "


@pytest.mark.parametrize("source", ["'{{ sales.groups }}'", "['{{ sales }}', '{{ sales.groups[0] }}']"])
def test_a_tree_goes_over_views(source: str) -> None:
    """What a list of them is made of need not be shown itself."""
    tree = compile_tree(
        parse_yaml("t", f"{{each: {source}, as: m, do: '{{{{ m.value }}}}'}}".encode()), names=["sales"]
    )
    body = tree.render({"sales": SALES}, Surroundings(now=NOW)).body
    assert body == ([20, 10, 5] if "groups }}'" in source else [30, 20])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ sales.vlaue }}", "a metric has no 'vlaue'; did you mean 'value'?"),
        ("{{ buyers[3].buyer.name }}", "there is no item 3 in 3 items"),
        ("{{ sales.vlaue[0].x }}", "a metric has no 'vlaue'; did you mean 'value'?"),
        ("{{ buyers.cuont }}", "a table has no 'cuont'; did you mean 'count'?"),
        ("{{ buyers['ann'] }}", "a table has no item 'ann'"),
        ("{{ sales[{}] }}", "a metric has no item an object with 0 keys"),
        ("{{ sales + 1 }}", "'+' needs numbers, and a metric is not a number; '~' joins texts"),
        ("a {{ sales }}", "a metric cannot be shown; write one of its fields, such as .value"),
        ("{{ [sales] | tojson }}", "a metric cannot be shown; write one of its fields, such as .value"),
        ("a {{ sales.groups }}", "a metric cannot be shown; write one of its fields, such as .value"),
        ("{{ sales | list }}", "a metric has no items to go over; a list or an object has"),
        ("{{ sales | number }}", "number: a metric is not a number"),
    ],
)
def test_what_a_view_is_not_is_said(text: str, message: str) -> None:
    """With the nearest word, and what to write."""
    with pytest.raises(ExpressionError) as caught:
        shown(text)
    assert str(caught.value) == message


def test_no_view_has_what_a_python_object_has() -> None:
    """Names are looked up among its fields alone."""
    for name in ("field", "item", "FIELDS", "_fields", "__class__", "append", "pop"):
        for view in ("sales", "buyers"):
            with pytest.raises(ExpressionError, match="has no"):
                shown(f"{{{{ {view}.{name} }}}}")
