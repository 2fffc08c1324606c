"""Where in a request the event's type, id and time stand: a header, a plain JSON path, or several joined.

`header:X-GitHub-Event`, `{header: X-GitHub-Event}`, `$.data.object.id`, `$.items[0].id`, or a
list of them, whose values are joined by a dot; what is missing in a list is left out.

Of a source that takes bodies apart (`layouts`), what is looked in is an object of views: each path then begins
with the name of its view, which was decided when the source was read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from bridge.errors import SenderError
from bridge.events import Json

MAX_TEXT = 255
"""The longest type and id, in characters: they are columns and log fields."""

View = Literal["item", "inside", "outside"]
"""What a path looks in: the event as it came, what is wrapped in it, or the whole body that it came in."""

INDEXES = "indexes"
"""The name that stands beside the views for where an item stands in its body: one index for each list."""

_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_-]{1,100}|\[[0-9]{1,6}\]){1,16})", re.ASCII)
_ITEMS = re.compile(r"\$((?:\.[A-Za-z0-9_-]{1,100}|\[(?:[0-9]{1,6}|\*)\]){1,16})", re.ASCII)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+|\*)\]", re.ASCII)
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
    """A place in the payload: keys and indexes from the root, or from a view of it, whose name is the first step."""

    steps: tuple[str | int, ...]
    view: View | None = None

    def __str__(self) -> str:
        """Say where it stands, as the end of a sentence."""
        return f"at {path_text(self.own_steps)}{' of the inside' if self.view == 'inside' else ''}"

    @property
    def own_steps(self) -> tuple[str | int, ...]:
        """The steps as they are written."""
        return self.steps if self.view is None else self.steps[1:]

    def seen_in(self, view: View) -> "PathPlace":
        """Give the same place in a view."""
        return PathPlace((view, *self.own_steps), view)

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
class OutsidePlace:
    """A place in the body that an item came in; None among the steps stands for the index that leads to the item."""

    steps: tuple[str | int | None, ...]

    def __str__(self) -> str:
        """Say where it stands, as the end of a sentence."""
        return f"at {path_text(self.steps)} of the body"

    def find(self, payload: Json, headers: Mapping[str, str]) -> Json:
        """Give what stands there, None where there is no such place."""
        indexes = payload[INDEXES] if isinstance(payload, dict) else []
        left = iter(indexes if isinstance(indexes, list) else [])
        # There are as many as its source's `each` has lists, which is what a place outside was held to.
        steps = tuple([cast(int, next(left)) if step is None else step for step in self.steps])
        return PathPlace(("outside", *steps)).find(payload, headers)


Place = HeaderPlace | PathPlace | OutsidePlace


@dataclass(frozen=True, slots=True)
class Location:
    """One place, or several whose values are joined."""

    places: tuple[Place, ...]
    joiner: str = "."

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
            joined = self.joiner.join(text for text in texts if text)
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


def path_text(steps: tuple[str | int | None, ...]) -> str:
    """Write a path; None among its steps stands for every item of a list."""
    return "$" + "".join(
        [f".{step}" if isinstance(step, str) else f"[{'*' if step is None else step}]" for step in steps]
    )


def parse_path(text: str) -> PathPlace:
    """Read a plain path. Raises `ValueError` with what is allowed."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:100]!r} is not a plain path; write keys and indexes only, such as $.data.items[0].id")
    return PathPlace(tuple(key or int(index) for key, index in _STEP.findall(match[1])))


def parse_items(text: str) -> tuple[str | int | None, ...]:
    """Read a path on which `[*]` may stand, as None, for every item of a list. Raises `ValueError`."""
    match = _ITEMS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:100]!r} is not a path to items; write keys, indexes and [*], such as $.events[*]")
    steps = _STEP.findall(match[1])
    return tuple([key or (None if index == "*" else int(index)) for key, index in steps])


def parse_header(name: str) -> HeaderPlace:
    """Read a header's name. Raises `ValueError` with what is allowed."""
    if _HEADER.fullmatch(name) is None:
        raise ValueError(f"{name[:100]!r} is not a header's name; write letters, digits and dashes")
    return HeaderPlace(name.lower())
