"""From an HTTP request to an Event: verify, decompress, read, name. Pure.

The signature is checked over the bytes as they came, before anything is decompressed or
parsed, so only a sender who knows the secret reaches a parser.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from bridge.errors import SenderError
from bridge.events import Event, Json
from bridge.inbound.bodies import decompress, read_format, read_payload, read_query
from bridge.inbound.sources import Source
from bridge.inbound.timestamps import read_event_time
from bridge.inbound.verification import Unverified, Verified

_ALWAYS_SINGLE = frozenset({"content-type", "content-encoding", "content-length", "authorization"})
_AUTHENTICATING = ("authorization", "cookie", "signature", "token", "api-key", "apikey", "secret", "password")


@dataclass(frozen=True, slots=True)
class Request:
    """What the endpoint has read: headers by `read_headers`, the raw query string, the whole raw body."""

    headers: Mapping[str, str]
    query: bytes
    body: bytes


def read_headers(source: Source, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by lower-case name; repeated ones are joined by a comma (RFC 9110, 5.3).

    Raises `SenderError` 400 where a header that decides something comes twice, or a value
    holds a NUL.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        if b"\0" in raw_value:
            raise SenderError(400, "bad_header", f"the header {name[:100]} holds a NUL")
        if name not in headers:
            headers[name] = raw_value.decode("latin-1")
        elif name in source.single_headers or name in _ALWAYS_SINGLE:
            raise SenderError(400, "duplicate_header", f"the header {name} comes more than once")
        else:
            headers[name] += ", " + raw_value.decode("latin-1")
    for name, meaning in source.aliases.items():
        if name in headers and meaning not in headers:
            headers[meaning] = headers.pop(name)
    return headers


def read_event(source: Source, request: Request, *, max_body_bytes: int, now: datetime) -> Event:
    """Make the event of a request. Raises `SenderError`, and then nothing may be stored."""
    headers = request.headers
    content_type = headers.get("content-type", "")
    body_format = read_format(content_type, headers.get("content-encoding", ""))
    verified = source.verifier(Unverified(request.body, headers), now)
    body = decompress(verified.body, body_format.coding, max_body_bytes)
    payload = read_payload(body, is_form=body_format.is_form, form_json=source.form_json)
    event_id = _read_id(source, payload, headers)
    return Event(
        source=source.name,
        type=source.event.text("type", payload, headers) if source.event else "",
        id=event_id or _hash(verified.body).hex(),
        dedup_key=_dedup_key(source, event_id, verified),
        dedup_window_s=source.dedup_window_s,
        at=_read_time(source, payload, headers),
        received_at=now,
        tolerance_s=source.tolerance_s,
        content_type=content_type,
        headers={name: value for name, value in headers.items() if not _authenticates(name, source.credential_headers)},
        query=read_query(request.query),
        body=body,
        payload=payload,
    )


@lru_cache(maxsize=2048)
def _authenticates(name: str, credential_headers: frozenset[str]) -> bool:
    """Tell whether a header may hold a credential: the scheme's own, and whatever is named like one."""
    return name in credential_headers or any(word in name for word in _AUTHENTICATING)


def _read_id(source: Source, payload: Json, headers: Mapping[str, str]) -> str:
    if source.id is None:
        return ""
    event_id = source.id.text("id", payload, headers)
    if not event_id:
        raise SenderError(400, "missing_id", "the delivery's id is missing where this source has it")
    return event_id


def _read_time(source: Source, payload: Json, headers: Mapping[str, str]) -> datetime | None:
    found = source.at.find(payload, headers) if source.at else None
    if found is None:
        return None
    try:
        return read_event_time(found)
    except ValueError as error:
        raise SenderError(400, "bad_time", f"the event's time is unreadable: {error}") from error


def _dedup_key(source: Source, event_id: str, verified: Verified) -> bytes | None:
    """Give what recognises a repeated delivery (docs/sources.md, "Duplicates")."""
    if not source.dedupes:
        return None
    if event_id and source.id_is_covered:
        return _hash(b"id", event_id.encode())
    if event_id:
        return _hash(b"id and body", event_id.encode(), verified.body)
    if source.scheme.signs_time and source.dedup_window_s is None:
        return _hash(b"time and body", (verified.timestamp or "").encode("latin-1"), verified.body)
    return _hash(b"body", verified.body)


def _hash(*parts: bytes) -> bytes:
    """Hash parts so that no two lists of parts give the same input, to 16 bytes."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
