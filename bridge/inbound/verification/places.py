"""Where in a request that stands which proves it: in headers, in the query string, or in the payload.

The payload is parsed only for those who have something there. It is then parsed before anything is
verified, because there is no other way to it; by the same reader, and so with the same bounds, as
afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import parse_qsl, quote_plus, urlencode

import orjson

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.bodies import MAX_FIELDS, read_format, read_payload
from bridge.inbound.layouts.items import Items
from bridge.inbound.locations import PathPlace
from bridge.inbound.verification.scheme import Unverified

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

Root = Callable[[], Json]
"""Gives what paths begin at: the payload, or one item of it."""


@dataclass(frozen=True, slots=True)
class InHeaders:
    """A header, or one of several, by lower-case names."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        """Name it, as the subject of a sentence."""
        first, *others = self.names
        return f"the header {first} (or another up to {others[-1]})" if others else f"the header {first}"

    def find(self, request: Unverified, _root: Root) -> list[str]:
        """Give the values that are there and not empty."""
        headers = request.headers
        return [headers[name] for name in self.names if headers.get(name)]

    def put(self, request: Unverified, text: str) -> Unverified:
        """Give the request with the text there."""
        return request._replace(headers={**request.headers, self.names[0]: text})


@dataclass(frozen=True, slots=True)
class InQuery:
    """A field of the query string."""

    name: str

    def __str__(self) -> str:
        """Name it, as the subject of a sentence."""
        return f"the field {self.name} of the query string"

    def find(self, request: Unverified, _root: Root) -> list[str]:
        """Give its values that are not empty. Raises `SenderError` 400 where the query cannot be read."""
        return [value for name, value in read_pairs(request.query, "bad_query") if name == self.name and value]

    def put(self, request: Unverified, text: str) -> Unverified:
        """Give the request with the text there."""
        others = [pair for pair in request.query.split(b"&") if pair and pair.partition(b"=")[0].decode() != self.name]
        return request._replace(query=b"&".join([*others, f"{self.name}={quote_plus(text)}".encode()]))


@dataclass(frozen=True, slots=True)
class InPayload:
    """A place in the payload."""

    path: PathPlace

    def __str__(self) -> str:
        """Name it, as the subject of a sentence."""
        return f"the body's value {self.path}"

    def find(self, _request: Unverified, root: Root) -> list[str]:
        """Give the value's text where it is there and not empty. Raises `SenderError` 401 where it has none."""
        text = text_of(self.path.find(root(), {}), self)
        return [text] if text else []

    def put(self, request: Unverified, text: str) -> Unverified:
        """Give the request with the text there."""
        return self.put_each(request, None, lambda _root: text)

    def put_each(self, request: Unverified, each: Items | None, text: Callable[[Root], str]) -> Unverified:
        """Give the request with a text there in every item, as a number where one stands there already."""
        payload = payload_of(request)
        for root in item_roots(each, payload):
            _set(root(), self.path.steps, text(root))
        return request._replace(body=_written(payload(), request))


Place = InHeaders | InQuery | InPayload


class ProvedInPlace:
    """What follows for a scheme from the one place where its proof stands."""

    __slots__ = ()

    place: Place

    @property
    def headers(self) -> frozenset[str]:
        """The headers of the proof; there may be others that a scheme reads."""
        return self.credential_headers

    @property
    def credential_headers(self) -> frozenset[str]:
        """The headers of the proof."""
        return frozenset(self.place.names) if isinstance(self.place, InHeaders) else frozenset()

    @property
    def credential_fields(self) -> frozenset[str]:
        """The proof's field of the query string."""
        return frozenset({self.place.name}) if isinstance(self.place, InQuery) else frozenset()


def payload_of(request: Unverified) -> Root:
    """Give the payload of a request; it is parsed when it is first asked for.

    Raises `SenderError` 400 where it cannot be parsed, 415 where it is compressed.
    """
    return cache(partial(_parse, request))


def item_roots(each: Items | None, root: Root) -> list[Root]:
    """Give what proves itself: the payload, or each of its items. Raises `SenderError` for none, and for too many."""
    if each is None:
        return [root]
    items = each.find(root())
    if not items:
        raise SenderError(401, "missing_signature", f"there is no item at {each}, and so no signature")
    return [partial(_itself, item.value) for item in items]


def _itself(value: Json) -> Json:
    return value


def text_of(value: Json, what: object) -> str:
    """Give the one text that a value is signed as; a missing one is empty.

    Raises `SenderError` 401 for what may be written in more than one way.
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            raise SenderError(401, "malformed_signature", f"{what} is neither text nor a whole number")


def is_form(request: Unverified) -> bool:
    """Tell whether the body is a plain form."""
    return _media_type(request) == _FORM


def read_pairs(encoded: bytes, code: str) -> list[tuple[str, str]]:
    """Read names and values in the form's encoding. Raises `SenderError` 400 with the code."""
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        message = f"its fields are not UTF-8 text, or more than {MAX_FIELDS:,}"
        raise SenderError(400, code, message) from error


def _parse(request: Unverified) -> Json:
    # What is no form is read as JSON; whether it may be is told by who reads the event.
    is_json = _media_type(request) not in {_FORM, _MULTIPART}
    body_format = read_format(request.headers, is_json=is_json)
    if body_format.kind == "multipart":
        raise SenderError(
            415, "unsupported_type", "this source proves itself by what stands in JSON or in a plain form"
        )
    if body_format.coding:
        message = "this source proves itself by what stands in the body, which must not be compressed"
        raise SenderError(415, "unsupported_encoding", message)
    return read_payload(request.body, body_format, form_json=None)


def _media_type(request: Unverified) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _written(payload: Json, request: Unverified) -> bytes:
    """Write a payload as the body that it came in."""
    if isinstance(payload, dict) and is_form(request):
        return urlencode(payload, doseq=True).encode()
    return orjson.dumps(payload)


def _set(value: Json, steps: Sequence[str | int], text: str) -> None:
    """Set a text at a place of a payload; objects on the way are made where they are missing, lists get no items."""
    for step in steps[:-1]:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.setdefault(step, {})
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
    last = steps[-1]
    if isinstance(value, dict) and isinstance(last, str):
        value[last] = int(text) if isinstance(value.get(last), int) and text.isdecimal() else text
    elif isinstance(value, list) and isinstance(last, int) and last < len(value):
        value[last] = text
