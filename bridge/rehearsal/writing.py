"""Writing values as YAML that is read back as the same: texts as an author would write them, the rest as JSON. Pure."""

import json
import re
from collections.abc import Iterator

import orjson

from bridge.events import Json
from bridge.located import read_plain

_PLAIN = re.compile(r"[^\W\d_]([\w .%/+€-]*[\w%/+€])?")
_UNPRINTABLE = re.compile(
    r"[^\n\x20-\x7e\xa1-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff"
    r"\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What is written as an escape: it cannot be seen, or looks like a space and is none, as before a currency."""
_STEP = "  "


def write_flow(value: Json) -> str:
    """Write a value on one line: `{title: Sales, value: "€50.00"}`."""
    match value:
        case dict():
            return "{" + ", ".join(f"{write_text(key)}: {write_flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(write_flow, value)) + "]"
        case str():
            return write_text(value)
    return orjson.dumps(value).decode()


def write_text(text: str, style: str = "") -> str:
    """Write a text on one line, in the quotes of `style` where it fits them; without, where it needs none."""
    escaped = text.replace("${", "$${")
    if style == "'" and _UNPRINTABLE.search(text) is None and "\n" not in text:
        return "'" + escaped.replace("'", "''") + "'"
    if not style and _PLAIN.fullmatch(text) and read_plain(text) == text:
        return text
    quoted = json.dumps(escaped, ensure_ascii=False)
    return _UNPRINTABLE.sub(_escape, quoted)


def write_block(value: Json, indent: str) -> str:
    """Write what stands behind a key's colon, in block style; the lines below begin with `indent`."""
    match value:
        case dict() if value:
            return "".join(f"\n{indent}{line}" for line in _lines_of_object(value))
        case list() if value:
            return "".join(f"\n{indent}{line}" for line in _lines_of_list(value))
        case str() if "\n" in value and (literal := write_literal(value, indent)):
            return f" {literal}"
    return f" {write_flow(value)}"


def write_lines(value: Json, indent: str) -> str:
    """Write an object or list in block style, from its first character on; further lines begin with `indent`."""
    return write_block(value, indent).removeprefix(f"\n{indent}").removeprefix(" ")


def write_item(value: Json, indent: str) -> str:
    """Write one item of a block list, from its dash on; further lines begin with `indent`."""
    return f"- {write_lines(value, indent + _STEP)}"


def write_literal(text: str, indent: str) -> str:
    """Write a text of several lines after `|`; nothing where only quotes can hold it."""
    content = text.removesuffix("\n")
    if not content or content[0] in " \n\t" or content.endswith("\n") or _UNPRINTABLE.search(text):
        return ""
    lines = content.replace("${", "$${").split("\n")
    body = "".join(f"\n{indent}{line}" if line else "\n" for line in lines)
    return f"|{'' if text.endswith(chr(10)) else '-'}{body}"


def _lines_of_object(value: dict[str, Json]) -> Iterator[str]:
    for key, item in value.items():
        yield from f"{write_text(key)}:{write_block(item, _STEP)}".split("\n")


def _lines_of_list(value: list[Json]) -> Iterator[str]:
    for item in value:
        yield from write_item(item, "").split("\n")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
