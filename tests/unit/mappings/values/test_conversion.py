from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.mappings.values.conversion import KINDS, ConversionError, convert, parse_time
from bridge.mappings.values.values import Value

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "kinds", "wanted"),
    [
        ("7", ["integer"], 7),
        (7.0, ["integer"], 7),
        (" 7.0 ", ["integer"], 7),
        ("20.50", ["number"], Decimal("20.50")),
        (0.1, ["number"], Decimal("0.1")),
        ("1e3", ["number"], Decimal("1E+3")),
        (True, ["string"], "true"),
        (Decimal("1E+3"), ["string"], "1000"),
        (12, ["string"], "12"),
        (AT, ["string"], "2026-11-22T20:00:00+00:00"),
        ("Yes", ["boolean"], True),
        (0, ["boolean"], False),
        ('{"a": 0.1}', ["json"], {"a": Decimal("0.1")}),
        ("eyJhIjogMX0", ["base64", "json"], {"a": 1}),
        ("aGk=", ["base64"], "hi"),
        (1795377600, ["time"], AT),
        (1795377600000, ["time"], AT),
        ("1795377600", ["time"], AT),
        ("2026-11-22T21:00:00+01:00", ["time"], AT),
        ("2026-11-22T20:00:00Z", ["time"], AT),
        ("2026-11-22T20:00:00.123456789Z", ["time"], AT.replace(microsecond=123456)),
        ("2026-11-22", ["time"], AT.replace(hour=0)),
        (1795377600.25, ["time"], AT.replace(microsecond=250000)),
    ],
)
def test_a_value_becomes_what_was_wished(value: Value, kinds: list[str], wanted: Value) -> None:
    """Text that is a number or a time counts as one; kinds apply from left to right."""
    converted = convert(value, kinds)
    assert converted == wanted
    assert type(converted) is type(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_null_stays_null(kind: str) -> None:
    """The language computes with none; it is no mistake of the payload."""
    assert convert(None, [kind]) is None


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("seven", "integer", "'seven' is not a number"),
        (7.5, "integer", "7.5 is not an integer"),
        (True, "number", "true is not a number"),
        ("nan", "number", "'nan' is not a number"),
        ("1e999999999", "number", "is not a number"),
        ("maybe", "boolean", "'maybe' is not a boolean; true, yes"),
        ([1], "string", "a list of 1 is not a string"),
        ("{", "json", "'{' is not JSON"),
        (1, "json", "1 is not a text with JSON"),
        ("ä", "base64", "is not UTF-8 text in base64"),
        ("/////w==", "base64", "is not UTF-8 text in base64"),
        ("soon", "time", "'soon' is not a time: neither unix seconds nor ISO 8601"),
        (-1, "time", "-1 is not a time between the years 1970 and 2200"),
        (99_999_999_999, "time", "between the years 1970 and 2200"),
        (10**30, "time", "is not a time"),
        ("2300-01-01", "time", "between the years 1970 and 2200"),
        ([], "time", "a list of 0 is not a time"),
        ("x" * 1000, "number", "…"),
    ],
)
def test_what_cannot_be_converted_is_named(value: Value, kind: str, message: str) -> None:
    """At most 80 characters of it."""
    with pytest.raises(ConversionError) as refused:
        convert(value, [kind])
    assert message in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_time_is_in_utc_whatever_its_zone() -> None:
    """So that instants compare and print alike."""
    assert parse_time("2026-11-22T21:00:00+01:00").tzinfo is UTC
