"""From verified bytes to a payload: decompression, then JSON or a form of either kind. Pure, and bounded.

What comes out of a decompression never exceeds the limit, nor does it take more memory than
that. JSON is what orjson reads (RFC 8259, UTF-8; no NaN, no lone surrogates), at most 100
levels deep, so that whatever walks it later is safe.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

import orjson

from bridge.errors import SenderError
from bridge.events import Json

MAX_DEPTH = 100
MAX_FIELDS = 1000
MAX_GZIP_MEMBERS = 16
_SHORT_BYTES = 4 * 1024
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NEITHER_QUOTE_NOR_BRACKET = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}", re.ASCII)
_BOM = b"\xef\xbb\xbf"
_CODINGS = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
_WBITS_GZIP, _WBITS_ZLIB, _WBITS_RAW = 31, 15, -15


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFormat:
    """How a body is to be read. `coding` is `gzip`, `deflate` or nothing, `boundary` what parts a multipart form."""

    kind: Literal["json", "form", "multipart"]
    coding: str = ""
    boundary: bytes = b""


JSON_FORMAT = BodyFormat(kind="json")
FORM_FORMAT = BodyFormat(kind="form")


def read_format(headers: Mapping[str, str], *, is_json: bool = False) -> BodyFormat:
    """Read what the headers say of the body; `is_json` where its source knows better than its content type.

    Raises `SenderError` 415 for what is not supported.
    """
    content_type = "application/json" if is_json else headers.get("content-type", "")
    return _read_format(content_type, headers.get("content-encoding", ""))


@lru_cache(maxsize=256)
def _read_format(content_type: str, content_encoding: str) -> BodyFormat:
    media, *parameters = (part.strip() for part in content_type.split(";"))
    kind = _kind_of(media.lower())
    boundary = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.lower() == "charset" and value.strip('"').lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise SenderError(415, "unsupported_charset", "the charset must be utf-8")
        if name.lower() == "boundary":
            boundary = value.strip('"')
    if kind == "multipart" and not _BOUNDARY.fullmatch(boundary):
        raise SenderError(415, "unsupported_type", "a multipart form's content type must say its boundary")
    coding = _CODINGS.get(content_encoding.strip().lower())
    if coding is None:
        raise SenderError(415, "unsupported_encoding", "the content encoding must be gzip or deflate, once, or none")
    return BodyFormat(kind=kind, coding=coding, boundary=boundary.encode() if kind == "multipart" else b"")


def _kind_of(media: str) -> Literal["json", "form", "multipart"]:
    if media == "application/json" or (media.startswith("application/") and media.endswith("+json")):
        return "json"
    if media == "application/x-www-form-urlencoded":
        return "form"
    if media == "multipart/form-data":
        return "multipart"
    allowed = "application/json, application/*+json, application/x-www-form-urlencoded or multipart/form-data"
    raise SenderError(415, "unsupported_type", f"the content type must be {allowed}")


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """Undo the content coding.

    Raises `SenderError`: 413 where more than `limit` bytes come out, 400 for what is
    truncated, corrupt or followed by other bytes.
    """
    if not coding:
        return body
    try:
        if coding == "gzip":
            return _gunzip(body, limit)
        return _inflate(body, limit)
    except zlib.error as error:
        raise SenderError(400, "bad_encoding", f"the body is not {coding}, as its content encoding says") from error


def _gunzip(body: bytes, limit: int) -> bytes:
    """Read one gzip member or several (RFC 1952, 2.2)."""
    out, rest = b"", body
    for _ in range(MAX_GZIP_MEMBERS):
        member, rest = _stream(rest, _WBITS_GZIP, limit - len(out))
        out += member
        if not rest:
            return out
    raise zlib.error("too many members")


def _inflate(body: bytes, limit: int) -> bytes:
    """Read zlib's format (RFC 9110, 8.4.1.2), or the bare stream that many senders take for it."""
    try:
        out, rest = _stream(body, _WBITS_ZLIB, limit)
    except zlib.error:
        out, rest = _stream(body, _WBITS_RAW, limit)
    if rest:
        raise zlib.error("bytes behind the end")
    return out


