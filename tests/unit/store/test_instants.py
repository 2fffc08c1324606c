"""Instants in the database are exact microseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bridge.instants import maybe_instant, maybe_micros, to_instant, to_micros


@pytest.mark.parametrize(
    ("instant", "micros"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC), 1_795_348_800_000_001),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=2))), 1_795_348_800_000_000),
    ],
)
def test_no_microsecond_is_lost(instant: datetime, micros: int) -> None:
    """There and back, from any zone."""
    assert to_micros(instant) == micros
    assert to_instant(micros) == instant


def test_what_is_missing_stays_missing() -> None:
    """None is no instant."""
    assert (maybe_micros(None), maybe_instant(None)) == (None, None)
    assert maybe_instant(maybe_micros(to_instant(5))) == to_instant(5)
