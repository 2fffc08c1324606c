"""What an entry says is what its definition has, with defaults for what it leaves out."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.mappings import load_texts
from bridge.mappings.entries.definitions import Buckets, Column, MetricEntry, TableEntry

BERLIN = ZoneInfo("Europe/Berlin")


def compiled(entry: str) -> Any:
    """Compile one entry, `e`, fed by one trigger, `sale`."""
    text = (
        "pin: p-1\ntimezone: Europe/Berlin\nconstants: {rate: 2}\n"
        "triggers: [{name: sale, source: shop, extract: {amount: $.a, buyer: $.b, status: $.s}}]\n"
        f"state: {{e: {{{entry}}}}}\nupdate: {{}}\n"
    )
    return load_texts({"m.yaml": text.encode()}, {}).mappings["m"].state["e"].entry


def buckets(unit: Any, count: int = 1, **more: int) -> Buckets:
    """Make buckets in the mapping's timezone."""
    return Buckets(unit=unit, count=count, timezone=BERLIN, **more)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("sum: amount", MetricEntry(name="e", kind="sum")),
        ("count: sale, by: buyer", MetricEntry(name="e", kind="count", limit=100)),
        ("count: sale, by: [buyer, status], limit: 10000", MetricEntry(name="e", kind="count", limit=10_000)),
        ("quantile: amount, q: 0.95", MetricEntry(name="e", kind="quantile", q=Decimal("0.95"))),
        ("max: amount, window: 24h", MetricEntry(name="e", kind="max", window_s=86_400)),
        ("sum: amount, every: day", MetricEntry(name="e", kind="sum", buckets=buckets("day"))),
        (
            "sum: amount, every: day, against: 7",
            MetricEntry(name="e", kind="sum", buckets=buckets("day"), keep=7, against=7),
        ),
        (
            "sum: amount, every: day, keep: 30, against: 7",
            MetricEntry(name="e", kind="sum", buckets=buckets("day"), keep=30, against=7),
        ),
    ],
)
def test_a_metric(entry: str, expected: MetricEntry) -> None:
    """It keeps what it compares with."""
    assert compiled(entry) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("every: minute", buckets("minute")),
        ("every: 15m", buckets("minute", 15)),
        ("every: 90m", buckets("minute", 90)),
        ("every: 60m", buckets("hour")),
        ("every: 1h", buckets("hour")),
        ("every: 6h, offset: 90m", buckets("hour", 6, offset_s=5_400)),
        ("every: 1440m", buckets("day")),
        ("every: 24h", buckets("day")),
        ("every: day, offset: 6h", buckets("day", offset_s=21_600)),
        ("every: week", buckets("week")),
        ("every: week, week_start: sunday", buckets("week", week_start=6)),
        ("every: month, offset: 23h", buckets("month", offset_s=82_800)),
        ("every: quarter", buckets("quarter")),
        ("every: year", buckets("year")),
    ],
)
def test_buckets(options: str, expected: Buckets) -> None:
    """One length of time is one, however it is written."""
    assert compiled(f"sum: amount, {options}").buckets == expected


def test_a_table() -> None:
    """Without more, every event is a row, the newest first."""
    columns = (Column(name="who", kind="value"), Column(name="twice", kind="value"))
    assert compiled("rows: {who: buyer, twice: '{{ amount * rate }}'}") == TableEntry(
        name="e", columns=columns, is_keyed=False
    )


def test_a_table_with_all_that_it_may_have() -> None:
    """Each key has its place; columns stand in the author's order."""
    entry = compiled(
        "rows: {twice: '{{ row.total * rate }}', total: {sum: amount}, n: {count: sale}, who: buyer}, key: buyer,"
        "order: -total, limit: 5, capacity: 50, ttl: 7d, every: week, week_start: saturday, keep: 3, track: who"
    )
    assert [(column.name, column.kind) for column in entry.columns] == [
        ("twice", "computed"),
        ("total", "sum"),
        ("n", "count"),
        ("who", "value"),
    ]
    assert entry.columns[0].expression.names == {"row", "rate"}
    assert (entry.is_keyed, entry.order_by, entry.descending, entry.track) == (True, "total", True, "who")
    assert (entry.limit, entry.capacity, entry.ttl_s, entry.keep) == (5, 50, 604_800, 3)
    assert entry.buckets == buckets("week", week_start=5)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("newest", (None, True)), ("oldest", (None, False)), ("who", ("who", False)), ("-who", ("who", True))],
)
def test_the_order_of_rows(order: str, expected: tuple[str | None, bool]) -> None:
    """By when they were fed, or by a column."""
    entry = compiled(f"rows: {{who: buyer}}, order: {order}")
    assert (entry.order_by, entry.descending) == expected


def test_a_mapping_without_state_has_none() -> None:
    """Its triggers tell nothing, and its changes have no operations."""
    text = b"pin: p-1\ntriggers: [{source: shop}]\nupdate: {}\n"
    mapping = load_texts({"m.yaml": text}, {}).mappings["m"]
    assert dict(mapping.state) == {}
    assert [trigger.operations for trigger in mapping.triggers] == [()]
    assert len(mapping.latest_fingerprint) == 16