def _stream(data: bytes, wbits: int, limit: int) -> tuple[bytes, bytes]:
    """Give what comes out, and the bytes behind the stream's end."""
    stream = zlib.decompressobj(wbits)
    out = stream.decompress(data, limit + 1)
    if len(out) > limit:
        raise SenderError(413, "body_too_large", "the body is too large once it is decompressed")
    if not stream.eof:
        raise zlib.error("truncated")
    return out, stream.unused_data


def read_payload(body: bytes, body_format: BodyFormat, *, form_json: str | None) -> Json:
    """Read the payload. Of a form with the field `form_json`, that field's text is read as JSON.

    Raises `SenderError` 400 where the body is empty or not what it claims to be.
    """
    if not body:
        raise SenderError(400, "empty_body", "the body is empty")
    if body_format.kind == "json":
        return read_json(body)
    form = _read_form(body) if body_format.kind == "form" else _read_multipart(body, body_format.boundary)
    if form_json is None or form_json not in form:
        return form
    inside = form[form_json]
    if not isinstance(inside, str):
        raise SenderError(400, "bad_form", f"the form's field {form_json} comes more than once")
    return read_json(inside.encode())


def read_json(body: bytes) -> Json:
    """Read JSON. Raises `SenderError` 400 where it is none, or too deep."""
    try:
        payload: Json = orjson.loads(body.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("depth limit"):
            raise _too_deep() from error
        raise SenderError(400, "bad_json", f"the body is not JSON: {error.msg} at byte {error.pos}") from error
    if _is_deep(body):
        raise _too_deep()
    return payload


def _is_deep(text: bytes) -> bool:
    """Tell whether JSON is nested deeper than `MAX_DEPTH`; from its bytes, which takes less than walking what it says.

    Of the text only quotes and brackets are kept, then what stands between quotes goes, then level for level the
    pairs that hold no other.
    """
    if len(text) <= _SHORT_BYTES and text.count(b"{") + text.count(b"[") <= MAX_DEPTH:
        return False  # the same as below, for less
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = text.translate(_BRACES_AS_BRACKETS, _NEITHER_QUOTE_NOR_BRACKET).replace(b'""', b"")
    if len(brackets) <= 2 * MAX_DEPTH:
        return False
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _too_deep() -> SenderError:
    return SenderError(400, "too_deep", f"the body is nested deeper than {MAX_DEPTH} levels")


def _read_form(body: bytes) -> dict[str, Json]:
    """Read a form: a field that comes several times is a list."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        message = f"the form is not UTF-8 text, or has more than {MAX_FIELDS:,} fields"
        raise SenderError(400, "bad_form", message) from error
    return _gathered(pairs)


def _read_multipart(body: bytes, boundary: bytes) -> dict[str, Json]:
    """Read a multipart form (RFC 7578) as one of the other kind; what files hold is left out, but not their names."""
    from bridge.inbound.multipart import read_fields  # noqa: PLC0415 - few sources need it, and a start is short

    try:
        return _gathered(read_fields(body, boundary, most=MAX_FIELDS))
    except ValueError as error:
        raise SenderError(400, "bad_form", str(error)) from error


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
    fields: dict[str, list[Json]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def read_query(query: bytes) -> dict[str, str]:
    """Read the query string; of a repeated name the last value wins, as in JSON.

    Raises `SenderError` 400 where it is not UTF-8, holds a NUL or too many fields.
    """
    if not query:
        return {}
    try:
        fields = dict(parse_qsl(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise SenderError(400, "bad_query", "the query string is not UTF-8 text, or has too many fields") from error
    if any("\0" in name or "\0" in value for name, value in fields.items()):
        raise SenderError(400, "bad_query", "the query string holds a NUL")
    return fields
