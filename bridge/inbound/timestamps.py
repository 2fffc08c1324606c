"""Times as senders write them: the signed timestamp, and the event's own time.

The two are read apart on purpose: a signed timestamp has the one format that its scheme
names, an event's time any of those in use. Pure; naive times count as UTC.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bridge.events import Json

_MAX_WHOLE_DIGITS = 13
_NUMERIC = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{5,8}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII)
_FIRST_MS = 10**11
"""From here on a number counts milliseconds: in seconds this is the year 5138, in milliseconds 1973."""
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2200


def _read_whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_WHOLE_DIGITS):
        raise ValueError(f"not a whole number of at most {_MAX_WHOLE_DIGITS} digits")
    return int(text)


def _read_seconds(text: str) -> float:
    return float(_read_whole(text))


def _read_milliseconds(text: str) -> float:
    return _read_whole(text) / 1000


def _read_iso(text: str) -> float:
    return _parse_iso(text).timestamp()


def _write_iso(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


READERS: Mapping[str, Callable[[str], float]] = {
    "unix_s": _read_seconds,
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


def read_event_time(value: Json) -> datetime:
    """Read unix seconds or milliseconds (as a number or as text) or ISO 8601.

    Raises `ValueError` where it is none of them, or outside the years 1970 to 2200.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _from_unix(value)
    elif isinstance(value, str):
        found = _from_unix(float(value)) if _NUMERIC.fullmatch(value) else _parse_iso(value)
    else:
        raise ValueError("neither a number nor text")  # noqa: TRY004 - a payload's fault, not a caller's
    if not _EARLIEST_YEAR <= found.year <= _LATEST_YEAR:
        raise ValueError(f"outside the years {_EARLIEST_YEAR} to {_LATEST_YEAR}")
    return found


def _from_unix(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= _FIRST_MS else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("out of range") from error


def _parse_iso(text: str) -> datetime:
    if _ISO.fullmatch(text) is None:
        raise ValueError("not an ISO 8601 time")
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error
