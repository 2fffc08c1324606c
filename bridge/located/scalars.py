"""What an unquoted scalar means, by the core schema of YAML 1.2.

See https://yaml.org/spec/1.2.2/#103-core-schema.
"""

import re
from decimal import Decimal

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}
_SURROGATE = re.compile("[\ud800-\udfff]")


def surrogate_in(text: str) -> str | None:
    r"""Give the first half of a surrogate pair in a text, as an escape such as `\ud800`; None where there is none.

    Python's texts may hold one; UTF-8 and JSON cannot, RFC 8259, 8.2.
    """
    found = None if text.isascii() else _SURROGATE.search(text)
    return None if found is None else f"\\u{ord(found[0]):04x}"


def read_plain(text: str) -> bool | int | Decimal | str | None:
    """Read an unquoted scalar by the core schema. Raises `ValueError` for a number that JSON cannot carry."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[:1] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        whole = int(text, _BASES.get(text[:2], 10)) if len(text) <= 40 else 2**64
        if -(2**63) <= whole < 2**64:
            return whole
        raise ValueError(f"the whole number {text[:40]} is beyond 64 bits; quote it to make it text")
    if _DECIMAL.fullmatch(text):
        if abs(float(text)) == float("inf"):
            raise ValueError(f"the number {text[:40]} is too large; quote it to make it text")
        return Decimal(text)
    if _NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON can carry; quote it to make it text")
    return text
