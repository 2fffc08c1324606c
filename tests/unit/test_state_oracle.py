"""The oracle of the state, held to cases that were worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from support.state_oracle import Moment, Told, fails, show

BERLIN = ZoneInfo("Europe/Berlin")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(*said: tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], str], trigger: str = "sale") -> list[Told]:
    """Give events in the order of the journal: when, what, and when they arrived, if that was later."""
    return [
        Told(number, 0, trigger, _utc(at), _utc(late[0] if late else at), (_utc(at),), variables)
        for number, (at, variables, *late) in enumerate(said, 1)
    ]


def _at(now: str, since: str | None = None) -> Moment:
    return Moment(_utc(now), BERLIN, _utc(since) if since else None)


def test_a_day_against_the_day_before_up_to_the_same_hour() -> None:
    """At nine there had been 10, in the whole day 40; this day's 15 are half as much again, and little of the whole."""
    events = told(
        ("2026-06-01T06:59", {"n": 10}), ("2026-06-01T07:00", {"n": 30}), ("2026-06-02T06:00", {"n": Decimal("15.0")})
    )
    shown = show({"sum": "n", "every": "day"}, events, _at("2026-06-02T07:59"))
    assert (shown["value"], shown["previous"], shown["total"]) == (15, 40, 55)
    assert (shown["change"], shown["change_total"], shown["trend"]) == (Decimal("0.5"), Decimal("-0.625"), "up")
    assert [each["value"] for each in shown["series"]] == [40, 15]
    assert shown["series"][0]["at"] == _utc("2026-05-31T22:00")


def test_a_bucket_that_is_not_covered_compares_with_nothing() -> None:
    """It began before events were counted; its value shows all the same."""
    events = told(("2026-06-01T06:00", {"n": 10}), ("2026-06-02T06:00", {"n": 15}))
    shown = show({"sum": "n", "every": "day"}, events, _at("2026-06-02T07:00", since="2026-06-01T00:00"))
    assert (shown["value"], shown["previous"], shown["change"], shown["trend"]) == (15, 10, None, "neutral")


def test_empty_buckets() -> None:
    """They are 0 for what counts and adds, none for what needs an event."""
    shown = {
        kind: show({kind: "n", "every": "day"}, [], _at("2026-06-02T07:00")) for kind in ("sum", "distinct", "mean")
    }
    assert {kind: fields["value"] for kind, fields in shown.items()} == {"sum": 0, "distinct": 0, "mean": None}
    assert shown["mean"]["series"][0]["value"] is None
    assert shown["sum"]["change"] is None


def test_each_kind_of_metric() -> None:
    """Of the same five events: one says nothing, one came late."""
    events = told(
        ("2026-06-02T06:00", {"n": 5}),
        ("2026-06-02T06:02", {"n": None}),
        ("2026-06-02T06:03", {"n": Decimal("5.0")}),
        ("2026-06-02T06:01", {"n": -1}),
        ("2026-06-02T06:04", {"n": "2"}),
    )
    kinds = ("sum", "mean", "first", "last", "distinct")
    values = {kind: show({kind: "n"}, events, _at("2026-06-02T07:00"))["value"] for kind in kinds}
    assert values == {"sum": 11, "mean": Decimal("2.75"), "first": 5, "last": "2", "distinct": 3}
    largest = show({"max": "n"}, events[:4], _at("2026-06-02T07:00"))
    assert (largest["value"], largest["at"]) == (5, _utc("2026-06-02T06:00"))
    assert show({"quantile": "n", "q": 0.5}, events[:4], _at("2026-06-02T07:00"))["value"] == 5
    assert show({"count": "sale"}, events, _at("2026-06-02T07:00"))["value"] == 5
    assert show({"count": ["refund"]}, events, _at("2026-06-02T07:00"))["value"] == 0


def test_a_late_event_counts_as_long_as_its_bucket_is_kept() -> None:
    """Two days late with one kept, it would have been too late; a group of it takes no seat either."""
    events = told(
        ("2026-06-01T06:00", {"n": 1, "g": "a"}, "2026-06-03T06:00"), ("2026-06-03T07:00", {"n": 1, "g": "b"})
    )
    shown = show({"sum": "n", "every": "day", "by": "g", "limit": 1}, events, _at("2026-06-03T08:00"))
    assert [group["key"] for group in shown["groups"]] == ["b"]
    shown = show({"sum": "n", "every": "day", "by": "g", "limit": 1, "keep": 2}, events, _at("2026-06-03T08:00"))
    assert [(group["key"], group["value"]) for group in shown["groups"]] == [("a", 0), ("other", 1)]
    assert (shown["value"], shown["total"]) == (1, 2)


def test_groups_stand_in_order() -> None:
    """The largest first, none last, ties by key."""
    events = told(
        ("2026-06-01T06:00", {"n": 1, "g": "d"}),
        *(("2026-06-02T06:00", {"n": n, "g": g}) for n, g in ((3, "c"), (7, "b"), (3, "a"))),
    )
    shown = show({"mean": "n", "every": "day", "by": "g"}, events, _at("2026-06-02T08:00"))
    assert [(group["key"], group["value"]) for group in shown["groups"]] == [("b", 7), ("a", 3), ("c", 3), ("d", None)]


def test_a_window_slides_in_sixtieths() -> None:
    """Of an hour, in minutes: 7:00:30 sees from 6:01 on, and before that as far as 5:01."""
    events = told(
        *((f"2026-06-02T{at}", {"n": n}) for at, n in (("05:00:59", 1), ("05:01", 2), ("06:00:59", 4), ("06:01", 8)))
    )
    shown = show({"sum": "n", "window": "1h"}, events, _at("2026-06-02T07:00:30"))
    assert (shown["value"], shown["previous"], shown["change"]) == (8, 6, Decimal("0.3333333333333333333333333333"))


