"""What templates read: the fields that the oracle does not ask for, and when what was read changes by itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from support.folding import Folding, measured, row

from bridge.mappings.entries.definitions import Buckets, Column, Entry, MetricEntry, TableEntry
from bridge.mappings.expressions.expressions import compile_expression
from bridge.mappings.triggers.facts import Shared
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.values import Value
from bridge.state import Moment, views_of

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAYS = Buckets(unit="day", count=1, timezone=BERLIN)
SHARED = Shared(constants={"rate": Decimal("0.19")}, locale=Locale("en", "US"), timezone=BERLIN)


def seen(fold: Folding, now: datetime) -> tuple[Any, Moment]:
    """Give the view of the one entry, and the moment that it was read at."""
    moment = Moment(now, BERLIN)
    (view,) = views_of(fold.state(), SHARED, moment, now).values()
    return view, moment


def summed(*events: tuple[timedelta, int], **options: Any) -> Folding:
    """Fold amounts, so long before noon."""
    fold = Folding(MetricEntry(name="e", kind="sum", **{"buckets": DAYS, **options}))
    for before, amount in events:
        fold.tell(NOON - before, measured("e", amount))
    return fold


def test_a_value_changes_when_its_bucket_ends() -> None:
    """At local midnight; what was not read changes nothing."""
    view, moment = seen(summed((timedelta(hours=1), 5)), NOON)
    assert moment.changes_at is None
    assert view.field("value") == 5
    assert moment.changes_at == datetime(2026, 11, 28, 23, tzinfo=UTC)


def test_a_change_changes_with_each_step_of_the_other_bucket() -> None:
    """Each hour of a day; where there is nothing to compare with, at its end."""
    view, moment = seen(summed((timedelta(hours=26), 4), (timedelta(hours=1), 5)), NOON + timedelta(minutes=20))
    assert view.field("change") == Decimal("0.25")
    assert moment.changes_at == NOON + timedelta(hours=1)
    view, moment = seen(summed((timedelta(hours=1), 5)), NOON)
    assert (view.field("change"), view.field("trend")) == (None, "neutral")
    assert moment.changes_at == datetime(2026, 11, 28, 23, tzinfo=UTC)


def test_a_window_slides_as_long_as_something_is_in_it() -> None:
    """An empty one stays as it is."""
    fold = summed((timedelta(minutes=90), 3), (timedelta(minutes=10), 5), buckets=None, window_s=3600)
    view, moment = seen(fold, NOON)
    assert (view.field("value"), view.field("previous")) == (5, 3)
    assert moment.changes_at == NOON + timedelta(minutes=1)
    view, moment = seen(fold, NOON + timedelta(days=1))
    assert view.field("value") == 0
    assert moment.changes_at is None


def test_a_window_moves_with_what_will_come_into_it() -> None:
    """What is in the window comes into the one before, and what is dated ahead into the window."""
    view, moment = seen(summed((timedelta(minutes=10), 5), buckets=None, window_s=3600), NOON)
    assert view.field("previous") == 0
    assert moment.changes_at == NOON + timedelta(minutes=1)
    view, moment = seen(summed((timedelta(minutes=-3), 5), buckets=None, window_s=3600), NOON)
    assert view.field("value") == 0
    assert moment.changes_at == NOON + timedelta(minutes=1)


def test_all_time_never_changes_by_itself() -> None:
    """And is compared with nothing."""
    view, moment = seen(summed((timedelta(minutes=10), 5), buckets=None), NOON)
    fields = {name: view.field(name) for name in ("value", "previous", "change", "change_total", "total")}
    assert fields == {"value": 5, "previous": None, "change": None, "change_total": None, "total": 5}
    assert moment.changes_at is None


def test_a_row_goes_when_its_time_is_over() -> None:
    """The first of them says when."""
    columns = (Column(name="who", kind="value"),)
    fold = Folding(TableEntry(name="t", columns=columns, is_keyed=True, ttl_s=3600))
    for minutes, who in ((50, "ann"), (10, "bob")):
        fold.tell(NOON - timedelta(minutes=minutes), row("t", who, who=who))
    view, moment = seen(fold, NOON)
    assert ([each["who"] for each in view], view.field("count")) == (["bob", "ann"], 2)
    assert moment.changes_at == NOON + timedelta(minutes=10)
    view, moment = seen(fold, NOON + timedelta(minutes=10))
    assert ([each["who"] for each in view], view.field("count")) == (["bob"], 1)
    assert moment.changes_at == NOON + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("since", "change"), [(NOON - timedelta(days=9), Decimal("0.25")), (NOON - timedelta(hours=30), None)]
)
def test_what_is_not_covered_is_not_compared(since: datetime, change: Decimal | None) -> None:
    """A bucket that began before the first event that can be counted on."""
    fold = Folding(MetricEntry(name="e", kind="sum", buckets=DAYS), complete_since=since)
    fold.tell(NOON - timedelta(hours=26), measured("e", 4))
    fold.tell(NOON - timedelta(hours=1), measured("e", 5))
    view, _ = seen(fold, NOON)
    assert (view.field("change"), view.field("previous"), view.field("complete_since")) == (change, 4, since)


def test_groups_are_metrics_with_a_key() -> None:
    """Largest first, ties by key, other after all; one that was never seen is empty."""
    fold = Folding(MetricEntry(name="e", kind="sum", buckets=DAYS, limit=3))
    for country, amount in (("FR", 2), ("DE", 2), (None, 7), ("IT", 9)):
        fold.tell(NOON, measured("e", amount, (country,)))
    view, _ = seen(fold, NOON)
    assert [(each.field("key"), each.field("value")) for each in view.field("groups")] == [
        (None, 7),
        ("DE", 2),
        ("FR", 2),
        ("other", 9),
    ]
    assert (view.field("value"), view.item("DE").field("value"), view.item("US").field("value")) == (20, 2, 0)
    assert view.item("DE").FIELDS[-1] == "key"
    for wrong in ({"a": 1}, "x" * 5000):
        with pytest.raises(LookupError):
            view.item(wrong)
    plain, _ = seen(summed(), NOON)
    with pytest.raises(LookupError):
        plain.item("DE")
    with pytest.raises(KeyError):
        plain.field("groups")


def test_groups_without_data_in_the_current_bucket_are_found_without_reading_all_that_is_kept() -> None:
    """A hundred of them with two thousand buckets each would be too much for any rendering."""
    fold = Folding(MetricEntry(name="e", kind="count", buckets=DAYS, keep=2000, limit=100))
    for country in range(100):
        fold.tell(NOON, measured("e", None, (country,)))
    view, _ = seen(fold, NOON + timedelta(days=1))
    assert [group.field("value") for group in view.field("groups")] == [0] * 100


def sold(**options: Any) -> Entry:
    """Give a table of what was sold, with tax."""
    tax = compile_expression("{{ row.amount * rate }}", names={"row", "rate"})
    columns = (
        Column(name="tax", kind="computed", expression=tax),
        Column(name="who", kind="value"),
        Column(name="amount", kind="sum"),
    )
    return TableEntry(**{"name": "t", "columns": columns, "is_keyed": True, **options})


def test_rows_show_their_columns_in_the_authors_order() -> None:
    """The computed one among them, and then their times, in the mapping's timezone."""
    fold = Folding(sold(track="who"))
    fold.tell(NOON, row("t", 1, who="ann", amount=100))
    view, _ = seen(fold, NOON)
    (only,) = view
    assert list(only) == ["tax", "who", "amount", "first_at", "at", "changed_at"]
    assert (only["tax"], only["at"].isoformat()) == (19, "2026-11-28T13:00:00+01:00")


