"""What an event says to the entries of the state, beside what it changes."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from support.events import an_event

from bridge.mappings import Evaluation, MappingSet, load_texts
from bridge.mappings.records import Measurement, Operation, RowChange

TRIGGERS = """
  - name: sale
    source: shop
    event: sold
    extract: {amount: $.amount, buyer: $.buyer, id: $.id, status: {path: $.status, default: open}}
  - name: refund
    source: shop
    event: refunded
    extract: {refunded: $.amount, id: $.id}
"""
PAID = {"amount": 1.5, "buyer": "ann", "id": 7, "status": "paid"}


def loaded(state: str) -> MappingSet:
    """Load a mapping of two triggers, with the entries of a state."""
    text = f"pin: p-1\nconstants: {{rate: 2}}\ntriggers: {TRIGGERS}\nstate: {{{state}}}\nupdate: {{}}\n"
    return load_texts({"m.yaml": text.encode()}, {})


def evaluated(state: str, payload: dict[str, Any], event_type: str = "sold") -> Evaluation:
    """Evaluate one event."""
    body = orjson.dumps(payload)
    return loaded(state).evaluate(an_event(source="shop", type=event_type, body=body, payload=orjson.loads(body)))


def told(state: str, payload: dict[str, Any], event_type: str = "sold") -> tuple[Operation, ...]:
    """Give what the one change of an event says to the entries."""
    (change,) = evaluated(state, payload, event_type).changes
    return change.operations


@pytest.mark.parametrize(
    ("metric", "value", "group"),
    [
        ("sum: amount", Decimal("1.5"), None),
        ("sum: $.amount", Decimal("1.5"), None),
        ("sum: '{{ amount * rate }}'", Decimal("3.0"), None),
        ("sum: rate, trigger: sale", 2, None),
        ("count: sale", None, None),
        ("count: [refund, sale]", None, None),
        ("last: buyer, by: status", "ann", ("paid",)),
        ("distinct: buyer, by: [status, $.id]", "ann", ("paid", 7)),
        ("quantile: amount, q: 0.5, when: {status: paid}", Decimal("1.5"), None),
        ("max: amount, when: '{{ amount > 1 }}'", Decimal("1.5"), None),
    ],
)
def test_a_metric_is_told_a_value_and_a_group(metric: str, value: object, group: object) -> None:
    """Exactly, whatever it is read from."""
    assert told(f"e: {{{metric}}}", PAID) == (Measurement("e", value, group),)  # type: ignore[arg-type]  # as told


@pytest.mark.parametrize(
    "metric",
    ["sum: amount, when: {status: open}", "count: refund", "sum: refunded", "sum: rate, trigger: refund"],
)
def test_a_metric_is_told_nothing_of_what_is_none_of_its_business(metric: str) -> None:
    """Its conditions, its triggers and its variables say what is."""
    assert told(f"e: {{{metric}}}", PAID) == ()


def test_the_entries_are_told_in_the_author_s_order() -> None:
    """Each by its name."""
    operations = told("b: {sum: amount}, a: {count: sale}", PAID)
    assert [operation.entry for operation in operations] == ["b", "a"]


TABLE = "rows: {buyer: buyer, back: refunded, n: {count: sale}, sum: {sum: amount}, x: '{{ row.n + 1 }}'}, key: id"


def test_each_trigger_feeds_the_columns_whose_variables_it_defines() -> None:
    """A computed column is fed by none."""
    fed = {"buyer": "ann", "n": None, "sum": Decimal("1.5")}
    assert told(f"t: {{{TABLE}}}", PAID) == (RowChange("t", (7,), fed, drops=False),)
    refunded = RowChange("t", (7,), {"back": 3}, drops=False)
    assert told(f"t: {{{TABLE}}}", {"amount": 3, "id": 7}, "refunded") == (refunded,)


def test_a_row_is_dropped_by_a_trigger_or_by_conditions() -> None:
    """Which needs no more than its key."""
    gone = RowChange("t", (7,), {}, drops=True)
    table = "rows: {buyer: buyer}, key: id"
    assert told(f"t: {{{table}, drop: refund}}", {"amount": 3, "id": 7}, "refunded") == (gone,)
    assert told(f"t: {{{table}, drop: {{status: paid}}}}", PAID) == (gone,)
    assert told(f"t: {{{table}, drop: [{{status: [paid]}}, '{{{{ amount > 1 }}}}']}}", PAID) == (gone,)
    (kept,) = told(f"t: {{{table}, drop: {{status: paid}}}}", PAID | {"status": "open"})
    assert kept == RowChange("t", (7,), {"buyer": "ann"}, drops=False)


def test_an_event_that_feeds_no_column_and_drops_nothing_makes_no_row() -> None:
    """Though it has the key, and though the table's conditions hold."""
    table = "rows: {buyer: buyer}, key: id"
    assert told(f"t: {{{table}}}", {"amount": 3, "id": 7}, "refunded") == ()
    assert told(f"t: {{{table}, when: {{status: open}}}}", PAID) == ()


def test_without_a_key_each_event_is_a_row() -> None:
    """Which none other is told by."""
    assert told("t: {rows: {buyer: buyer}}", PAID) == (RowChange("t", None, {"buyer": "ann"}, drops=False),)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("e: {sum: $.tax}", "e: $.tax matches nothing; extract it with a default where it may be missing"),
        ("e: {sum: '{{ buyer + 1 }}'}", "e: '+' needs numbers, and 'ann' is not a number; '~' joins texts"),
        (
            "e: {count: sale, by: $.tax}",
            "e, 'by': $.tax matches nothing; extract it with a default where it may be missing",
        ),
        ("t: {rows: {b: $.b}, key: id}", "t.b: $.b matches nothing; extract it with a default where it may be missing"),
        ("t: {rows: {b: buyer}, key: '{{ none }}'}", "t, 'key': {{ none }} is null, so no row can be told by it"),
    ],
)
def test_what_is_not_there_fails_the_trigger_and_names_the_entry(state: str, reason: str) -> None:
    """As a variable does."""
    evaluation = evaluated(state, PAID)
    assert evaluation.changes == ()
    assert [outcome.reason for outcome in evaluation.outcomes] == [reason]


def test_a_whole_number_beyond_64_bits_is_inexact() -> None:
    """In an entry as in a variable."""
    evaluation = evaluated("e: {sum: $.n}", PAID | {"n": 2.0**70})
    assert [outcome.kind for outcome in evaluation.outcomes] == ["inexact_number"]
