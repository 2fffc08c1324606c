"""Instants as state and database keep them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""One second, in that unit."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_micros(length: timedelta) -> int:
    """Give a length of time in microseconds."""
    return (length.days * 86_400 + length.seconds) * SECOND + length.microseconds


def to_micros(instant: datetime) -> int:
    """Give an aware instant in microseconds."""
    return in_micros(instant - _EPOCH)


def to_instant(micros: int) -> datetime:
    """Give microseconds as an aware instant in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def maybe_micros(instant: datetime | None) -> int | None:
    """Give an instant that may be missing in microseconds."""
    return None if instant is None else to_micros(instant)


def maybe_instant(micros: int | None) -> datetime | None:
    """Give microseconds that may be missing as an instant."""
    return None if micros is None else to_instant(micros)
