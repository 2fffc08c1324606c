"""CloudEvents 1.0: the three modes of HTTP, each brought into the one shape that mappings see. Pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

The shape is that of structured mode, and every event has it alike: attributes are texts, since headers know nothing
else; one that is null is none; what comes as `data_base64` and is JSON or text by its type is `data`.
"""

import base64
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote_to_bytes

import orjson

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.bodies import read_json
from bridge.inbound.layouts.unreadable import Unreadable, read_inner_json

STRUCTURED = "application/cloudevents+json"
DECIDING = frozenset({"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time"})
"""The headers of binary mode that may not come twice."""

_BATCH = "application/cloudevents-batch"
_ATTRIBUTE = re.compile(r"ce-([a-z0-9]{1,100})", re.ASCII)
_REQUIRED = ("id", "source", "type")
_DATA = frozenset({"data", "data_base64"})

Mode = Literal["structured", "binary", "batch"]


def mode_of(headers: Mapping[str, str], body: Json | None) -> Mode:
    """Tell in which mode a request speaks; one with neither the content type nor the headers, by its body."""
    media = headers.get("content-type", "").lower()
    if media.startswith(_BATCH):
        return "batch"
    if not media.startswith("application/cloudevents") and "ce-specversion" in headers:
        return "binary"
    return "batch" if isinstance(body, list) else "structured"


def from_headers(headers: Mapping[str, str], body: bytes) -> bytes:
    """Write an event of binary mode as structured mode has it. Raises `SenderError` 400."""
    event: dict[str, Json] = {}
    for name, value in headers.items():
        if (match := _ATTRIBUTE.fullmatch(name)) is not None:
            event[match[1]] = _decoded(name, value)
    content_type = headers.get("content-type", "")
    if content_type:
        event["datacontenttype"] = content_type
    if body and _is_json(content_type):
        event["data"] = read_json(body)
    elif body:
        event["data_base64"] = base64.b64encode(body).decode()
    return orjson.dumps(event)


def _decoded(name: str, value: str) -> str:
    """Undo what the binding does to a value, once: quotation marks around it, then percent-encoding."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise SenderError(400, "bad_cloudevent", f"the header {name} is not UTF-8 text") from error


def in_one_shape(event: Json) -> dict[str, Json]:
    """Give an event as mappings see it. Raises `Unreadable` with what is wrong with it."""
    if not isinstance(event, dict):
        raise Unreadable("a CloudEvent is an object, found something else")
    shaped: dict[str, Json] = {
        name: _attribute(name, value) for name, value in event.items() if name not in _DATA and value is not None
    }
    if shaped.get("specversion") != "1.0":
        raise Unreadable("a CloudEvent says specversion 1.0; this one does not")
    for name in _REQUIRED:
        if not shaped.get(name):
            raise Unreadable(f"a CloudEvent needs {name}; this one has none")
    if any(character.isspace() for character in str(shaped["source"])):
        raise Unreadable("a CloudEvent's source is a URI, which holds no blank")
    return shaped | _data_of(event, shaped)


def _attribute(name: str, value: Json) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            raise Unreadable(f"the attribute {name[:80]} of a CloudEvent is neither text, a whole number nor a boolean")


def _data_of(event: Mapping[str, Json], shaped: Mapping[str, Json]) -> dict[str, Json]:
    """Give the data, with its type where that is left to the default."""
    content_type = str(shaped.get("datacontenttype", ""))
    encoded = event.get("data_base64")
    if encoded is None:
        return {"datacontenttype": content_type or "application/json", "data": event["data"]} if "data" in event else {}
    if event.get("data") is not None:
        raise Unreadable("a CloudEvent has data or data_base64, and this one has both")
    try:
        data = base64.b64decode(encoded if isinstance(encoded, str) else "-", validate=True)
    except ValueError as error:
        raise Unreadable("the data_base64 of a CloudEvent is not base64") from error
    if _is_json(content_type):
        inner = read_inner_json(data, "the data of a CloudEvent")
        return {"datacontenttype": content_type or "application/json", "data": inner}
    if content_type.lower().startswith("text/"):
        try:
            return {"data": data.decode()}
        except UnicodeDecodeError as error:
            raise Unreadable("the data of a CloudEvent is not UTF-8, as its type says") from error
    return {"data_base64": base64.b64encode(data).decode()}


def _is_json(content_type: str) -> bool:
    """Tell whether data of a type is JSON; without a type it is (JSON format, 3.1.1)."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"", "application/json", "text/json"} or media.endswith("+json")
