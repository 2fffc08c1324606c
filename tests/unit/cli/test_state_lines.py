"""State in lines for people."""

from bridge.cli.state_lines import state_lines
from bridge.events import Json


def metric(value: Json, **more: Json) -> dict[str, Json]:
    """Give what is told of a metric."""
    return {"value": value, "at": None, "previous": None, "change": None, "series": [], "complete_since": None, **more}


def test_a_metric_is_one_line() -> None:
    """With what it is compared with, where there is such a thing; names stand in a column of their own."""
    lines = list(state_lines({"sales": metric(12.5, previous=10, change=0.25), "e": metric(None)}))
    assert lines == ["sales  12.5; previous 10, change +25.0%", "e      –"]


def test_what_cannot_be_compared_says_since_when_it_is_complete() -> None:
    """A change that is none beside a bucket that has something would else look like a mistake."""
    since = "2026-11-28T04:18:11+01:00"
    assert list(state_lines({"sales": metric(4, previous=14, complete_since=since)})) == [
        f"sales  4; previous 14, no change: complete only since {since}"
    ]
    assert list(state_lines({"sales": metric(4, previous=0, complete_since=since)})) == ["sales  4; previous 0"]


def test_groups_stand_behind_it() -> None:
    """As many as are told, and how many more there are."""
    groups: list[Json] = [{"key": "DE", "value": 3}, {"key": None, "value": 2}, {"key": ["a", 1], "value": None}]
    assert list(state_lines({"by": metric(5, groups=groups, groups_in_all=9)})) == [
        "by  5; DE 3, – 2, a 1 –, and 6 more"
    ]


def test_a_table_has_a_line_for_each_row() -> None:
    """Without what no event has fed; a text that a terminal would obey is shown as what it is."""
    rows: list[Json] = [
        {"who": "ann", "units": 2, "at": "2026-11-28T12:00:00+00:00", "gone": None},
        {"who": "\x1b[31m"},
    ]
    told: dict[str, Json] = {"t": {"count": 1200, "sum": {"units": 2}, "rows": rows}}
    assert list(state_lines(told)) == [
        "t  1,200 rows, sum of units 2",
        "     who=ann  units=2  at=2026-11-28T12:00:00+00:00",
        "     who='\\x1b[31m'",
    ]
    assert list(state_lines({"t": {"count": 1, "sum": {}, "rows": []}})) == ["t  1 row"]


def test_what_cannot_be_read_says_why() -> None:
    """And stands in nobody's way."""
    assert list(state_lines({"t": {"error": "t.bad: no"}})) == ["t  cannot be read: t.bad: no"]
    assert list(state_lines({})) == []
