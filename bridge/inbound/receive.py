"""From an HTTP request to an Event: verify, decompress, read, name. Pure.

The signature is checked over the bytes as they came, before anything is decompressed or
parsed, so only a sender who knows the secret reaches a parser.

A source that declares a layout has its events from `read_events`, every other one from `read_event`, which is the
way of nearly all webhooks and is spared what that takes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from bridge.errors import SenderError
from bridge.events import Event, Json
from bridge.inbound.bodies import BodyFormat, decompress, read_format, read_payload, read_query
from bridge.inbound.layouts import Laid, Unreadable
from bridge.inbound.layouts.layout import Delivered
from bridge.inbound.locations import HeaderPlace, Location, PathPlace
from bridge.inbound.shaking import shake_inside, shake_unproved
from bridge.inbound.sources import Source
from bridge.inbound.verification import Unverified, Verified
from bridge.inbound.verification.wanted import NOTHING_KNOWN, Known
from bridge.times import read_instant

_ALWAYS_SINGLE = frozenset({"content-type", "content-encoding", "content-length", "authorization"})
_AUTHENTICATING = ("authorization", "cookie", "signature", "token", "apikey", "secret", "password")


class Request(NamedTuple):
    """What the endpoint has read: headers by `read_headers`, with what they say of the body, and both raw."""

    headers: Mapping[str, str]
    format: BodyFormat
    query: bytes
    body: bytes


def read_headers(source: Source, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by lower-case name; repeated ones are joined by a comma (RFC 9110, 5.3).

    Raises `SenderError` 400 where a header that decides something comes twice, or a value
    holds a NUL.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = _name(raw_name)
        value = raw_value.decode("latin-1")
        if "\0" in value:
            raise SenderError(400, "bad_header", f"the header {name[:100]} holds a NUL")
        if name not in headers:
            headers[name] = value
        elif name in source.single_headers or name in _ALWAYS_SINGLE:
            raise SenderError(400, "duplicate_header", f"the header {name} comes more than once")
        else:
            headers[name] += ", " + value
    for name, meaning in source.aliases.items():
        if name in headers and meaning not in headers:
            headers[meaning] = headers.pop(name)
    return headers


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str:
    """Read a header's name; senders have the same ones every time."""
    return raw.decode("latin-1").lower()


def _verified(source: Source, request: Request, now: datetime, known: Known) -> Verified:
    headers, _, query, unverified = request
    try:
        return source.verifier(Unverified(unverified, headers, query, known=known), now)
    except SenderError:
        if source.handshakes.unproved:
            shake_unproved(source, *request)
        raise


def read_event(
    source: Source, request: Request, *, max_body_bytes: int, now: datetime, known: Known = NOTHING_KNOWN
) -> Event:
    """Make the event of a request; `known` is what was looked up.

    Raises `SenderError`, or `Handshaken`, and then nothing may be stored; `KeyWanted` where a look-up comes first.
    """
    headers, body_format, query, _ = request
    verified = _verified(source, request, now, known)
    body = decompress(verified.body, body_format.coding, max_body_bytes)
    payload = read_payload(body, body_format, form_json=source.form_json)
    if source.handshakes.inside:
        shake_inside(source, headers, query, payload, among=source.handshakes.inside)
    event_id = _read_id(source, payload, headers)
    return Event(
        source=source.name,
        type=source.event.text("type", payload, headers) if source.event else "",
        id=event_id or _hash(verified.body).hex(),
        dedup_key=_dedup_key(source, event_id, verified, is_id_covered=source.id_is_covered),
        dedup_window_s=source.dedup_window_s,
        at=_read_time(source, payload, headers),
        received_at=now,
        tolerance_s=source.tolerance_s,
        content_type=headers.get("content-type", ""),
        headers={name: headers[name] for name in _kept(tuple(headers), source.credential_headers)},
        query=_read_query(query, source.scheme.credential_fields) if query else {},
        body=body,
        payload=payload,
    )