ROWS: dict[str, Any] = {
    "rows": {"state": "status", "units": {"sum": "n"}, "double": "{{ row.units * 2 }}"},
    "key": "id",
}


def test_rows_go_by_the_newest_and_metrics_by_all() -> None:
    """An older event adds to the units, and does not overwrite the state."""
    events = told(
        ("2026-06-02T06:02", {"id": 1, "status": "new", "n": 2}),
        ("2026-06-02T06:01", {"id": 1, "status": "old", "n": 3}),
        ("2026-06-02T06:00", {"id": 2, "status": "x", "n": None}),
    )
    shown = show(ROWS | {"order": "-units", "limit": 1}, events, _at("2026-06-02T07:00"))
    row = {"state": "new", "units": 5, "double": 10, "changed_at": None}
    assert shown["rows"] == [row | {"first_at": _utc("2026-06-02T06:01"), "at": _utc("2026-06-02T06:02")}]
    assert (len(shown["all"]), shown["count"], shown["sum"]) == (2, 2, {"state": 0, "units": 5})


def test_nothing_older_brings_a_dropped_row_back() -> None:
    """What is newer begins it anew; a drop that comes late takes what is older."""
    rows = ROWS | {"drop": {"status": "closed"}, "track": "state"}
    events = told(
        ("2026-06-02T06:00", {"id": 1, "status": "open", "n": 2}),
        ("2026-06-02T06:02", {"id": 1, "status": "closed", "n": 0}),
        ("2026-06-02T06:01", {"id": 1, "status": "open", "n": 4}),
        ("2026-06-02T06:03", {"id": 1, "status": "open", "n": 8}),
    )
    assert show(rows, events[:3], _at("2026-06-02T07:00"))["all"] == []
    (row,) = show(rows, events, _at("2026-06-02T07:00"))["all"]
    assert (row["units"], row["first_at"], row["changed_at"]) == (8, _utc("2026-06-02T06:03"), _utc("2026-06-02T06:03"))


def test_a_row_that_nothing_fed_for_its_time_is_gone() -> None:
    """By the events' own time; the next event begins it anew, and one as old as that does nothing."""
    events = told(
        ("2026-06-02T06:00", {"id": 1, "status": "a", "n": 2}),
        ("2026-06-02T07:00", {"id": 1, "status": "b", "n": 3}),
        ("2026-06-02T06:30", {"id": 2, "status": "c", "n": 3}, "2026-06-02T07:30"),
    )
    shown = [show(ROWS | {"ttl": "1h"}, events, _at(f"2026-06-02T{now}"))["all"] for now in ("07:59", "08:00")]
    assert [[row["units"] for row in rows] for rows in shown] == [[3], []]


def test_the_oldest_rows_fall_out_beyond_the_capacity() -> None:
    """Nothing of them is remembered, so that a row that comes back begins anew."""
    events = told(
        *((f"2026-06-02T06:0{minute}", {"id": id_, "status": "a", "n": 1}) for minute, id_ in enumerate("abca"))
    )
    shown = show(ROWS | {"capacity": 2}, events, _at("2026-06-02T07:00"))
    assert [(row["first_at"].minute, row["units"]) for row in shown["all"]] == [(3, 1), (2, 1)]


def test_a_table_of_the_current_bucket_keeps_the_sums_of_the_one_before() -> None:
    """An event of yesterday that arrives today is too late for them."""
    events = told(
        ("2026-06-01T06:00", {"id": 1, "status": "a", "n": 2}),
        ("2026-06-01T07:00", {"id": 1, "status": "a", "n": 4}, "2026-06-02T06:00"),
        ("2026-06-02T06:00", {"id": 1, "status": "a", "n": 8}),
    )
    shown = show(ROWS | {"every": "day", "keep": 1}, events, _at("2026-06-02T07:00"))
    assert [row["units"] for row in shown["all"]] == [8]
    assert shown["previous"] == {"count": 1, "sum": {"state": 0, "units": 2}}


def test_two_triggers_join_in_one_row() -> None:
    """Each feeds the columns whose variables it defines; what nothing fed is none."""
    ordered = told(("2026-06-02T06:00", {"id": 1, "n": 2}), trigger="ordered")
    named = told(("2026-06-02T05:00", {"id": 1, "status": "a"}), trigger="named")
    entry = ROWS | {"rows": {**ROWS["rows"], "names": {"count": "named"}}}
    assert show(entry, ordered, _at("2026-06-02T07:00"))["all"][0]["state"] is None
    assert show(entry, ordered, _at("2026-06-02T07:00"))["all"][0]["names"] is None
    (row,) = show(entry, [*ordered, named[0]._replace(number=2)], _at("2026-06-02T07:00"))["all"]
    assert (row["state"], row["units"], row["names"]) == ("a", 2, 1)


def test_what_fails_an_event() -> None:
    """No number where one is wanted, a list as a group, none in a key."""
    (event,) = told(("2026-06-02T06:00", {"id": None, "status": [], "n": "many"}))
    wrong: list[dict[str, Any]] = [{"sum": "n"}, {"count": "sale", "by": "status"}, {"distinct": "status"}, ROWS]
    right: list[dict[str, Any]] = [
        {"last": "n"},
        {"count": "sale", "by": "id"},
        {"sum": "id"},
        {"sum": "n", "trigger": "refund"},
    ]
    assert [fails(entry, event) for entry in wrong] == [True] * 4
    assert [fails(entry, event) for entry in right] == [False] * 4
