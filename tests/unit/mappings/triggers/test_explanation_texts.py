from datetime import UTC, datetime

from support.events import an_event

from bridge.events import Json
from bridge.mappings import load_texts
from bridge.mappings.triggers.explanation import MOST_ITEMS, Explanation, Taken, explain

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def explained(trigger: str, payload: Json, *, event_type: str = "sale") -> Explanation:
    """Explain what a trigger of the source `shop` sees."""
    text = f"pin: p-a\ntriggers:\n  - {{name: t, source: shop, {trigger}}}\nupdate: {{}}\n"
    event = an_event(type=event_type, received_at=NOW, headers={"x-shop": "berlin"}, payload=payload)
    return explain(load_texts({"a.yaml": text.encode()}, {}).mappings["a"].triggers[0], event)


def test_variables_are_told_as_they_are_written() -> None:
    """The path first, then what is done with it; a header and an expression as they are."""
    extract = "a: $.n, b: {default: 2, path: '$.l[*]', take: sum}, h: {header: X-Shop}, d: {path: $.no, default: ''}"
    passed = explained(f'extract: {{{extract}}}, let: {{c: "{{{{ a + b }}}}"}}', {"n": 1, "l": [2, 3]}).passes[0]
    assert passed.variables == (
        Taken(name="a", written="$.n", value=1),
        Taken(name="b", written="$.l[*], default 2, take sum", value=5),
        Taken(name="h", written="header.X-Shop", value="berlin"),
        Taken(name="d", written="$.no, default ''", value=""),
        Taken(name="c", written="{{ a + b }}", value=6),
    )


def test_it_ends_at_the_first_condition_that_does_not_hold() -> None:
    """Those before it are told as well, and nothing is taken."""
    passed = explained("when: {$.a: 1, $.b: {gt: 2}, $.c: 3}, extract: {x: $.a}", {"a": 1, "b": 2}).passes[0]
    assert [(each.holds, each.said) for each in passed.conditions] == [
        (True, "$.a: wanted 1, found 1"),
        (False, "$.b: wanted gt 2, found 2"),
    ]
    assert (passed.variables, passed.holds) == ((), False)


def test_it_ends_at_the_first_variable_that_cannot_be_taken() -> None:
    """With the words of the outcome."""
    passed = explained("extract: {x: $.a, y: $.b}", {"a": 1}).passes[0]
    assert [taken.name for taken in passed.variables] == ["x"]
    assert passed.fault == "y: $.b matches nothing; give it a default where it may be missing"


def test_a_trigger_that_takes_other_events_is_not_asked() -> None:
    """By its types, where the source is the same."""
    explanation = explained("event: [refund, 'order.*']", {})
    assert explanation.not_asked == "it takes refund or order.*, and this is sale"
    assert explained("event: refund", {}, event_type="").not_asked == "it takes refund, and this is of no type"


def test_of_many_items_the_first_are_told() -> None:
    """And how many there are; what holds for the event is told with each."""
    payload: Json = {"kind": "a", "items": [{"n": number} for number in range(9)]}
    explanation = explained("each: '$.items[*]', when: {header.x-shop: berlin}, extract: {n: $.n}", payload)
    assert (explanation.items, len(explanation.passes)) == (9, MOST_ITEMS)
    assert [each.variables[0].value for each in explanation.passes] == [0, 1, 2, 3, 4]
    assert {each.conditions[0].said for each in explanation.passes} == {
        "header.x-shop: wanted 'berlin', found 'berlin'"
    }
