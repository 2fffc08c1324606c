"""What Pindown accepts in an update of a pin, as far as it is known; stands before every send.

`fit` takes a rendered body and gives it back with numbers and nulls turned into text where
text is wanted, the reasons not to send it (flaws) and what its author should know (notes).
It is pure and total: it never raises, whatever the body holds.

What is checked follows https://docs.pindown.ai (Update Pin, and the pages of the four pin
types whose fields are public): `stat-cards`, `table` and `flexible-table`, `markdown`,
`text-media`. Content of any other type passes as it is, and a note says so.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

PIN_ID: Final = re.compile(r"^p-[A-Za-z0-9_-]{1,64}\Z")
"""A pin's id: Pindown makes them from push keys, so case counts and `_` and `-` occur."""

_PUBLIC_TYPES: Final = """
alert-action bottom-detector calendar charts chat checklist csv-viewer embed excel-viewer file-upload
flexible-table gallery image indicator-table intro json-list json-viewer kanban-board line-chart links
long-short-pie markdown mastra mermaid pdf-viewer realtime-canvas roadmap score-gauge stat-cards steps
table text-media timeline user-story
"""
PIN_TYPES: Final = frozenset(_PUBLIC_TYPES.split())
"""The type names that are public. Pindown speaks of 43, so an unknown one is not an error."""

MAX_FINDINGS: Final = 50
"""How many flaws, and how many notes, are told at most."""

MAX_DEPTH: Final = 100
"""How deep a body may nest; well under what JSON encoders take."""

NOTHING: Final = "\N{EN DASH}"
"""What a pin shows where there is no value."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something about the body, and its place in it: `("metadata", "title")`."""

    path: Path
    message: str

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return f"{place.lstrip('.') or 'the body'}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A body as it may be sent, if it has no `flaws`.

    `notes` are warnings. `coerced` says where a number, a time or a null became text.
    `pin_type` is the type as given or as read from the content's shape, None if neither.
    Numbers and times where no text is wanted stay what they were.
    """

    body: dict[str, Any]
    flaws: tuple[Flaw, ...]
    notes: tuple[Flaw, ...]
    coerced: tuple[Flaw, ...]
    pin_type: str | None


def fit(body: object, pin_type: str | None = None) -> Fitted:
    """Fit a rendered body to the Update Pin request; `body` itself is left as it was.

    Leaves are what JSON knows, and `Decimal` and `datetime`. Fitting a fitted body changes
    nothing more.
    """
    found = _Findings(pin_type)
    fitted = _BODY(body, (), found)
    _check_encodable(fitted, found)
    return Fitted(
        body=fitted if isinstance(fitted, dict) else {},
        flaws=tuple(found.flaws),
        notes=tuple(found.notes),
        coerced=tuple(found.coerced),
        pin_type=found.pin_type,
    )


class _Findings:
    """Collects what a check finds, and knows the pin's type."""

    def __init__(self, pin_type: str | None) -> None:
        self.pin_type = pin_type
        self.flaws: list[Flaw] = []
        self.notes: list[Flaw] = []
        self.coerced: list[Flaw] = []
        self._noted: set[str] = set()

    def flaw(self, path: Path, message: str) -> None:
        if len(self.flaws) < MAX_FINDINGS:
            self.flaws.append(Flaw(path=path, message=message))

    def note(self, path: Path, message: str) -> None:
        """Note something once, however many rows or cards share it."""
        if message not in self._noted and len(self.notes) < MAX_FINDINGS:
            self._noted.add(message)
            self.notes.append(Flaw(path=path, message=message))

    def as_text(self, value: object, path: Path, text: str) -> str:
        if len(self.coerced) < MAX_FINDINGS:
            self.coerced.append(Flaw(path=path, message=f"text is wanted here, found {_kind(value)}"))
        return text


_Check = Callable[[object, Path, _Findings], object]
"""Takes a value, gives it fitted, and tells the findings what is wrong with it."""

_LEFT_OUT: Final = object()
"""What a check gives for a field that is better not sent."""


def _text(value: object, path: Path, found: _Findings) -> object:
    """Want text; a number becomes its text, nothing becomes a dash."""
    if isinstance(value, str):
        return value
    if value is None:
        return found.as_text(value, path, NOTHING)
    if isinstance(value, datetime):
        return found.as_text(value, path, value.isoformat())
    if isinstance(value, bool):
        advice = "say what it should read, such as \"{{ 'yes' if … else 'no' }}\""
        found.flaw(path, f"text is wanted here, found {_kind(value)}; {advice}")
        return value
    text = _number_text(value) if isinstance(value, int | float | Decimal) else None
    if text is None:
        found.flaw(path, f"text is wanted here, found {_kind(value)}")
        return value
    return found.as_text(value, path, text)


def _number_text(number: float | Decimal) -> str | None:
    """Write a number out: `2.50` of a decimal, the shortest of a double; None where it has no short text."""
    if isinstance(number, int):
        return str(number) if number.bit_length() <= 1024 else None
    if not _is_finite(number):
        return None
    exact = Decimal(repr(number).removesuffix(".0")) if isinstance(number, float) else number
    if exact.is_zero():
        exact = abs(exact)
    return f"{exact:f}" if -20 <= exact.adjusted() <= 20 else str(exact)


