"""What is signed: text with parts of the request between. Assembled as bytes, which are never re-rendered.

"{timestamp}.{body}"        "{method}{url}{body}{timestamp}"        "{json:$.token}"
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from bridge.errors import SenderError
from bridge.inbound.locations import parse_path
from bridge.inbound.verification.places import InHeaders, InPayload, InQuery, Place, Root, is_form, read_pairs, text_of
from bridge.inbound.verification.scheme import Unverified

Fill = Callable[[Unverified, str | None, Root], bytes]
"""Gives the signed bytes of a request, its timestamp and its payload. Raises `SenderError` where a part is missing."""

PLACEHOLDERS = (
    "{body}, {timestamp}, {header:Name}, {headers:Name}, {query:name}, {json:$.path}, {form:sorted}, "
    "{sha256:body}, {method}, {url}, {url:unescaped} and {path}"
)
_PLACEHOLDER = re.compile(
    r"\{(body|timestamp|method|path|url|url:unescaped|form:sorted|sha256:body"
    r"|headers?:[A-Za-z0-9-]{1,100}|query:[A-Za-z0-9_.-]{1,100}|json:\$[^{}]{1,500})\}"
)
_ESCAPED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""What `{url:unescaped}` undoes: HubSpot's list."""


class Part(NamedTuple):
    """A placeholder; `name` is a header's in lower case, a field's, or a path's text."""

    kind: str
    name: str = ""


_WHOLE_BODY = frozenset({Part("body"), Part("sha256", "body"), Part("form", "sorted")})
_WITH_QUERY = frozenset({Part("url"), Part("url", "unescaped"), Part("path")})


@dataclass(frozen=True, slots=True)
class Template:
    """The text, as literal bytes and parts."""

    parts: tuple[Part | bytes, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read `{timestamp}.{body}`. Raises `ValueError` for an unknown placeholder."""
        pieces = _PLACEHOLDER.split(text)
        if any("{" in literal or "}" in literal for literal in pieces[::2]):
            raise ValueError(f"{text!r} may hold {PLACEHOLDERS}, and no other braces")
        parts = [_part(piece) if turn % 2 else piece.encode() for turn, piece in enumerate(pieces)]
        return cls(tuple(part for part in parts if part))

    def names(self, kind: str) -> frozenset[str]:
        """Give the names that placeholders of one kind have."""
        return frozenset(part.name for part in self.parts if isinstance(part, Part) and part.kind == kind)

    @property
    def headers(self) -> frozenset[str]:
        """The headers that are signed, or say which are."""
        return self.names("header") | self.names("headers")

    @property
    def signs_body(self) -> bool:
        """Tell whether all of the body is signed."""
        return not _WHOLE_BODY.isdisjoint(self.parts)

    @property
    def signs_url(self) -> bool:
        """Tell whether the address is signed that the sender knows."""
        return bool(self.names("url"))

    @property
    def lists_headers(self) -> bool:
        """Tell whether the sender says which headers are signed."""
        return bool(self.names("headers"))

    @property
    def has_timestamp(self) -> bool:
        """Tell whether the timestamp is signed by name."""
        return Part("timestamp") in self.parts

    def signs(self, place: Place) -> bool:
        """Tell whether what stands at a place is signed."""
        match place:
            case InHeaders(names):
                return self.names("header") >= set(names)
            case InQuery(name):
                return name in self.names("query") or not _WITH_QUERY.isdisjoint(self.parts)
            case InPayload(path):
                return self.signs_body or path in map(parse_path, self.names("json"))

    def compile(self, url: str, *, required: frozenset[str] = frozenset()) -> Fill:
        """Prepare for requests to the address; a sender who lists what headers are signed must list the required."""
        if self.parts == (Part("body"),):
            return lambda request, _timestamp, _root: request.body
        match self.parts:
            case (Part("timestamp"), bytes(between), Part("body")):
                return lambda request, timestamp, _root: (timestamp or "").encode() + between + request.body
        pattern = b"".join([part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in self.parts])
        makers = [_maker(part, url, required) for part in self.parts if isinstance(part, Part)]
        return lambda request, timestamp, root: pattern % tuple([make(request, timestamp, root) for make in makers])


def _part(placeholder: str) -> Part:
    kind, _, name = placeholder.partition(":")
    if kind == "json":
        parse_path(name)
    return Part(kind, name.lower() if kind in {"header", "headers"} else name)


def _maker(part: Part, url: str, required: frozenset[str]) -> Fill:
    """Give what makes the bytes of one part."""
    match part:
        case Part("header", name):
            return lambda request, _timestamp, _root: _header(request, name)
        case Part("headers", name):
            return lambda request, _timestamp, _root: _listed_headers(request, name, required)
        case Part("query", name):
            return lambda request, _timestamp, _root: _field(request, name)
        case Part("json", name):
            path = parse_path(name)
            return lambda _request, _timestamp, root: text_of(path.find(root(), {}), f"what is signed {path}").encode()
        case Part("url" | "path" as kind, name):
            return partial(_address, urlsplit(url).path if kind == "path" else url, unescapes=name == "unescaped")
        case Part(kind):
            return _UNNAMED[kind]


def _header(request: Unverified, name: str) -> bytes:
    value = request.headers.get(name)
    if value is None:
        raise SenderError(401, "missing_signature", f"the signed header {name} is missing")
    return value.encode("latin-1")


def _listed_headers(request: Unverified, list_name: str, required: frozenset[str]) -> bytes:
    """Write `name:value;…` of the headers that a header lists, sorted, as Contentful does."""
    names = sorted({name.strip().lower() for name in _header(request, list_name).decode("latin-1").split(",")})
    if not required <= set(names):
        raise SenderError(401, "missing_timestamp", f"the timestamp is none of the headers that {list_name} lists")
    return b";".join(name.encode("latin-1") + b":" + _header(request, name).strip() for name in names)


def _field(request: Unverified, name: str) -> bytes:
    values = [value for found, value in read_pairs(request.query, "bad_query") if found == name]
    if len(values) != 1:
        raise SenderError(401, "missing_signature", f"the signed field {name} is not in the query string once")
    return values[0].encode()


def _sorted_form(request: Unverified) -> bytes:
    """Join names and values by name, each value of a name once, as Twilio does; nothing of another kind of body."""
    if not is_form(request):
        return b""
    pairs = sorted(set(read_pairs(request.body, "bad_form")))
    return "".join(name + value for name, value in pairs).encode()


def _address(base: str, request: Unverified, _timestamp: str | None, _root: Root, *, unescapes: bool) -> bytes:
    query = b"?" + request.query if request.query else b""
    if unescapes:
        query = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), query.decode("latin-1")).encode("latin-1")
    return base.encode() + query


_UNNAMED: Mapping[str, Fill] = {
    "body": lambda request, _timestamp, _root: request.body,
    "timestamp": lambda _request, timestamp, _root: (timestamp or "").encode(),
    "method": lambda request, _timestamp, _root: request.method.encode(),
    "sha256": lambda request, _timestamp, _root: hashlib.sha256(request.body).hexdigest().encode(),
    "form": lambda request, _timestamp, _root: _sorted_form(request),
}
