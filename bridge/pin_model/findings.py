"""What a check finds in a body, and its words for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

MAX_FINDINGS: Final = 50
"""How many flaws, and how many notes, are told at most."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something about the body, and its place in it: `("metadata", "title")`.

    `is_of_key` says that the key at the end of the path is meant, and not its value;
    `is_unchecked` that this is no fault, but content that nothing is known about.
    """

    path: Path
    message: str
    is_of_key: bool = False
    is_unchecked: bool = False

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return f"{place.lstrip('.') or 'the body'}: {self.message}"


class Findings:
    """Collects what a check finds, and knows the pin's type; nothing is told of what stands at an `unknown` path."""

    def __init__(self, pin_type: str | None, unknown: Collection[Path] = ()) -> None:
        self.pin_type = pin_type
        self._unknown = unknown
        self.flaws: list[Flaw] = []
        self.notes: list[Flaw] = []
        self.coerced: list[Flaw] = []
        self._noted: set[str] = set()

    def flaw(self, path: Path, message: str, *, is_of_key: bool = False) -> None:
        """Tell a reason not to send the body."""
        if len(self.flaws) < MAX_FINDINGS and (is_of_key or path not in self._unknown):
            self.flaws.append(Flaw(path=path, message=message, is_of_key=is_of_key))

    def note(self, path: Path, message: str, *, is_of_key: bool = False, is_unchecked: bool = False) -> None:
        """Note something once, however many rows or cards share it."""
        if message in self._noted or len(self.notes) >= MAX_FINDINGS or (path in self._unknown and not is_of_key):
            return
        self._noted.add(message)
        self.notes.append(Flaw(path=path, message=message, is_of_key=is_of_key, is_unchecked=is_unchecked))

    def as_text(self, value: object, path: Path, text: str) -> str:
        """Tell that a value becomes text, and give the text."""
        if len(self.coerced) < MAX_FINDINGS:
            self.coerced.append(Flaw(path=path, message=f"text is wanted here, found {kind_of(value)}"))
        return text


def kind_of(value: object) -> str:
    """Name what was found without showing it, however large or deep it is."""
    if value is None or isinstance(value, bool):
        return {None: "nothing (null)", True: "true", False: "false"}[value]
    kinds = {str: "text", list: "a list", dict: "an object", datetime: "a time"}
    for kind, name in kinds.items():
        if isinstance(value, kind):
            return "empty text" if value == "" else name
    return "a number" if isinstance(value, int | float | Decimal) else f"a {type(value).__name__}"
