"""Durations, sizes and rates as people write them: `90s`, `15m`, `24h`, `35d`; `1MiB`; `160/60s`.

Used by the settings, the sources and the mapping language, so that a length of time is
spelled one way everywhere. Errors are `ValueError`s that say what is allowed.
"""

import re
from dataclasses import dataclass

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LONGEST_S = 3650 * 86400
"""Ten years: beyond any use, and far from where dates overflow."""
_NUMBER_AND_UNIT = re.compile(r"([0-9]{1,15})([A-Za-z]*)", re.ASCII)


def parse_duration_s(text: str) -> int:
    """Read a length of time, in seconds: a whole number and `s`, `m`, `h`, `d` or `w`, at most ten years."""
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match is not None and not match[2]:
        raise ValueError(f"{text[:80]!r} has no unit; write one of s, m, h, d and w behind it, such as {text[:80]}m")
    if match is None or match[2] not in _SECONDS:
        raise ValueError(
            f"{text[:80]!r} is not a length of time; write a number and s, m, h, d or w, such as 90s or 24h"
        )
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST_S:
        raise ValueError(f"{text[:80]!r} is too long; at most 3650d are allowed")
    return seconds


def parse_size_bytes(text: str) -> int:
    """Read a size, in bytes: a whole number and nothing, `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`."""
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match is None or match[2] not in _BYTES:
        raise ValueError(f"{text[:80]!r} is not a size; write a number and KiB, MiB or GiB, such as 1MiB")
    return int(match[1]) * _BYTES[match[2]]


@dataclass(frozen=True, slots=True)
class Window:
    """At most `tokens` in any `length_s` seconds."""

    tokens: int
    length_s: int


def parse_windows(text: str) -> tuple[Window, ...]:
    """Read a budget: `160/60s`, or several windows that all hold, `160/60s,1000/1h`."""
    windows = []
    for part in text.split(","):
        tokens, slash, length = part.strip().partition("/")
        if not slash or not re.fullmatch("[0-9]{1,9}", tokens) or int(tokens) < 1:
            raise ValueError(
                f"{part.strip()[:80]!r} is not a rate; write tokens, a slash and a length of time, such as 160/60s"
            )
        length_s = parse_duration_s(length)
        if length_s < 1:
            raise ValueError(f"{part.strip()[:80]!r} is not a rate; its length of time must be at least 1s")
        windows.append(Window(int(tokens), length_s))
    return tuple(windows)