def test_rows_stand_in_order_of_a_column_and_none_stands_last() -> None:
    """Whichever way; ties newest first."""
    for order, expected in ((True, "cbade"), (False, "bacde")):
        fold = Folding(sold(order_by="amount", descending=order))
        amounts: dict[str, Value] = {"a": 1, "b": 1, "c": Decimal("1.5"), "d": None, "e": None}
        for minute, (who, amount) in enumerate(amounts.items()):
            fold.tell(
                NOON + timedelta(minutes=-minute if amount is None else minute), row("t", who, who=who, amount=amount)
            )
        view, _ = seen(fold, NOON)
        assert "".join(each["who"] for each in view) == expected


def test_times_from_before_1970_have_an_order() -> None:
    """An expression counts back as far as it likes."""
    fold = Folding(sold(order_by="who"))
    for year in (1971, 1953, 1969, 2026):
        fold.tell(NOON, row("t", year, who=datetime(year, 1, 1, tzinfo=UTC)))
    view, _ = seen(fold, NOON)
    assert [each["who"].year for each in view] == [2026, 1971, 1969, 1953]


def test_a_computed_column_that_fails_is_told_with_its_name() -> None:
    """The pin's template never comes to it."""
    broken = compile_expression("{{ row.who.missing.deeper }}", names={"row"})
    columns = (Column(name="who", kind="value"), Column(name="bad", kind="computed", expression=broken))
    fold = Folding(TableEntry(name="t", columns=columns, is_keyed=True))
    fold.tell(NOON, row("t", 1, who="ann"))
    with pytest.raises(ExpressionError, match=r"t\.bad: "):
        seen(fold, NOON)


