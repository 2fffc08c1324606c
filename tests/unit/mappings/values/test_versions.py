"""Which of two versions is the newer."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bridge.mappings import compare_versions
from bridge.mappings.values.values import Value

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ((1,), (2,)),
        ((9,), (Decimal("9.5"),)),
        ((9,), (10,)),
        (("a",), ("b",)),
        ((NOON,), (NOON + timedelta(microseconds=1),)),
        ((1, "a"), (1, "b")),
        ((1,), (1, 0)),
        ((None,), (0,)),
        ((10**9,), (NOON,)),
        ((NOON,), ("2020",)),
    ],
)
def test_the_newer_wins_both_ways_round(older: tuple[Value, ...], newer: tuple[Value, ...]) -> None:
    """Numbers by value, times by instant, texts by code point, unlike types by rank."""
    assert compare_versions(older, newer) == -1
    assert compare_versions(newer, older) == 1


def test_one_instant_in_two_zones_is_one_version() -> None:
    """Only the instant counts; so does only the value of a number."""
    assert compare_versions((NOON,), (NOON.astimezone(timezone(timedelta(hours=2))),)) == 0
    assert compare_versions((1,), (Decimal("1.0"),)) == 0
