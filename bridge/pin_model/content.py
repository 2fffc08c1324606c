"""The content of a pin, by its type: the fields whose pages are public.

`stat-cards`, `table` and `flexible-table`, `markdown`, `text-media`; content of any other type
passes as it is, and a note says so.
"""

from collections.abc import Mapping
from typing import Final

from bridge.pin_model.checks import Check, boolean, cell, identifier, list_of, object_of, text, word
from bridge.pin_model.findings import MAX_FINDINGS, Findings, Path, kind_of
from bridge.pin_model.names import PIN_TYPES
from bridge.spelling import suggest


def pin_config(value: object, path: Path, found: Findings) -> object:
    """Check the content by the pin's type, as given or as read from the shape."""
    if not isinstance(value, dict):
        found.flaw(path, f"an object is wanted for the pin's content, found {kind_of(value)}")
        return value
    if found.pin_type is None:
        found.pin_type = _type_of(value)
    check = _CONTENT.get(found.pin_type or "")
    if check is not None:
        return check(value, path, found)
    found.note(path, _why_unchecked(found.pin_type), is_unchecked=True)
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
    return f"the content is not checked: {pin_type[:80]!r} is no known pin type{suggest(pin_type, PIN_TYPES)}"


def _unknown_field(found: Findings, path: Path, message: str, *, is_of_key: bool) -> None:
    """Note a field that the content has not; say where the pin's own title and tags belong."""
    if path[-1] in {"title", "tags"}:
        message = f"{message.partition(';')[0]}; it belongs in metadata, beside pin_config"
    found.note(path, message, is_of_key=is_of_key)


def _column(value: object, path: Path, found: Findings) -> object:
    """Want a column with an id and a heading: `label` in the Update Pin page, `name` in later pages."""
    if isinstance(value, dict) and not value.keys() & {"label", "name"}:
        found.flaw(path, "a column needs a heading, as 'label' or as 'name', whichever its pin shows")
    return _COLUMN(value, path, found)


def _table(value: object, path: Path, found: Findings) -> object:
    """Want columns and rows; ids are unique, and a cell under no column is noted."""
    table = _TABLE(value, path, found)
    columns = _dicts_in(table, "columns")
    ids: set[str] = set()
    for index, column in columns:
        own = column.get("id")
        if isinstance(own, str):
            if own in ids:
                found.flaw((*path, "columns", index, "id"), f"the column id {own[:80]!r} stands twice")
            ids.add(own)
    if len(ids) < _length(table, "columns"):
        return table  # a column that has no id yet may be that of any cell
    strays: dict[object, int] = {}
    for index, row in _dicts_in(table, "rows"):
        strays |= {key: index for key in row if key not in ids and key not in strays}
    for key, index in list(strays.items())[:MAX_FINDINGS]:
        message = f"no column has the id {str(key)[:80]!r}{suggest(str(key), ids)}"
        found.note((*path, "rows", index, str(key)), message, is_of_key=True)
    return table


def _length(table: object, name: str) -> float:
    """Count the items of a list; what is no list may yet have any number."""
    items = table.get(name) if isinstance(table, dict) else None
    return len(items) if isinstance(items, list) else float("inf")


def _dicts_in(table: object, name: str) -> list[tuple[int, dict[str, object]]]:
    items = table.get(name) if isinstance(table, dict) else None
    return (
        [(index, each) for index, each in enumerate(items) if isinstance(each, dict)] if isinstance(items, list) else []
    )


def _row(value: object, path: Path, found: Findings) -> object:
    if not isinstance(value, dict):
        found.flaw(path, f"an object is wanted for a row, from each column's id to its cell, found {kind_of(value)}")
        return value
    return {key: cell(child, (*path, str(key)), found) for key, child in value.items()}


def _text_media(value: object, path: Path, found: Findings) -> object:
    """Want the configuration that the kind of medium calls for."""
    media = _TEXT_MEDIA(value, path, found)
    if isinstance(media, dict):
        if not media.keys() & _TEXT_MEDIA_FIELDS.keys():
            found.flaw(path, f"there is nothing to show in text-media: it has none of {', '.join(_TEXT_MEDIA_FIELDS)}")
        wanted = {"image": "imageConfig", "embed": "embedConfig"}.get(str(media.get("mediaType")))
        if wanted is not None and wanted not in media:
            found.flaw(path, f"{wanted!r} is missing: the mediaType is {media['mediaType']!r}")
    return media


_CARD: Final = object_of(
    "a card",
    {
        "title": text,
        "value": text,
        "change": text,
        "trend": word("up", "down", "neutral", tell=Findings.note),
    },
    required=("title", "value"),
)
_COLUMN: Final = object_of("a column", {"id": identifier, "label": text, "name": text, "type": text}, required=("id",))
_TABLE: Final = object_of(
    "a table",
    {"columns": list_of("columns", _column, at_least=1), "rows": list_of("rows", _row)},
    required=("columns", "rows"),
    tell=_unknown_field,
)
_TEXT_MEDIA_FIELDS: Final[Mapping[str, Check]] = {
    "title": text,
    "text": text,
    "subtext": text,
    "textPosition": word("left", "right", tell=Findings.flaw),
    "mediaType": word("image", "embed", tell=Findings.flaw),
    "imageConfig": object_of("imageConfig", {"url": text, "alt": text, "fileId": text}),
    "embedConfig": object_of("embedConfig", {"type": text, "url": text, "aspectRatio": text}),
}
_TEXT_MEDIA: Final = object_of("text-media", _TEXT_MEDIA_FIELDS)
_CONTENT: Final[Mapping[str, Check]] = {
    "stat-cards": object_of(
        "stat-cards",
        {"cards": list_of("cards", _CARD, at_least=1)},
        required=("cards",),
        tell=_unknown_field,
    ),
    "table": _table,
    "flexible-table": _table,
    "markdown": object_of(
        "markdown",
        {"content": text, "collaboration": object_of("collaboration", {"enabled": boolean})},
        required=("content",),
        tell=_unknown_field,
    ),
    "text-media": _text_media,
}
