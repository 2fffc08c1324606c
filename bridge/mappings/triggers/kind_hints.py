"""What is said of a condition that a number was asked for and a text found, or the other way round. Pure.

Unlike kinds never compare, so such a condition holds for no event; nobody sees that by looking at `'17'`.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from bridge.located import Plain
from bridge.mappings.triggers.facts import Found

Hint = Callable[[Found], str]
"""Says what is to be done about a value of the wrong kind, and nothing about another."""

BY_ORDER = frozenset({"gt", "gte", "lt", "lte"})
NUMBER_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)

_TRUTHS = frozenset({"true", "false", "yes", "no", "on", "off"})
_NO_NUMBER = (
    "a text is never compared with a number; extract it with `as: number`, and write the condition on that variable"
)


def hint_of(operator: str, wanted: Plain) -> Hint | None:
    """Give the hint of an operator with its right side, None where no kind of value is surprising."""
    if operator != "eq" and operator not in BY_ORDER:
        return None
    if _is_number(wanted):
        return lambda found: _NO_NUMBER if isinstance(found, str) and NUMBER_TEXT.fullmatch(found) else ""
    if not isinstance(wanted, str):
        return None
    if wanted in _TRUTHS:
        told = f"{wanted!r} is a text; write true or false, without quotes"
        return lambda found: told if isinstance(found, bool) else ""
    if NUMBER_TEXT.fullmatch(wanted):
        told = f"{wanted!r} is a text; write the number without quotes"
        return lambda found: told if _is_number(found) else ""
    return None


def kind_wanted(operator: str, wanted: Plain) -> str:
    """Name the kind of value that alone satisfies an operator; nothing where several do."""
    if operator in {"matches", "starts_with", "ends_with"} or (operator in BY_ORDER and isinstance(wanted, str)):
        return "a text"
    return "a number" if operator in BY_ORDER and _is_number(wanted) else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