def test_sums_and_counts_of_a_table_are_kept_beside_its_rows() -> None:
    """Those of the bucket before, too; null, and what is no number, adds nothing."""
    fold = Folding(sold(buckets=DAYS, keep=1, limit=1))
    for before, who, amount in ((timedelta(days=1), "a", 5), (timedelta(0), "b", 7), (timedelta(0), "c", None)):
        fold.tell(NOON - before, row("t", who, who=who, amount=amount))
    view, moment = seen(fold, NOON)
    assert (len(view), len(view.field("all")), view.field("count")) == (1, 2, 2)
    assert view.field("sum").field("amount") == 7
    assert view.field("sum").field("who") == 0
    assert view.field("previous").field("count") == 1
    assert view.field("previous").field("sum").field("amount") == 5
    assert moment.changes_at == datetime(2026, 11, 28, 23, tzinfo=UTC)


def test_what_reads_too_much_is_an_error() -> None:
    """Of many groups with many buckets, before it is all in memory."""
    view, moment = seen(summed((timedelta(hours=1), 5), limit=9), NOON)
    moment.rows_left = 2
    assert [view.item(country).field("value") for country in range(2)] == [0, 0]
    with pytest.raises(ExpressionError, match="more than 200,000 rows"):
        view.item(2).field("value")


def test_rows_that_are_long_count_as_several() -> None:
    """A table of texts is read as far as one of numbers only where these are short, too."""
    fold = Folding(sold(limit=1))
    for key in range(3):
        fold.tell(NOON, row("t", key, who="x" * 4000))
    view, moment = seen(fold, NOON)
    moment.rows_left = 60
    assert len(view.field("all")) == 3
    assert moment.rows_left < 15
    with pytest.raises(ExpressionError, match="long ones count as several"):
        view.field("all")


def test_a_sum_does_not_show_what_its_numbers_looked_like() -> None:
    """Nor what rows that are gone held; and it is exact, however many digits there are."""
    told: list[tuple[tuple[Value, ...], str]] = [
        ((Decimal("0.0"), 0), "0"),
        ((Decimal("2.50"),), "2.5"),
        ((Decimal("0.123456789012345678901234567890123456789"), 1), "1.123456789012345678901234567890123456789"),
    ]
    for amounts, expected in told:
        fold = Folding(sold())
        for minute, amount in enumerate(amounts):
            fold.tell(NOON + timedelta(minutes=minute), row("t", 1, amount=amount))
        view, _ = seen(fold, NOON)
        assert str(view.field("sum").field("amount")) == expected


def test_a_change_of_long_numbers_is_of_all_their_digits() -> None:
    """The difference of two that agree in 30 of them is not nothing."""
    one, other = Decimal(10**30 + 1), Decimal(10**30)
    fold = Folding(MetricEntry(name="e", kind="sum", buckets=DAYS))
    for before, amount in ((timedelta(days=1, hours=1), other), (timedelta(hours=1), one)):
        fold.tell(NOON - before, measured("e", amount))
    view, _ = seen(fold, NOON)
    assert view.field("change") == Decimal("1E-30")
