"""HMAC signatures, described by data.

A received signature is never decoded: the one that the sender should have sent is encoded and
the texts are compared in constant time. So padding, junk behind it, case and prefix are exact
without a parser that could be lenient. Every secret is tried with every signature, always.
"""

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bridge.errors import SenderError
from bridge.inbound.verification.scheme import Unverified, Verified, Verifier
from bridge.inbound.verification.secret_forms import SecretForm
from bridge.inbound.verification.timestamps import READERS, WRITERS

ALGORITHMS = ("sha256", "sha1", "sha512")
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "hex": lambda digest: digest.hex().encode(),
    "base64": b64encode,
    "base64url": lambda digest: urlsafe_b64encode(digest).rstrip(b"="),
}
MAX_SIGNATURES = 16
MAX_SIGNATURE_HEADER = 4096
_PLACEHOLDER = re.compile(r"\{(body|timestamp|header:[A-Za-z0-9-]{1,100})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """A signature header that is a list: `t=1,v1=ab,v1=cd` or `v1,ab v1,cd`.

    Elements under other keys are ignored and never fallen back to; spaces after a separator
    do not count. `timestamp` is the key of the signed time, None where that stands elsewhere.
    """

    separator: str
    key_separator: str
    signature: str
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What is signed: literal text, the raw body, the timestamp verbatim, or a header."""

    parts: tuple[str | bytes, ...]
    """Literal bytes, or a word: `body`, `timestamp`, `header:<lower-case name>`."""

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read `{timestamp}.{body}`. Raises `ValueError` for an unknown placeholder, or without the body."""
        pieces = _PLACEHOLDER.split(text)
        if any("{" in literal or "}" in literal for literal in pieces[::2]):
            raise ValueError(f"{text!r} may hold {{body}}, {{timestamp}} and {{header:Name}}, and no other braces")
        if "body" not in pieces[1::2]:
            raise ValueError(f"{text!r} leaves the body unsigned; {{body}} must stand in it")
        parts = [piece.lower() if turn % 2 else piece.encode() for turn, piece in enumerate(pieces)]
        return cls(tuple(part for part in parts if part))

    @property
    def headers(self) -> frozenset[str]:
        """The headers that are signed."""
        return frozenset(
            part.removeprefix("header:") for part in self.parts if isinstance(part, str) and part.startswith("header:")
        )

    @property
    def has_timestamp(self) -> bool:
        """Tell whether the timestamp is signed by name."""
        return "timestamp" in self.parts

    def fill(self, request: Unverified, timestamp: str | None) -> bytes:
        """Give the signed bytes. Raises `SenderError` 401 where a signed header is missing."""
        pieces = []
        for part in self.parts:
            if part == "body":
                pieces.append(request.body)
            elif part == "timestamp":
                pieces.append((timestamp or "").encode("latin-1"))
            else:
                pieces.append(part if isinstance(part, bytes) else _signed_header(part, request))
        return b"".join(pieces)


def _signed_header(part: str, request: Unverified) -> bytes:
    value = request.headers.get(part[7:])
    if value is None:
        raise SenderError(401, "missing_signature", f"the signed header {part[7:]} is missing")
    return value.encode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacScheme:
    """A keyed hash over the raw body, and over what else `signed` names.

    `prefix` stands before the one signature of a header; `elements` describes a header with
    several. `timestamp_header` names where the signed time stands if not among the elements.
    """

    header: str
    algorithm: str
    encoding: str
    signed: Template
    prefix: str = ""
    elements: Elements | None = None
    timestamp_header: str | None = None
    timestamp_format: str = "unix_s"
    secret: SecretForm = field(default_factory=SecretForm)

    challenge = None
    needs_secret = True

    @property
    def headers(self) -> frozenset[str]:
        """The signature's header, the timestamp's, and those that are signed."""
        return self.signed.headers | {self.header} | ({self.timestamp_header} if self.timestamp_header else frozenset())

    @property
    def credential_headers(self) -> frozenset[str]:
        """The signature's header."""
        return frozenset({self.header})

    @property
    def signs_time(self) -> bool:
        """Tell whether a timestamp is part of what is signed."""
        return self.has_timestamp and (self.signed.has_timestamp or self.timestamp_header in self.signed.headers)

    @property
    def has_timestamp(self) -> bool:
        """Tell whether deliveries carry a timestamp, in a header or among the elements."""
        return self.timestamp_header is not None or (self.elements is not None and self.elements.timestamp is not None)

    def covers(self, header: str) -> bool:
        """Tell whether the signature covers a header."""
        return header in self.signed.headers or (self.signs_time and header == self.timestamp_header)

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int) -> Verifier:
        """Prepare the keys."""
        # Keyed once and copied for each request. Unlike hmac.digest, a copy keeps the interpreter's lock
        # over a body below 2 KiB: letting it go there costs more than the hash wherever another thread waits.
        keyed = [hmac.new(self.secret.read(secret), digestmod=self.algorithm) for secret in secrets]
        encode = ENCODINGS[self.encoding]
        read_time = READERS[self.timestamp_format]
        signs_time = self.signs_time

        def verify(request: Unverified, now: datetime) -> Verified:
            signatures, timestamp = self._read(request.headers)
            signed = self.signed.fill(request, timestamp)
            is_genuine = False
            for key in keyed:
                mac = key.copy()
                mac.update(signed)
                expected = encode(mac.digest())
                for signature in signatures:
                    is_genuine |= hmac.compare_digest(expected, signature)
            if not is_genuine:
                raise SenderError(401, "bad_signature", "the signature does not match the body and the secret")
            if signs_time and timestamp is not None:
                _check_time(read_time, timestamp, now, tolerance_s)
                return Verified(request.body, timestamp)
            return Verified(request.body, None)

        return verify

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        """Give the signed time as the headers say it, None where none is signed. Raises `SenderError` 401."""
        _, timestamp = self._read(headers)
        if not self.signs_time or timestamp is None:
            return None
        try:
            return datetime.fromtimestamp(READERS[self.timestamp_format](timestamp), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise SenderError(401, "bad_timestamp", f"the signed timestamp is unreadable: {error}") from error

    def sign(self, request: Unverified, secret: bytes, now: datetime) -> dict[str, str]:
        """Give the signature's header, and the timestamp's where it has one of its own."""
        timestamp = WRITERS[self.timestamp_format](now) if self.has_timestamp else None
        added: dict[str, str] = {}
        if self.timestamp_header is not None and timestamp is not None:
            added[self.timestamp_header] = timestamp
        signed = self.signed.fill(Unverified(request.body, {**request.headers, **added}), timestamp)
        digest = hmac.digest(self.secret.read(secret), signed, self.algorithm)
        added[self.header] = self._write(ENCODINGS[self.encoding](digest).decode(), timestamp)
        return added

    def _write(self, signature: str, timestamp: str | None) -> str:
        if self.elements is None:
            return self.prefix + signature
        given = {self.elements.timestamp: timestamp} if self.elements.timestamp else {}
        items = {**given, self.elements.signature: self.prefix + signature}.items()
        return self.elements.separator.join(f"{key}{self.elements.key_separator}{value}" for key, value in items)

    def _read(self, headers: Mapping[str, str]) -> tuple[list[bytes], str | None]:
        """Give the signatures and the timestamp, as texts. Raises `SenderError` 401 where one is missing."""
        value = headers.get(self.header)
        if not value:
            raise SenderError(401, "missing_signature", f"the header {self.header} is missing or empty")
        if len(value) > MAX_SIGNATURE_HEADER:
            raise SenderError(401, "malformed_signature", f"the header {self.header} is too long")
        signatures, timestamp = [value], None
        if self.elements is not None:
            signatures, timestamp = self._split(value, self.elements)
        if self.timestamp_header is not None:
            timestamp = headers.get(self.timestamp_header)
        if not timestamp and self.has_timestamp:
            raise SenderError(401, "missing_timestamp", "the signed timestamp is missing")
        if self.prefix:
            signatures = [self._without_prefix(signature) for signature in signatures]
        return [signature.encode("latin-1") for signature in signatures], timestamp

    def _split(self, value: str, elements: Elements) -> tuple[list[str], str | None]:
        signatures: list[str] = []
        timestamps: list[str] = []
        for item in value.split(elements.separator):
            key, found, content = item.lstrip(" ").partition(elements.key_separator)
            if found and key == elements.signature:
                signatures.append(content)
            elif found and key == elements.timestamp:
                timestamps.append(content)
        if not signatures:
            raise SenderError(401, "missing_signature", f"the header {self.header} holds no signature of a known kind")
        if len(signatures) > MAX_SIGNATURES or len(timestamps) > 1:
            raise SenderError(401, "malformed_signature", f"the header {self.header} holds too many elements")
        return signatures, timestamps[0] if timestamps else None

    def _without_prefix(self, signature: str) -> str:
        if not signature.startswith(self.prefix):
            raise SenderError(401, "malformed_signature", f"the header {self.header} does not begin as it should")
        return signature[len(self.prefix) :]


def _check_time(read_time: Callable[[str], float], timestamp: str, now: datetime, tolerance_s: int) -> None:
    try:
        age_s = now.timestamp() - read_time(timestamp)
    except ValueError as error:
        raise SenderError(401, "bad_timestamp", f"the signed timestamp is unreadable: {error}") from error
    if age_s > tolerance_s:
        raise SenderError(401, "stale_timestamp", "the signed timestamp is too old; is a clock wrong?")
    if age_s < -tolerance_s:
        raise SenderError(401, "future_timestamp", "the signed timestamp is ahead of now; is a clock wrong?")