class Reading(NamedTuple):
    """The events of one delivery, each read when it is asked for; `is_batch` where there may be any number."""

    events: Iterator[Event]
    is_batch: bool


class _Common(NamedTuple):
    """What all events of a delivery have in common."""

    source: Source
    verified: Verified
    headers: Mapping[str, str]
    kept: Mapping[str, str]
    query: Mapping[str, str]
    received_at: datetime
    is_batch: bool
    is_id_covered: bool


def read_events(  # noqa: PLR0913 - all of it by name but what is read
    source: Source,
    request: Request,
    *,
    max_body_bytes: int,
    now: datetime,
    unread: Callable[[str], None],
    known: Known = NOTHING_KNOWN,
) -> Reading:
    """Make the events of a request to a source that declares a layout.

    Raises `SenderError` as `read_event` does, and then nothing may be stored. Of a batch whatever is wrong with one
    event refuses none of them: a type, id or time that cannot be read counts as none, and `unread` is told.
    """
    headers, body_format, query, _ = request
    verified = _verified(source, request, now, known)
    body = decompress(verified.body, body_format.coding, max_body_bytes)
    if body and source.handshakes.inside:
        payload = read_payload(body, body_format, form_json=source.form_json)
        shake_inside(source, headers, query, payload, among=source.handshakes.inside)
    assert source.layout is not None  # noqa: S101 - whoever calls asked for it
    # Headers may become a part of what is kept; none of them that authenticates may.
    tellable = {name: value for name, value in headers.items() if name not in source.credential_headers}
    outlay = source.layout.lay_out(Delivered(body, tellable, body_format), form_json=source.form_json)
    common = _Common(
        source=source,
        verified=verified,
        headers=headers,
        kept={name: headers[name] for name in _kept(tuple(headers), source.credential_headers)},
        query=_read_query(query, source.scheme.credential_fields) if query else {},
        received_at=now,
        is_batch=outlay.is_batch,
        is_id_covered=source.id_is_covered
        and (not outlay.is_named_by_headers or source.scheme.covers(HeaderPlace("ce-id"))),
    )
    events = (_read_laid(common, laid, unread) for laid in outlay.events)
    # One event is read here, so that what is wrong with it is told to its sender.
    return Reading(events if outlay.is_batch else iter([*events]), outlay.is_batch)


def _read_laid(common: _Common, laid: Laid, unread: Callable[[str], None]) -> Event:
    source, headers = common.source, common.headers
    if common.is_batch:
        event_type = _text_or_none("type", source.event, laid.views, headers, unread)
        event_id = _text_or_none("id", source.id, laid.views, headers, unread)
    else:
        event_type = source.event.text("type", laid.views, headers) if source.event else ""
        event_id = _read_id(source, laid.views, headers)
    at = _read_time(source, laid.views, headers)
    if at is None and (reason := _why_no_time(source, laid.views, headers)):
        unread(f"the event's time: {reason}")
    return Event(
        source=source.name,
        type=event_type,
        id=event_id or _hash(common.verified.body, repr(laid.indexes).encode() if laid.indexes else b"").hex(),
        dedup_key=_laid_key(common, event_id, laid),
        dedup_window_s=source.dedup_window_s,
        at=at,
        received_at=common.received_at,
        tolerance_s=source.tolerance_s,
        content_type=laid.content_type,
        headers=common.kept,
        query=common.query,
        body=laid.body,
        payload=laid.payload,
        fault=laid.fault,
    )


def _text_or_none(
    what: str, location: Location | None, views: Json, headers: Mapping[str, str], unread: Callable[[str], None]
) -> str:
    if location is None:
        return ""
    try:
        return location.text(what, views, headers)
    except SenderError as error:
        unread(error.message)
        return ""


def _laid_key(common: _Common, event_id: str, laid: Laid) -> bytes | None:
    """Give what recognises one event: its id as any other, or else its place in what recognises the delivery."""
    key = _dedup_key(common.source, event_id, common.verified, is_id_covered=common.is_id_covered)
    if key is None or not laid.indexes or (event_id and _reads_item(common.source.id)):
        return key
    return _hash(b"item:" + repr(laid.indexes).encode() + b":", key)


