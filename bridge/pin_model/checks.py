"""The building blocks of what a pin accepts: each fits one value, and tells what is wrong with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

from bridge.pin_model.encoding import is_finite
from bridge.pin_model.findings import Findings, Path, kind_of
from bridge.spelling import suggest

NOTHING: Final = "\N{EN DASH}"
"""What a pin shows where there is no value."""

Check = Callable[[object, Path, Findings], object]
"""Takes a value, gives it fitted, and tells the findings what is wrong with it."""


class TellKey(Protocol):
    """Tells the findings of a field that is not known."""

    def __call__(self, found: Findings, path: Path, message: str, /, *, is_of_key: bool) -> None:
        """Tell it."""


LEFT_OUT: Final = object()
"""What a check gives for a field that is better not sent."""


def text(value: object, path: Path, found: Findings) -> object:
    """Want text; a number becomes its text, nothing becomes a dash."""
    if isinstance(value, str):
        return value
    if value is None:
        return found.as_text(value, path, NOTHING)
    if isinstance(value, datetime):
        return found.as_text(value, path, value.isoformat())
    if isinstance(value, bool):
        advice = "say what it should read, such as \"{{ 'yes' if … else 'no' }}\""
        found.flaw(path, f"text is wanted here, found {kind_of(value)}; {advice}")
        return value
    written = _number_text(value) if isinstance(value, int | float | Decimal) else None
    if written is None:
        found.flaw(path, f"text is wanted here, found {kind_of(value)}")
        return value
    return found.as_text(value, path, written)


def _number_text(number: float | Decimal) -> str | None:
    """Write a number out: `2.50` of a decimal, the shortest of a double; None where it has no short text."""
    if isinstance(number, int):
        return str(number) if number.bit_length() <= 1024 else None
    if not is_finite(number):
        return None
    exact = Decimal(repr(number).removesuffix(".0")) if isinstance(number, float) else number
    if exact.is_zero():
        exact = abs(exact)
    return f"{exact:f}" if -20 <= exact.adjusted() <= 20 else str(exact)


def cell(value: object, path: Path, found: Findings) -> object:
    """Want text or a number; nothing becomes a dash."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return value if is_number else text(value, path, found)


def identifier(value: object, path: Path, found: Findings) -> object:
    """Want text that is not empty; a number becomes its text, nothing is a flaw."""
    if value is None or value == "":
        found.flaw(path, f"an id is wanted here, found {kind_of(value)}")
        return value
    return text(value, path, found)


def boolean(value: object, path: Path, found: Findings) -> object:
    """Want true or false."""
    if not isinstance(value, bool):
        found.flaw(path, f"true or false is wanted here, found {kind_of(value)}")
    return value


def word(*words: str, tell: Callable[[Findings, Path, str], None]) -> Check:
    """Want one of some words; a null leaves the field out, another word is told by `tell`."""

    def check(value: object, path: Path, found: Findings) -> object:
        if value is None:
            return LEFT_OUT
        if not isinstance(value, str):
            found.flaw(path, f"{_any_of(words)} is wanted here, found {kind_of(value)}")
        elif value not in words:
            tell(found, path, f"{_any_of(words)} is wanted here, found {value[:80]!r}{suggest(value, words)}")
        return value

    return check


def list_of(what: str, item: Check, *, at_least: int = 0) -> Check:
    """Want a list, and of each item what `item` wants."""

    def check(value: object, path: Path, found: Findings) -> object:
        if not isinstance(value, list):
            found.flaw(path, f"a list of {what} is wanted here, found {kind_of(value)}")
            return value
        if len(value) < at_least:
            found.flaw(path, f"at least {at_least} is wanted in this list of {what}, found none")
        return [item(each, (*path, index), found) for index, each in enumerate(value)]

    return check


def object_of(
    what: str,
    fields: Mapping[str, Check],
    *,
    required: tuple[str, ...] = (),
    tell: TellKey = Findings.note,
) -> Check:
    """Want an object with these fields; others stay as they are and are told by `tell`."""

    def check(value: object, path: Path, found: Findings) -> object:
        if not isinstance(value, dict):
            found.flaw(path, f"an object is wanted for {what}, found {kind_of(value)}")
            return value
        for name in required:
            if name not in value:
                found.flaw(path, f"{name!r} is missing in {what}")
        for name in value:
            if name not in fields:
                advice = suggest(str(name), fields) or f"; allowed are {', '.join(fields)}"
                message = f"{what} has no field {str(name)[:80]!r}{advice}"
                tell(found, (*path, str(name)), message, is_of_key=True)
        checked = {
            name: fields[name](child, (*path, name), found) if name in fields else child
            for name, child in value.items()
        }
        return {name: child for name, child in checked.items() if child is not LEFT_OUT}

    return check


def _any_of(words: tuple[str, ...]) -> str:
    return " or ".join(repr(word) for word in words)