def _cell(value: object, path: Path, found: _Findings) -> object:
    """Want text or a number; nothing becomes a dash."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return value if is_number else _text(value, path, found)


def _identifier(value: object, path: Path, found: _Findings) -> object:
    """Want text that is not empty; a number becomes its text, nothing is a flaw."""
    if value is None or value == "":
        found.flaw(path, f"an id is wanted here, found {_kind(value)}")
        return value
    return _text(value, path, found)


def _boolean(value: object, path: Path, found: _Findings) -> object:
    if not isinstance(value, bool):
        found.flaw(path, f"true or false is wanted here, found {_kind(value)}")
    return value


def _word(*words: str, tell: Callable[[_Findings, Path, str], None]) -> _Check:
    """Want one of some words; a null leaves the field out, another word is told by `tell`."""

    def check(value: object, path: Path, found: _Findings) -> object:
        if value is None:
            return _LEFT_OUT
        if not isinstance(value, str):
            found.flaw(path, f"{_any_of(words)} is wanted here, found {_kind(value)}")
        elif value not in words:
            tell(found, path, f"{_any_of(words)} is wanted here, found {value[:80]!r}{_nearest(value, words)}")
        return value

    return check


def _list_of(what: str, item: _Check, *, at_least: int = 0) -> _Check:
    def check(value: object, path: Path, found: _Findings) -> object:
        if not isinstance(value, list):
            found.flaw(path, f"a list of {what} is wanted here, found {_kind(value)}")
            return value
        if len(value) < at_least:
            found.flaw(path, f"at least {at_least} is wanted in this list of {what}, found none")
        return [item(each, (*path, index), found) for index, each in enumerate(value)]

    return check


def _object(
    what: str,
    fields: Mapping[str, _Check],
    *,
    required: tuple[str, ...] = (),
    tell: Callable[[_Findings, Path, str], None] = _Findings.note,
) -> _Check:
    """Want an object with these fields; others stay as they are and are told by `tell`."""

    def check(value: object, path: Path, found: _Findings) -> object:
        if not isinstance(value, dict):
            found.flaw(path, f"an object is wanted for {what}, found {_kind(value)}")
            return value
        for name in required:
            if name not in value:
                found.flaw(path, f"{name!r} is missing in {what}")
        for name in value:
            if name not in fields:
                tell(found, (*path, str(name)), f"{what} has no field {str(name)[:80]!r}{_nearest(name, fields)}")
        checked = {
            name: fields[name](child, (*path, name), found) if name in fields else child
            for name, child in value.items()
        }
        return {name: child for name, child in checked.items() if child is not _LEFT_OUT}

    return check


def _column(value: object, path: Path, found: _Findings) -> object:
    """Want a column with an id and a heading: `label` in the Update Pin page, `name` in later pages."""
    if isinstance(value, dict) and not value.keys() & {"label", "name"}:
        found.flaw(path, "a column needs a heading, as 'label' or as 'name', whichever its pin shows")
    return _COLUMN(value, path, found)


def _table(value: object, path: Path, found: _Findings) -> object:
    """Want columns and rows; ids are unique, and a cell under no column is noted."""
    table = _TABLE(value, path, found)
    columns = _dicts_in(table, "columns")
    ids: set[str] = set()
    for index, column in columns:
        identifier = column.get("id")
        if isinstance(identifier, str):
            if identifier in ids:
                found.flaw((*path, "columns", index, "id"), f"the column id {identifier[:80]!r} stands twice")
            ids.add(identifier)
    strays: dict[object, int] = {}
    for index, row in _dicts_in(table, "rows"):
        strays |= {key: index for key in row if key not in ids and key not in strays}
    for key, index in list(strays.items())[:MAX_FINDINGS]:
        found.note((*path, "rows", index, str(key)), f"no column has the id {str(key)[:80]!r}{_nearest(key, ids)}")
    return table


def _dicts_in(table: object, name: str) -> list[tuple[int, dict[str, object]]]:
    items = table.get(name) if isinstance(table, dict) else None
    return (
        [(index, each) for index, each in enumerate(items) if isinstance(each, dict)] if isinstance(items, list) else []
    )


def _row(value: object, path: Path, found: _Findings) -> object:
    if not isinstance(value, dict):
        found.flaw(path, f"an object is wanted for a row, found {_kind(value)}")
        return value
    return {key: _cell(cell, (*path, str(key)), found) for key, cell in value.items()}


def _text_media(value: object, path: Path, found: _Findings) -> object:
    """Want the configuration that the kind of medium calls for."""
    media = _TEXT_MEDIA(value, path, found)
    if isinstance(media, dict):
        if not media.keys() & _TEXT_MEDIA_FIELDS.keys():
            found.flaw(path, f"there is nothing to show in text-media: it has none of {', '.join(_TEXT_MEDIA_FIELDS)}")
        wanted = {"image": "imageConfig", "embed": "embedConfig"}.get(str(media.get("mediaType")))
        if wanted is not None and wanted not in media:
            found.flaw(path, f"{wanted!r} is missing: the mediaType is {media['mediaType']!r}")
    return media


def _pin_config(value: object, path: Path, found: _Findings) -> object:
    """Check the content by the pin's type, as given or as read from the shape."""
    if not isinstance(value, dict):
        found.flaw(path, f"an object is wanted for the pin's content, found {_kind(value)}")
        return value
    if found.pin_type is None:
        found.pin_type = _type_of(value)
    check = _CONTENT.get(found.pin_type or "")
    if check is not None:
        return check(value, path, found)
    found.note(path, _why_unchecked(found.pin_type))
    return value


