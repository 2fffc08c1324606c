"""Where in a request the event's type, id and time stand: a header, a plain JSON path, or several joined.

`header:X-GitHub-Event`, `{header: X-GitHub-Event}`, `$.data.object.id`, `$.items[0].id`, or a
list of them, whose values are joined by a dot; what is missing in a list is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.errors import SenderError
from bridge.events import Json

MAX_TEXT = 255
"""The longest type and id, in characters: they are columns and log fields."""

_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_-]{1,100}|\[[0-9]{1,6}\]){1,16})", re.ASCII)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class HeaderPlace:
    """A header, by its lower-case name."""

    name: str

    def __str__(self) -> str:
        """Say where it stands, as the end of a sentence."""
        return f"in the header {self.name}"

    def find(self, _payload: Json, headers: Mapping[str, str]) -> Json:
        """Give the header's value, None where it is missing."""
        return headers.get(self.name)


@dataclass(frozen=True, slots=True)
class PathPlace:
    """A place in the payload: keys and indexes from the root."""

    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        """Say where it stands, as the end of a sentence."""
        return "at $" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.steps)

    def find(self, payload: Json, _headers: Mapping[str, str]) -> Json:
        """Give what stands there, None where there is no such place."""
        found = payload
        for step in self.steps:
            if isinstance(step, str):
                found = found.get(step) if isinstance(found, dict) else None
            else:
                found = found[step] if isinstance(found, list) and step < len(found) else None
        return found


@dataclass(frozen=True, slots=True)
class Location:
    """One place, or several whose values are joined by a dot."""

    places: tuple[HeaderPlace | PathPlace, ...]

    def __str__(self) -> str:
        """Say where all of it stands, as the end of a sentence."""
        return " and ".join(map(str, self.places))

    @property
    def headers(self) -> frozenset[str]:
        """The headers that it reads."""
        return frozenset(place.name for place in self.places if isinstance(place, HeaderPlace))

    def find(self, payload: Json, headers: Mapping[str, str]) -> Json:
        """Give the value at the first place that has one."""
        for place in self.places:
            found = place.find(payload, headers)
            if found is not None:
                return found
        return None

    def text(self, what: str, payload: Json, headers: Mapping[str, str]) -> str:
        """Give the values joined by a dot, empty where all are missing.

        Raises `SenderError` 400 (`bad_<what>`, `<what>_too_long`) for a value that is neither text
        nor a whole number, that holds a control character, or that is longer than 255 characters.
        """
        if len(self.places) == 1:
            joined = _as_text(what, self.places[0].find(payload, headers))
        else:
            texts = [_as_text(what, place.find(payload, headers)) for place in self.places]
            joined = ".".join(text for text in texts if text)
        if len(joined) > MAX_TEXT:
            raise SenderError(400, f"{what}_too_long", f"the event's {what} is longer than {MAX_TEXT} characters")
        if not joined.isprintable() and _CONTROL.search(joined):
            raise SenderError(400, f"bad_{what}", f"the event's {what} holds a control character")
        return joined


def _as_text(what: str, value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise SenderError(400, f"bad_{what}", f"the event's {what} is neither text nor a whole number")


def parse_path(text: str) -> PathPlace:
    """Read a plain path. Raises `ValueError` with what is allowed."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:100]!r} is not a plain path; write keys and indexes only, such as $.data.items[0].id")
    return PathPlace(tuple(key or int(index) for key, index in _STEP.findall(match[1])))


def parse_header(name: str) -> HeaderPlace:
    """Read a header's name. Raises `ValueError` with what is allowed."""
    if _HEADER.fullmatch(name) is None:
        raise ValueError(f"{name[:100]!r} is not a header's name; write letters, digits and dashes")
    return HeaderPlace(name.lower())
