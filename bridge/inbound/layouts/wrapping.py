"""What is wrapped in an event: a place in it, and how what stands there is turned into JSON. Pure.

Nothing here grows: base64 and JSON in a text both say it with more bytes than what comes out. So the bound
of the body is that of its inside; its depth is checked as any body's.
"""

import base64
from dataclasses import dataclass

from bridge.events import Json
from bridge.inbound.layouts.unreadable import Unreadable, read_inner_json
from bridge.inbound.locations import PathPlace, path_text

CONVERSIONS = ("base64", "json")
_URL_ALPHABET = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Where the inside stands in an event, and what is undone one after the other to read it."""

    path: PathPlace
    conversions: tuple[str, ...]

    def read(self, event: Json) -> Json:
        """Give the inside. Raises `Unreadable` with why it cannot be read."""
        where = f"what is wrapped at {path_text(self.path.own_steps)}"
        found: Json | bytes = self.path.find(event, {})
        if found is None:
            raise Unreadable(f"{where} is missing")
        for conversion in self.conversions:
            if not isinstance(found, str | bytes):
                raise Unreadable(f"{where} is no text, so it is not {conversion}")
            if conversion == "base64":
                found = _from_base64(found, where)
            else:
                found = read_inner_json(found.encode() if isinstance(found, str) else found, where)
        if isinstance(found, bytes):
            return _text(found, where)
        return found


def _from_base64(encoded: str | bytes, where: str) -> bytes:
    """Decode either alphabet, padded or not; strict beside that."""
    text = (_text(encoded, where) if isinstance(encoded, bytes) else encoded).translate(_URL_ALPHABET)
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError as error:
        raise Unreadable(f"{where} is not base64") from error


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"{where} is not UTF-8 text") from error
