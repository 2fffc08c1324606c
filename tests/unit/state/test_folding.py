"""The fold in memory: which rows there are, what outcomes say, and that the cuts of batches do not matter."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.folding import Folding, measured, row

from bridge.instants import to_micros
from bridge.mappings.entries.definitions import Buckets, Column, Entry, MetricEntry, TableEntry
from bridge.mappings.values.values import UnusableValue, Value
from bridge.state import Carried

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAYS = Buckets(unit="day", count=1, timezone=UTC)


def metric(**options: Any) -> MetricEntry:
    """Give a sum."""
    return MetricEntry(name="e", kind="sum", **options)


def table(**options: Any) -> TableEntry:
    """Give a table with a value and a sum."""
    columns = (Column(name="who", kind="value"), Column(name="units", kind="sum"))
    return TableEntry(**{"name": "t", "columns": columns, "is_keyed": True, **options})


def test_a_metric_touches_few_rows() -> None:
    """A bucket and a step; a group, and what all of them come to; nothing for what is skipped."""
    everything = Folding(metric(limit=9, buckets=DAYS))
    everything.tell(NOON, measured("e", None, ("DE",)))
    assert everything.parts() == {}
    everything.tell(NOON, measured("e", 5, ("DE",)))
    assert everything.parts() == {"b": 2, "s": 2, "g": 1}
    for hour in range(1, 8):
        everything.tell(NOON + timedelta(hours=hour), measured("e", 5, ("DE",)))
    assert everything.parts() == {"b": 2, "s": 16, "g": 1}


@pytest.mark.parametrize(
    ("entry", "late", "in_time", "words"),
    [
        (
            metric(buckets=DAYS, keep=2),
            timedelta(days=2, hours=12, seconds=1),
            timedelta(days=2, hours=12),
            "too late for 'e': it keeps 2 past buckets, from 2026-11-26",
        ),
        (metric(window_s=3600), timedelta(hours=2), timedelta(minutes=119), "too late for 'e': it looks back 7200 s"),
        (
            table(name="e", buckets=DAYS),
            timedelta(hours=12, seconds=1),
            timedelta(hours=12),
            "too late for 'e': it holds rows of the current day",
        ),
        (
            table(name="e", ttl_s=60),
            timedelta(seconds=60),
            timedelta(seconds=59),
            "too late for 'e': its rows live 60 s",
        ),
    ],
)
def test_what_comes_too_late_changes_nothing_and_says_so(
    entry: Entry, late: timedelta, in_time: timedelta, words: str
) -> None:
    """A little earlier it would not have been."""
    fold = Folding(entry)
    said = row("e", "k", who="ann") if isinstance(entry, TableEntry) else measured("e", 1)
    (told,) = fold.tell(NOON - late, said, received_at=NOON)
    assert words in told
    assert not fold.rows
    assert fold.tell(NOON - in_time, said, received_at=NOON) == []
    assert fold.rows


@pytest.mark.parametrize(
    ("operation", "words"), [(measured("e", "x"), "e: 'x' is no"), (measured("e", [1]), "e: a list")]
)
def test_what_cannot_be_folded_names_its_entry(operation: Any, words: str) -> None:
    """Before anything is folded."""
    fold = Folding(metric())
    with pytest.raises(UnusableValue, match=words):
        fold.tell(NOON, operation)


def test_an_entry_that_is_not_held_is_nothing_to_the_fold() -> None:
    """As while it is built, or after it is gone."""
    fold = Folding(metric())
    assert fold.tell(NOON, measured("other", "x"), row("e", "k")) == []
    assert not fold.rows


def test_groups_beyond_the_limit_are_one_until_there_is_room_again() -> None:
    """Those that have no data in what is kept give up their place."""
    fold = Folding(metric(limit=2, buckets=DAYS, keep=1))
    for country in ("DE", "FR"):
        assert fold.tell(NOON, measured("e", 1, (country,))) == []
    assert fold.tell(NOON, measured("e", 1, ("IT",))) == ["'e' has 2 groups, its limit"]
    assert fold.tell(NOON, measured("e", 1, ("DE",))) == []
    days_later = NOON + timedelta(days=2)
    assert fold.tell(days_later, measured("e", 1, ("IT",))) == []
    assert fold.tell(days_later, measured("e", 1, ("ES",))) == []
    assert fold.tell(days_later, measured("e", 1, ("DE",))) == ["'e' has 2 groups, its limit"]


def test_carried_buckets_have_their_events_already() -> None:
    """While a generation is built: events to a number, of buckets before an instant."""
    fold = Folding(metric(buckets=DAYS, keep=5), carried=Carried(before=to_micros(NOON), until=2))
    yesterday = NOON - timedelta(days=1)
    assert fold.tell(yesterday, measured("e", 1)) == []
    assert not fold.rows
    fold.tell(NOON + timedelta(days=1), measured("e", 1))
    fold.tell(yesterday, measured("e", 1), received_at=NOON)
    assert {key.bucket for key in fold.rows if key.part == "b"} == {
        to_micros(day.replace(hour=0)) for day in (yesterday, NOON + timedelta(days=1))
    }


def test_a_drop_leaves_a_tombstone_that_nothing_older_passes() -> None:
    """What is newer makes the row anew."""
    fold = Folding(table())
    fold.tell(NOON, row("t", "k", who="ann", units=3))
    assert fold.tell(NOON + timedelta(hours=2), row("t", "k", drops=True), received_at=NOON) == []
    assert fold.tell(NOON + timedelta(hours=1), row("t", "k", who="bob")) == [
        "older than what removed its row from 't'"
    ]
    assert fold.parts() == {"r": 1, "t": 1}
    assert [each.at for each in fold.rows.values()] == [None, None]
    fold.tell(NOON + timedelta(hours=3), row("t", "k", who="cy", units=2))
    assert [each.data for key, each in fold.rows.items() if key.part == "t"] == ['[1,{"units":2}]']


def test_a_drop_of_what_was_never_there_is_remembered() -> None:
    """Until the horizon, as the row's expiry says."""
    fold = Folding(table())
    fold.tell(NOON, row("t", "k", drops=True))
    ((_, tombstone),) = fold.rows.items()
    assert tombstone.expires_at == to_micros(NOON) + 10**15


