"""Which of two versions is the newer."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bridge.mappings.values.values import Value
from bridge.mappings.values.versions import version_order

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
    assert version_order(older) < version_order(newer)
    assert version_order(newer) > version_order(older)


def test_one_instant_in_two_zones_is_one_version() -> None:
    """Only the instant counts; so does only the value of a number."""
    assert version_order((NOON,)) == version_order((NOON.astimezone(timezone(timedelta(hours=2))),))
    assert version_order((1,)) == version_order((Decimal("1.0"),))
