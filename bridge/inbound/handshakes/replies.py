"""What a handshake answers: text or JSON with values of the request in it, within narrow bounds. Pure.

Whoever knows the address may cause such an answer, and open it in a browser. So a value is short and
holds nothing that is markup or code, the content is plain text or JSON that is encoded here, and a
browser is told to take it for nothing else.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.handshakes.places import Asked, AskedPlace, find, parse_asked_place
from bridge.inbound.verification.encodings import ENCODERS

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as they go over the wire: names in lower case, and values."""

MAX_ECHO = 1024
"""How many characters a value may have that comes back: several times the longest known."""

HMACS: Mapping[str, str] = {"hmac_hex": "hex", "hmac_base64": "base64"}
"""What may stand behind a place, with its encoding: the value's HMAC-SHA256 under the secret, not the value."""

_HARMLESS = re.compile(r"""[ !#$%()*+,\-./0-9:;=?@A-Z\[\]^_`a-z{|}~]+""", re.ASCII)
"""Printable ASCII, less quotes, angle brackets, ampersand and backslash."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_GUARD: Fields = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class Echo:
    """A value of the request; with a word of `HMACS`, its HMAC instead."""

    place: AskedPlace
    hmac: str = ""

    def fill(self, asked: Asked, secret: bytes) -> str:
        """Give the text. Raises `SenderError` 400 where the value is missing, or is more than a harmless short text."""
        value = find(self.place, asked)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not text:
            raise SenderError(400, "bad_handshake", f"a text is missing {self.place}")
        if len(text) > MAX_ECHO or _HARMLESS.fullmatch(text) is None:
            message = f"the text {self.place} is longer than {MAX_ECHO:,} characters, or holds what no challenge needs"
            raise SenderError(400, "bad_handshake", message)
        if not self.hmac:
            return text
        return ENCODERS[HMACS[self.hmac]](hmac.digest(secret, text.encode(), "sha256")).decode()


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """Text with values of the request in it: `{query:challenge}`, `{$.plainToken | hmac_hex}`."""

    parts: tuple[str | Echo, ...]

    @classmethod
    def parse(cls, text: str) -> "ReplyTemplate":
        """Read one. Raises `ValueError` for braces around anything else."""
        pieces = _PLACEHOLDER.split(text)
        if any("{" in literal or "}" in literal for literal in pieces[::2]):
            raise ValueError("a brace stands alone; write {query:name}, {header:Name} or {$.path}")
        parts = [_echo(piece) if turn % 2 else piece for turn, piece in enumerate(pieces)]
        return cls(tuple(part for part in parts if part))

    @property
    def echoes(self) -> tuple[Echo, ...]:
        """The values in it."""
        return tuple(part for part in self.parts if isinstance(part, Echo))

    def fill(self, asked: Asked, secret: bytes) -> str:
        """Give the text. Raises `SenderError` 400."""
        return "".join(part if isinstance(part, str) else part.fill(asked, secret) for part in self.parts)


ReplyJson = ReplyTemplate | str | None | bool | int | float | list["ReplyJson"] | dict[str, "ReplyJson"]
"""JSON to answer with; the texts in it are templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered: `text`, or `json`, or no content at all."""

    status: int = 200
    headers: tuple[tuple[str, ReplyTemplate], ...] = ()
    text: ReplyTemplate | None = None
    json: ReplyJson = None

    @property
    def echoes(self) -> tuple[Echo, ...]:
        """The values of the request that it holds."""
        templates = [template for _, template in self.headers] + ([self.text] if self.text else [])
        return tuple(echo for template in [*templates, *_templates(self.json)] for echo in template.echoes)

    def fill(self, asked: Asked, secret: bytes) -> tuple[Fields, bytes]:
        """Give the header fields and the body. Raises `SenderError` 400."""
        fields: Fields = tuple(
            (name.encode(), template.fill(asked, secret).encode()) for name, template in self.headers
        )
        if self.text is not None:
            content_type, body = b"text/plain; charset=utf-8", self.text.fill(asked, secret).encode()
        elif self.json is not None:
            content_type, body = b"application/json", orjson.dumps(_fill(self.json, asked, secret))
        else:
            return (*fields, *_GUARD), b""
        return (*fields, *_GUARD, (b"content-type", content_type)), body


def _echo(text: str) -> Echo:
    place, bar, word = (part.strip() for part in text.partition("|"))
    if bar and word not in HMACS:
        raise ValueError(f"{word[:80]!r} does not stand behind a place; {' and '.join(HMACS)} do")
    return Echo(parse_asked_place(place), word)


def _templates(json: ReplyJson) -> list[ReplyTemplate]:
    if isinstance(json, ReplyTemplate):
        return [json]
    inner = json.values() if isinstance(json, dict) else json if isinstance(json, list) else ()
    return [template for each in inner for template in _templates(each)]


def _fill(json: ReplyJson, asked: Asked, secret: bytes) -> Json:
    match json:
        case ReplyTemplate():
            return json.fill(asked, secret)
        case dict():
            return {name: _fill(each, asked, secret) for name, each in json.items()}
        case list():
            return [_fill(each, asked, secret) for each in json]
    return json