def _type_of(content: dict[str, object]) -> str | None:
    if "cards" in content:
        return "stat-cards"
    if {"columns", "rows"} <= content.keys():
        return "table"
    if "content" in content:
        return "markdown"
    return "text-media" if "mediaType" in content else None


def _why_unchecked(pin_type: str | None) -> str:
    if pin_type is None:
        return "the content is not checked: no type is given, and its shape is that of no known type"
    if pin_type in PIN_TYPES:
        return f"the content is not checked: the fields of {pin_type!r} pins are not public"
    return f"the content is not checked: {pin_type[:80]!r} is no known pin type{_nearest(pin_type, PIN_TYPES)}"


def _unknown_field(found: _Findings, path: Path, message: str) -> None:
    """Refuse a field that the Update Pin page does not name; say where content belongs."""
    at_home = {"title": "metadata", "tags": "metadata", "pin_config": "metadata", "cards": "metadata.pin_config"}
    home = at_home.get(str(path[-1]))
    found.flaw(path, f"{message.partition(';')[0]}; it belongs in {home}" if home else message)


def _check_encodable(body: object, found: _Findings) -> None:
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
        return "" if _is_finite(leaf) and math.isfinite(leaf) else "an infinite or undefined number"
    return "" if leaf is None or isinstance(leaf, datetime) else f"a {type(leaf).__name__}"


def _is_finite(number: float | Decimal) -> bool:
    return number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)


def _kind(value: object) -> str:
    """Name what was found without showing it, however large or deep it is."""
    if value is None or isinstance(value, bool):
        return {None: "nothing (null)", True: "true", False: "false"}[value]
    kinds = {str: "text", list: "a list", dict: "an object", datetime: "a time"}
    for kind, name in kinds.items():
        if isinstance(value, kind):
            return "empty text" if value == "" else name
    return "a number" if isinstance(value, int | float | Decimal) else f"a {type(value).__name__}"


def _any_of(words: tuple[str, ...]) -> str:
    return " or ".join(repr(word) for word in words)


def _nearest(word: object, allowed: Iterable[str]) -> str:
    """Give `; did you mean 'cards'?`, or nothing where no allowed word is near."""
    near = difflib.get_close_matches(str(word)[:80], allowed, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


_HALF_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_CARD: Final = _object(
    "a card",
    {
        "title": _text,
        "value": _text,
        "change": _text,
        "trend": _word("up", "down", "neutral", tell=_Findings.note),
    },
    required=("title", "value"),
)
_COLUMN: Final = _object(
    "a column", {"id": _identifier, "label": _text, "name": _text, "type": _text}, required=("id",)
)
_TABLE: Final = _object(
    "a table",
    {"columns": _list_of("columns", _column, at_least=1), "rows": _list_of("rows", _row)},
    required=("columns", "rows"),
)
_TEXT_MEDIA_FIELDS: Final[Mapping[str, _Check]] = {
    "title": _text,
    "text": _text,
    "subtext": _text,
    "textPosition": _word("left", "right", tell=_Findings.flaw),
    "mediaType": _word("image", "embed", tell=_Findings.flaw),
    "imageConfig": _object("imageConfig", {"url": _text, "alt": _text, "fileId": _text}),
    "embedConfig": _object("embedConfig", {"type": _text, "url": _text, "aspectRatio": _text}),
}
_TEXT_MEDIA: Final = _object("text-media", _TEXT_MEDIA_FIELDS)
_CONTENT: Final[Mapping[str, _Check]] = {
    "stat-cards": _object("stat-cards", {"cards": _list_of("cards", _CARD, at_least=1)}, required=("cards",)),
    "table": _table,
    "flexible-table": _table,
    "markdown": _object(
        "markdown",
        {"content": _text, "collaboration": _object("collaboration", {"enabled": _boolean})},
        required=("content",),
    ),
    "text-media": _text_media,
}
_BODY: Final = _object(
    "an update",
    {
        "is_public": _boolean,
        "allow_edit": _boolean,
        "require_sign_in": _boolean,
        "allow_comments": _boolean,
        "metadata": _object(
            "metadata",
            {"title": _text, "tags": _list_of("tags", _text), "pin_config": _pin_config},
            tell=_unknown_field,
        ),
    },
    tell=_unknown_field,
)
