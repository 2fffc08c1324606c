"""The values that mappings compute with: JSON, plus exact decimals and instants.

A payload's doubles become decimals where they enter (`exact`), so that no sum drifts; what
leaves for a pin is JSON again (`plain`). `encode_values` and `decode_values` carry variables
to the store and back without loss. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeGuard, cast

import orjson

from bridge.errors import PinbridgeError
from bridge.events import Json

Value = None | bool | int | float | str | Decimal | datetime | Sequence["Value"] | Mapping[str, "Value"]
"""JSON, an exact decimal, or an aware instant; or lists and dicts of these, which nobody changes."""

MAX_DEPTH = 100
"""How deeply lists and objects may nest in a value; deeper ones are refused, not followed."""

EXCERPT_CHARACTERS = 80
"""Most characters that a message shows of a value."""

_WORDS = {None: "null", True: "true", False: "false"}
_SHOWN_BELOW = 10**EXCERPT_CHARACTERS
_DECIMAL, _TIME, _INTEGER, _OBJECT = "$decimal", "$time", "$integer", "$object"
_TAGS = frozenset({_DECIMAL, _TIME, _INTEGER, _OBJECT})
_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1


class UnusableValue(PinbridgeError):
    """A value of a payload that cannot be computed with; the message says why."""


class InexactNumber(UnusableValue):
    """A whole number beyond 64 bits, which JSON decoding has already rounded."""


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    """Tell a number from everything else; Python takes true and false for numbers, too."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def exact(value: Value) -> Value:
    """Turn every double in a value into the shortest decimal that stands for it.

    Integers, texts, booleans, nulls, decimals and instants stay as they are. The value
    itself is not changed; lists and objects come back as new ones.

    Raises:
        InexactNumber: for a whole number beyond 64 bits (orjson hands it over as a double).
        UnusableValue: for nesting deeper than `MAX_DEPTH`.
    """
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    return _rebuild(value, _exact_scalar, 0)


def plain(value: Value) -> Json:
    """Turn a value into what orjson writes: decimals to numbers, instants to ISO 8601.

    A whole decimal becomes an integer, any other the double nearest to it; an integer
    beyond 64 bits becomes a double, because JSON readers would make it one anyway.
    """
    return cast(Json, _rebuild(value, _plain_scalar, 0))


def decimal_text(number: Decimal) -> str:
    """Write a decimal in full, without an exponent: `Decimal("1E+3")` is `1000`."""
    return format(number, "f")


def excerpt(value: object) -> str:
    """Show a value in a message: short, on one line, texts in quotes; of a list, how long it is.

    What is no value is what it says of itself, as a view does, or else nothing: what a look-up did not find.
    """
    match value:
        case str():
            text = repr(value[: EXCERPT_CHARACTERS + 1])
        case bool() | None:
            text = _WORDS[value]
        case Decimal():
            text = decimal_text(value) if -40 < value.adjusted() < 40 else str(value)
        case int() | float():
            text = str(value) if abs(value) < _SHOWN_BELOW else "a number of many digits"
        case datetime():
            text = value.isoformat()
        case list() | tuple():
            text = f"a list of {len(value):,}"
        case dict():
            text = f"an object with {len(value):,} keys"
        case _:
            text = getattr(type(value), "KIND", "nothing")
    return text if len(text) <= EXCERPT_CHARACTERS else f"{text[: EXCERPT_CHARACTERS - 1]}…"


def encode_values(values: Mapping[str, Value]) -> str:
    """Write variables as JSON text; decimals and instants are tagged, the order is kept."""
    return orjson.dumps({name: _tagged(value, 0) for name, value in values.items()}).decode()


def decode_values(text: str) -> dict[str, Value]:
    """Read what `encode_values` wrote; numbers come back exactly, instants in UTC."""
    loaded = cast(dict[str, Json], orjson.loads(text))
    return {name: _untagged(value) for name, value in loaded.items()}


def tagged(value: Value) -> Json:
    """Give what `encode_values` writes for one value; `untagged` gives the value back."""
    return _tagged(value, 0)


def untagged(value: Json) -> Value:
    """Give the value that `tagged` wrote down."""
    return _untagged(value)


def _rebuild(value: Value, scalar: Callable[[Value], Value], depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise UnusableValue(f"the value nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        return {key: _rebuild(item, scalar, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rebuild(item, scalar, depth + 1) for item in value]
    return scalar(value)


def _exact_scalar(value: Value) -> Value:
    if not isinstance(value, float):
        return value
    if value.is_integer() and not _INT64_MIN <= value <= _UINT64_MAX - 1:
        raise InexactNumber(f"{value:.17g} is a whole number beyond 64 bits; its last digits are lost")
    return Decimal(repr(value))


def _plain_scalar(value: Value) -> Value:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        value = int(value) if whole and value.adjusted() < 20 else float(value)
    if isinstance(value, int) and not _INT64_MIN <= value <= _UINT64_MAX:
        return float(value)
    return value


def _tagged(value: Value, depth: int) -> Json:
    """Write one value; an object that looks like a tag is itself wrapped."""
    if depth > MAX_DEPTH:
        raise UnusableValue(f"the value nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, datetime):
        return {_TIME: value.astimezone(UTC).isoformat()}
    if isinstance(value, int):
        return value if _INT64_MIN <= value <= _UINT64_MAX else {_INTEGER: hex(value)}
    if isinstance(value, dict):
        entries = {key: _tagged(item, depth + 1) for key, item in value.items()}
        return {_OBJECT: entries} if len(value) == 1 and _TAGS & value.keys() else entries
    if isinstance(value, list | tuple):
        return [_tagged(item, depth + 1) for item in value]
    return cast(Json, value)


def _untagged(value: Json) -> Value:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))) in _TAGS:
        return _from_tag(tag, value[tag])
    return {key: _untagged(item) for key, item in value.items()}


def _from_tag(tag: str, content: Json) -> Value:
    if isinstance(content, dict):
        return {key: _untagged(item) for key, item in content.items()}
    text = cast(str, content)
    if tag == _DECIMAL:
        return Decimal(text)
    return datetime.fromisoformat(text) if tag == _TIME else int(text, 16)
