"""The source by which the bridge tells of itself: read like any other, and no address leads to it."""

from datetime import datetime

from bridge.events import Event
from bridge.inbound.bodies import JSON_FORMAT
from bridge.inbound.receive import Request, read_event
from bridge.inbound.sources import Source

_HEADERS = {"content-type": "application/json"}


def own_event(source: Source, body: bytes, now: datetime) -> Event:
    """Make the event of a body that was made here."""
    request = Request(_HEADERS, JSON_FORMAT, b"", body)
    return read_event(source, request, max_body_bytes=len(body), now=now)
