"""The signed timestamp: where it stands, and the one format that its scheme names. Pure.

An event's own time may come in any format in use; see `bridge.times`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.errors import SenderError
from bridge.inbound.verification.places import Place
from bridge.times import read_iso8601

_MAX_WHOLE_DIGITS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """`place` is None where the time is an element of the signature's own list."""

    place: Place | None = None
    format: str = "unix_s"

    def instant(self, text: str) -> datetime:
        """Read it. Raises `SenderError` 401 where it is not what the format says."""
        try:
            return datetime.fromtimestamp(READERS[self.format](text), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise _unreadable(error) from error


def check_time(read: Callable[[str], float], text: str, now: datetime, tolerance_s: int) -> None:
    """Raise `SenderError` 401 where a signed time is off by more than the tolerance, either way."""
    try:
        age_s = now.timestamp() - read(text)
    except ValueError as error:
        raise _unreadable(error) from error
    if age_s > tolerance_s:
        raise SenderError(401, "stale_timestamp", "the signed timestamp is too old; is a clock wrong?")
    if age_s < -tolerance_s:
        raise SenderError(401, "future_timestamp", "the signed timestamp is ahead of now; is a clock wrong?")


def _unreadable(error: Exception) -> SenderError:
    return SenderError(401, "bad_timestamp", f"the signed timestamp is unreadable: {error}")


def _read_whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_WHOLE_DIGITS):
        raise ValueError(f"not a whole number of at most {_MAX_WHOLE_DIGITS} digits")
    return int(text)


def _read_milliseconds(text: str) -> float:
    return _read_whole(text) / 1000


def _read_iso(text: str) -> float:
    return read_iso8601(text).timestamp()


def _write_iso(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


READERS: Mapping[str, Callable[[str], float]] = {
    "unix_s": _read_whole,
    "unix_ms": _read_milliseconds,
    "iso8601": _read_iso,
}
"""The formats of a signed timestamp: text to seconds since the epoch, or `ValueError`."""

WRITERS: Mapping[str, Callable[[datetime], str]] = {
    "unix_s": lambda now: str(int(now.timestamp())),
    "unix_ms": lambda now: str(int(now.timestamp() * 1000)),
    "iso8601": _write_iso,
}
"""The same formats, for signing."""
