"""A source that declares a layout, and the ways in which one of its deliveries is read: live, and from the journal."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.events import Event
from bridge.inbound import Source, load_sources, reread
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_events, read_headers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAX_BODY_BYTES = 2**20
JSON = {"content-type": "application/json"}


def declared(keys: str, name: str = "plant") -> Source:
    """Make a source of its keys, as they stand in `sources.yaml`."""
    text = f"{name}: {{{keys}}}"
    return load_sources({}, text.encode(), lambda _: (b"user:secret",))[name]


def read_all(
    source: Source, body: Any, headers: Mapping[str, str] = JSON, unread: list[str] | None = None
) -> list[Event]:
    """Read all events of a delivery; a body that is no bytes is written as JSON. What is unread is added to a list."""
    told = [] if unread is None else unread
    given = read_headers(source, [(name.encode(), value.encode("latin-1")) for name, value in headers.items()])
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(given, read_format(given, is_json=source.is_json), b"", written)
    reading = read_events(source, request, max_body_bytes=MAX_BODY_BYTES, now=NOON, unread=told.append)
    return [*reading.events]


def again(source: Source, event: Event) -> tuple[Any, str]:
    """Read an event as a rebuild does, of what the journal keeps."""
    return reread(source, event.body, event.content_type)
