"""What JSON cannot carry, wherever in a body it stands."""

import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Final

from bridge.pin_model.findings import Findings, Path

MAX_DEPTH: Final = 100
"""How deep a body may nest; well under what JSON encoders take."""

_HALF_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def check_encodable(body: object, found: Findings) -> None:
    """Find what JSON cannot carry: half surrogates, infinities, numbers beyond 64 bits, too deep nesting."""
    waiting: list[tuple[Path, object]] = [((), body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict | list) and len(path) >= MAX_DEPTH:
            found.flaw(path[:8], f"the body nests deeper than {MAX_DEPTH} levels")
        elif isinstance(value, dict):
            for key, child in value.items():
                if reason := _unsendable(key) if isinstance(key, str) else "a key that is not text":
                    found.flaw(path, f"{reason} cannot be sent as JSON")
                waiting.append(((*path, str(key)), child))
        elif isinstance(value, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(value))
        elif reason := _unsendable(value):
            found.flaw(path, f"{reason} cannot be sent as JSON")


def _unsendable(leaf: object) -> str:
    """Say why JSON cannot carry a leaf; empty where it can."""
    if isinstance(leaf, str):
        return "" if leaf.isascii() or not _HALF_SURROGATE.search(leaf) else "half of a surrogate pair"
    if isinstance(leaf, int):
        return "" if -(2**63) <= leaf < 2**64 else "a whole number beyond 64 bits"
    if isinstance(leaf, float | Decimal):
        return "" if is_finite(leaf) and math.isfinite(leaf) else "an infinite or undefined number"
    return "" if leaf is None or isinstance(leaf, datetime) else f"a {type(leaf).__name__}"


def is_finite(number: float | Decimal) -> bool:
    """Tell a number from an infinity and from no number at all, also where a decimal has no double."""
    return number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)
