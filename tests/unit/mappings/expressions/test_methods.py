from datetime import UTC, datetime

import pytest

from bridge.mappings.expressions.methods import bound_method, replaced
from bridge.mappings.values.bounds import MAX_CHARACTERS, ExpressionError

AT = datetime(2026, 11, 22, 20, 5, tzinfo=UTC)


def test_harmless_methods_and_parts_of_times_are_reached() -> None:
    """They give what Python gives; views of an object come as lists."""
    assert bound_method("a b", "split")() == ["a", "b"]
    assert bound_method("aXa", "replace")("X", "-") == "a-a"
    assert bound_method({"a": 1}, "items")() == [("a", 1)]
    assert bound_method({"a": 1}, "get")("b", 2) == 2
    assert bound_method([1, 1], "count")(1) == 2
    assert bound_method(AT, "minute") == 5
    assert bound_method(AT, "isoweekday")() == 7


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("a", "format"),
        ("a", "format_map"),
        ("a", "join"),
        ("a", "ljust"),
        ("a", "zfill"),
        ("a", "encode"),
        ("a", "translate"),
        ("a", "__class__"),
        ({}, "update"),
        ({}, "pop"),
        ({}, "setdefault"),
        ([], "append"),
        ([], "sort"),
        ([], "__add__"),
        (AT, "strftime"),
        (AT, "tzinfo"),
        (AT, "replace"),
        (1, "real"),
        (1.5, "as_integer_ratio"),
        (True, "bit_length"),
        (None, "__class__"),
        (object(), "__init__"),
    ],
)
def test_nothing_else_is_reached(value: object, name: str) -> None:
    """Neither what formats, grows or changes a value, nor what leads out of the sandbox."""
    assert bound_method(value, name) is None


def test_a_replacement_is_measured_before_it_is_made() -> None:
    """By the places that it will fill, as far as `count` goes."""
    long = "x" * MAX_CHARACTERS
    assert replaced("aaa", "a", "bb", 2) == "bbbba"
    assert replaced("aa", "a", long, 0) == "aa"
    with pytest.raises(ExpressionError, match="at most"):
        replaced("aa", "a", long)
