"""Each metric by itself: what it takes, folds, merges, reads, and writes down."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from bridge.mappings.entries.definitions import MetricKind
from bridge.mappings.values.values import UnusableValue, Value
from bridge.state.marks import Mark
from bridge.state.metrics import Metric, metric_of

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
EVERY: tuple[MetricKind, ...] = ("count", "sum", "mean", "min", "max", "first", "last", "distinct", "quantile")


def mark(at: int, *version: Value) -> Mark:
    """Give a mark whose version is its time, unless another is given."""
    return Mark(at, version or (at,), at, 0)


def folded(metric: Metric, *values: Value) -> Any:
    """Fold values, one second after the other."""
    held = None
    for at, value in enumerate(values, 1):
        admitted = metric.admit(value)
        if metric.takes(admitted):
            held = metric.fold(held, admitted, mark(at))
    return held


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("count", [None, "a", 3], 3),
        ("sum", [1, Decimal("0.1"), "0.2", None], Decimal("1.3")),
        ("sum", [2**70, -(2**70), 1], 1),
        ("mean", [1, 2, 2], Decimal(5) / 3),
        ("mean", [1, 3, None], 2),
        ("min", [3, Decimal("2.5"), None, 7], Decimal("2.5")),
        ("max", ["b", "a"], "b"),
        ("first", ["a", None], "a"),
        ("last", ["a", None], None),
        ("distinct", [1, Decimal("1.0"), "1", None, "1"], 2),
        ("quantile", [5, 1, 3, 2, 4], 4),
    ],
)
def test_a_metric_comes_to_what_the_reference_says(kind: MetricKind, values: list[Value], expected: Value) -> None:
    """Null is skipped, but where it counts."""
    metric = metric_of(kind, Decimal("0.8"))
    assert metric.read(folded(metric, *values)) == expected


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_written_down_is_read_back(kind: MetricKind) -> None:
    """Through JSON, exactly; what is merged after that is as if nothing had been written."""
    metric = metric_of(kind, Decimal("0.5"))
    held = folded(metric, 1, Decimal("2.50"), 2**65, 7)
    restored = metric.restore(orjson.loads(orjson.dumps(metric.write(held))))
    assert metric.read(restored) == metric.read(held)
    other = folded(metric, 3, 9)
    assert metric.read(metric.merge(restored, other)) == metric.read(metric.merge(held, folded(metric, 3, 9)))


@pytest.mark.parametrize("kind", EVERY)
def test_values_together_are_as_values_one_by_one(kind: MetricKind) -> None:
    """In whatever order they are put together."""
    metric = metric_of(kind, Decimal("0.5"))
    values: list[Value] = [4, Decimal("0.25"), 4, 9]
    told = [(metric.admit(value), mark(at)) for at, value in enumerate(values, 1)]
    one_by_one = metric.read(folded(metric, 4, Decimal("0.25"), 4, 9))
    assert metric.read(metric.fold_all(told)) == one_by_one
    halves = metric.fold_all(told[2:]), metric.fold_all(told[:2])
    assert metric.read(metric.merge(*halves)) == one_by_one


def test_the_first_of_equal_extremes_says_when() -> None:
    """Whichever was folded first."""
    metric = metric_of("max")
    held = metric.fold(metric.fold(None, 5, mark(20)), 5, mark(10))
    assert (metric.read(held), metric.set_at(held)) == (5, 10)


def test_the_newest_is_by_version_and_then_by_the_journal() -> None:
    """Not by the order in which it was folded."""
    metric = metric_of("last")
    held = metric.fold(metric.fold(None, "newer", mark(5, 2)), "older", mark(9, 1))
    assert metric.read(held) == "newer"
    assert metric.set_at(held) == 5


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("sum", "many", "'many' is not a number"),
        ("mean", True, "true is not a number"),
        ("sum", 10**100, "more than 100 digits"),
        ("quantile", Decimal(f"1e-{101}"), "more than 100 decimals"),
        ("min", [1], "a list of 1 has no order"),
        ("distinct", {"a": 1}, "cannot tell one from another"),
        ("last", "x" * 5000, "takes 5,002 bytes; at most 4,096 are remembered"),
        ("first", ["x" * 5000], "at most 4,096"),
    ],
)
def test_what_cannot_be_folded_is_refused_before_it_is(kind: MetricKind, value: Value, words: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(UnusableValue, match=words):
        metric_of(kind, Decimal("0.5")).admit(value)


def test_a_count_of_many_is_estimated_within_its_error() -> None:
    """Exact to a thousand; beyond, the same whatever the order and the cuts."""
    metric = metric_of("distinct")
    exact = folded(metric, *range(1000))
    assert metric.read(exact) == 1000
    many = folded(metric, *range(20_000))
    assert metric.read(many) == pytest.approx(20_000, rel=0.05)
    backwards = folded(metric, *reversed(range(20_000)))
    assert backwards == many
    assert metric.merge(exact, folded(metric, *range(500, 20_000))) == many


def test_a_quantile_of_many_is_within_one_per_cent() -> None:
    """Negative and tiny values among them; the same whatever the order."""
    metric = metric_of("quantile", Decimal("0.95"))
    values: list[Value] = [Decimal(n) / 10 for n in range(-500, 9500)]
    held = folded(metric, *values)
    assert metric.read(held) == pytest.approx(Decimal("899.9"), rel=Decimal("0.01"))
    assert metric.read(folded(metric, *reversed(values))) == metric.read(held)
    restored = metric.restore(orjson.loads(orjson.dumps(metric.write(held))))
    assert metric.read(restored) == metric.read(held)
    assert metric.read(folded(metric, *[0] * 200)) == 0
