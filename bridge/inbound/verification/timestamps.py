"""The signed timestamp, in the one format that its scheme names. Pure.

An event's own time may come in any format in use; see `bridge.times`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bridge.times import read_iso8601

_MAX_WHOLE_DIGITS = 13


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