def test_a_null_that_a_metric_skips_feeds_nothing() -> None:
    """Neither a row nor its time."""
    fold = Folding(table())
    fold.tell(NOON, row("t", "k", units=None))
    assert not fold.rows
    fold.tell(NOON, row("t", "k", units=1))
    fold.tell(NOON + timedelta(hours=1), row("t", "k", units=None))
    assert {each.at for key, each in fold.rows.items() if key.part == "r"} == {to_micros(NOON)}


def test_the_oldest_falls_out_of_a_full_table() -> None:
    """The one that was fed the longest ago, and the outcome says so; a row whose time is over goes without a word."""
    fold = Folding(table(capacity=2))
    fold.tell(NOON, row("t", 1, who="a"))
    fold.tell(NOON + timedelta(minutes=1), row("t", 2, who="b"))
    fold.tell(NOON + timedelta(minutes=2), row("t", 1, who="a again"))
    full = "'t' has 2 rows, its capacity, so that its oldest fell out"
    assert fold.tell(NOON + timedelta(minutes=3), row("t", 3, who="c")) == [full]
    assert fold.tell(NOON - timedelta(minutes=9), row("t", 4, who="d")) == [full]
    assert fold.parts() == {"r": 2, "t": 1}
    short = Folding(table(capacity=1, ttl_s=60))
    short.tell(NOON, row("t", 1, who="a"))
    assert short.tell(NOON + timedelta(minutes=2), row("t", 2, who="b")) == []
    assert short.parts() == {"r": 1, "t": 1}


def _events(seed: int) -> list[tuple[datetime, list[Any], datetime]]:
    """Give many events for all kinds of entries, most of them beyond some bound."""
    draw = random.Random(seed)
    events = []
    for number in range(120):
        received_at = NOON + timedelta(minutes=30 * number)
        at = received_at - timedelta(minutes=draw.choice([0, 0, 1, 40, 3000]))
        amount: Value = draw.choice([1, 2, None])
        told = [
            measured("days", amount, (draw.choice("ABCDE"),)),
            measured("window", amount, (draw.choice("ABCDE"),)),
            measured("least", draw.randrange(9)),
            row("rows", draw.randrange(8), who=draw.choice("xyz"), units=amount, drops=draw.random() < 0.1),
            row("today", draw.randrange(8), who=draw.choice("xyz"), units=amount),
        ]
        events.append((at, told, received_at))
    return events


@pytest.mark.parametrize("seed", range(20))
def test_the_cuts_of_batches_do_not_matter(seed: int) -> None:
    """Rows, and what is told of each event, are the same one by one, all together, or in between."""
    entries: tuple[Entry, ...] = (
        MetricEntry(name="days", kind="sum", limit=2, buckets=DAYS, keep=1),
        MetricEntry(name="window", kind="mean", window_s=7200, limit=3),
        MetricEntry(name="least", kind="min", buckets=DAYS),
        table(name="rows", capacity=3, ttl_s=20_000, track="who", order_by="units"),
        table(name="today", capacity=4, buckets=DAYS, keep=1),
    )
    events = _events(seed)
    singly = Folding(*entries)
    told = [singly.tell_all([event])[0] for event in events]
    draw = random.Random(seed)
    for most in (len(events), 7):
        cut, left, pieces = Folding(*entries), list(events), []
        while left:
            size = draw.randint(1, most) if most < len(events) else most
            pieces += cut.tell_all(left[:size])
            left = left[size:]
        assert pieces == told
        assert dict(cut.rows) == dict(singly.rows)