@lru_cache(maxsize=256)
def _reads_item(location: Location | None) -> bool:
    """Tell whether an id is of the event itself, and not of the delivery that it came with."""
    places = location.places if location is not None else ()
    return any(isinstance(place, PathPlace) for place in places)


def reread(source: Source, body: bytes, content_type: str) -> tuple[Json, str]:
    """Read once more the payload of an event that was taken in, of its own body; gives why that cannot be read, too."""
    try:
        body_format = read_format({"content-type": content_type}, is_json=source.is_json)
        payload = read_payload(body, body_format, form_json=source.form_json)
    except SenderError as error:
        return None, f"its source reads it otherwise now: {error}"
    if source.layout is None:
        return payload, ""
    try:
        return source.layout.reread(payload), ""
    except Unreadable as error:
        return None, str(error)


def why_no_time(source: Source, event: Event) -> str:
    """Say why an event has no time of its own; empty where nothing stands at the place that its source names."""
    return _why_no_time(source, event.payload, event.headers)


def _why_no_time(source: Source, payload: Json, headers: Mapping[str, str]) -> str:
    found = source.at.find(payload, headers) if source.at else None
    if found is None:
        return ""
    try:
        read_instant(found)
    except ValueError as error:
        return f"what stands there {error}"
    return ""


@lru_cache(maxsize=1024)
def _kept(names: tuple[str, ...], credential_headers: frozenset[str]) -> tuple[str, ...]:
    """Leave out what may hold a credential: the scheme's own headers, and whatever is named like one.

    A sender names the same headers every time, so this is remembered for all of them at once.
    """
    return tuple(name for name in names if name not in credential_headers and not _authenticates(name))


def _read_query(query: bytes, credential_fields: frozenset[str]) -> dict[str, str]:
    """Read the query string, less what may hold a credential; it is kept, and shown, with the event."""
    fields = read_query(query)
    return {name: value for name, value in fields.items() if name not in credential_fields and not _authenticates(name)}


def _authenticates(name: str) -> bool:
    """Tell whether a header or a field is named as if it held a credential, with whichever separator."""
    plain = name.lower().replace("-", "").replace("_", "")
    return any(word in plain for word in _AUTHENTICATING)


def _read_id(source: Source, payload: Json, headers: Mapping[str, str]) -> str:
    if source.id is None:
        return ""
    event_id = source.id.text("id", payload, headers)
    if not event_id:
        raise SenderError(400, "missing_id", f"the delivery's id is missing; this source has it {source.id}")
    return event_id


def _read_time(source: Source, payload: Json, headers: Mapping[str, str]) -> datetime | None:
    """Give the event's own time; an unreadable one counts as none, for the event is genuine all the same."""
    found = source.at.find(payload, headers) if source.at else None
    if found is None:
        return None
    try:
        return read_instant(found)
    except ValueError:
        return None


def _dedup_key(source: Source, event_id: str, verified: Verified, *, is_id_covered: bool) -> bytes | None:
    """Give what recognises a repeated delivery (docs/sources.md, "Duplicates").

    What is hashed says what it is and how long its parts are, so that no two deliveries are alike by chance.
    """
    if not source.dedupes:
        return None
    if event_id and is_id_covered:
        return _hash(f"id:{event_id}".encode())
    if event_id:
        return _hash(f"id+body:{len(event_id)}:{event_id}".encode(), verified.body)
    if source.scheme.signs_time and source.dedup_window_s is None:
        timestamp = verified.timestamp or ""
        return _hash(f"time+body:{len(timestamp)}:{timestamp}".encode(), verified.body)
    return _hash(b"body:", verified.body)


def _hash(*parts: bytes) -> bytes:
    """Hash to 16 bytes."""
    return blake2b(b"".join(parts), digest_size=16).digest()
