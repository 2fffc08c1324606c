"""What was expected against what came: by the keys given, by position and length, numbers by value."""

from typing import Any

import pytest

from bridge.located import parse_yaml
from bridge.rehearsal import ABSENT
from bridge.rehearsal.comparison import compare, path_text


def differences(expected: str, came: Any) -> list[tuple[str, Any, Any]]:
    """Give path, expectation and what came, for each difference."""
    found = compare(parse_yaml("f", expected.encode()), came)
    return [(path_text(each.path), each.expected, each.came) for each in found]


@pytest.mark.parametrize(
    ("expected", "came"),
    [
        ("{}", {"a": 1}),
        ("{a: {b: x}}", {"a": {"b": "x", "c": 2}, "d": 3}),
        ("[1, {a: 2}]", [1.0, {"a": 2, "b": 3}]),
        ("0.1", 0.1),
        ("1e3", 1000),
        ("[]", []),
        ("null", None),
        ("true", True),
        ("'1'", "1"),
    ],
)
def test_what_is_the_same(expected: str, came: Any) -> None:
    """Keys that are not asked for do not count."""
    assert differences(expected, came) == []


@pytest.mark.parametrize(
    ("expected", "came", "told"),
    [
        ("{a: {b: x}}", {"a": {"b": "y"}}, [("a.b", "x", "y")]),
        ("{a: null}", {}, [("a", None, ABSENT)]),
        ("[1, 2]", [1], [("[1]", 2, ABSENT)]),
        ("[1]", [1, 2, 3], [("[1]", ABSENT, 2), ("[2]", ABSENT, 3)]),
        ("{a: [{b: 1}]}", {"a": [{"b": 2}]}, [("a[0].b", 1, 2)]),
        ("1", True, [("", 1, True)]),
        ("true", 1, [("", True, 1)]),
        ("'1'", 1, [("", "1", 1)]),
        ("{}", [], [("", {}, [])]),
        ("[]", {}, [("", [], {})]),
        ("x", {"a": 1}, [("", "x", {"a": 1})]),
    ],
)
def test_what_differs(expected: str, came: Any, told: list[tuple[str, Any, Any]]) -> None:
    """Each with its path."""
    assert differences(expected, came) == told


def test_a_difference_stands_where_it_is_expected() -> None:
    """A missing value at what was wished for, one too many at its list."""
    node = parse_yaml("f", b"a: 1\nb:\n  - 2\nc: 3\n")
    places = [str(each.place) for each in compare(node, {"a": 0, "b": [2, 3]})]
    assert places == ["f:1:4", "f:3:3", "f:4:1"]
