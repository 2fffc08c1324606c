"""Static credentials: a token or a password. They prove the sender, and sign nothing.

The transport alone keeps body and headers together, so all of a request is trusted alike.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.errors import SenderError
from bridge.inbound.layouts.items import Items
from bridge.inbound.locations import Place as Located
from bridge.inbound.verification.places import (
    InHeaders,
    InPayload,
    Place,
    ProvedInPlace,
    Root,
    item_roots,
    payload_of,
)
from bridge.inbound.verification.scheme import Unverified, Verified, Verifier

MAX_CREDENTIAL = 4096


class _Unsigning:
    """What is the same for all of them: they sign neither a time nor an address, and trust everything alike."""

    __slots__ = ()

    lacks: tuple[str, ...] = ()
    signs_time = False
    signs_url = False
    can_sign = True

    def covers(self, place: Located, each: Items | None = None) -> bool:
        """Tell that whatever is sent is as good as the body."""
        return True

    def signed_at(self, request: Unverified) -> datetime | None:
        """Tell that no time is signed."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScheme(ProvedInPlace, _Unsigning):
    """The secret itself behind an exact `prefix`: in a header, in the query string, or in the payload.

    With `each`, every item of that list carries it. What is verified does not hold it: in the payload it is emptied.
    """

    place: Place
    prefix: str = ""
    each: Items | None = None

    challenge = None
    needs_secret = True

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Prepare the texts to compare with."""
        expected = tuple(self.prefix.encode() + secret for secret in secrets)
        place, each = self.place, self.each

        def check(request: Unverified, root: Root) -> None:
            found = place.find(request, root)
            if not found:
                raise SenderError(401, "missing_credentials", f"{place} is missing or empty")
            if len(found) > 1:
                raise SenderError(401, "malformed_credentials", f"{place} comes more than once")
            _compare(found[0], expected, "latin-1" if isinstance(place, InHeaders) else "utf-8")

        def verify(request: Unverified, _now: datetime) -> Verified:
            for root in item_roots(each, payload_of(request)):
                check(request, root)
            # What is verified is kept, and a secret must not be.
            body = self._put(request, "").body if isinstance(place, InPayload) else request.body
            return Verified(body, None)

        return verify

    def carries_proof(self, request: Unverified) -> bool:
        """Tell whether something stands where the token does."""
        return any(self.place.find(request, root) for root in item_roots(self.each, payload_of(request)))

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request with the token."""
        in_header = isinstance(self.place, InHeaders)
        text = (self.prefix.encode() + secret).decode("latin-1" if in_header else "utf-8")
        return self._put(request, text)

    def _put(self, request: Unverified, text: str) -> Unverified:
        if isinstance(self.place, InPayload):
            return self.place.put_each(request, self.each, lambda _root: text)
        return self.place.put(request, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationScheme(_Unsigning):
    """HTTP's own credentials (RFC 9110, 11.6): `Bearer` (RFC 6750) and `Basic` (RFC 7617).

    The secret of `Basic` is `user:password`. The scheme's name counts in any case.
    """

    name: Literal["Bearer", "Basic"]

    needs_secret = True
    headers = frozenset({"authorization"})
    credential_headers = frozenset({"authorization"})
    credential_fields: frozenset[str] = frozenset()

    @property
    def challenge(self) -> str:
        """What a client must answer."""
        return 'Basic realm="pinbridge", charset="UTF-8"' if self.name == "Basic" else 'Bearer realm="pinbridge"'

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Prepare the texts to compare with. Raises `ValueError` for a `Basic` secret without a colon."""
        expected = tuple(map(self._text, secrets))
        scheme = self.name.lower()

        def verify(request: Unverified, _now: datetime) -> Verified:
            given = request.headers.get("authorization")
            if not given:
                raise SenderError(401, "missing_credentials", "the header authorization is missing or empty")
            name, _, credentials = given.partition(" ")
            if name.lower() != scheme:
                raise SenderError(401, "malformed_credentials", "the header authorization has another scheme")
            _compare(credentials.lstrip(" "), expected, "latin-1")
            return Verified(request.body, None)

        return verify

    def carries_proof(self, request: Unverified) -> bool:
        """Tell whether there is an `authorization` header."""
        return "authorization" in request.headers

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request with its `authorization` header."""
        text = f"{self.name} {self._text(secret).decode('latin-1')}"
        return request._replace(headers={**request.headers, "authorization": text})

    def _text(self, secret: bytes) -> bytes:
        if self.name == "Bearer":
            return secret
        if b":" not in secret:
            raise ValueError("it is not user:password")
        return b64encode(secret)


@dataclass(frozen=True, slots=True)
class NoScheme(_Unsigning):
    """Anyone may send. Only ever by an explicit `verify: none`."""

    challenge = None
    needs_secret = False
    headers: frozenset[str] = frozenset()
    credential_headers: frozenset[str] = frozenset()
    credential_fields: frozenset[str] = frozenset()

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Give a verifier that accepts."""
        return lambda request, _now: Verified(request.body, None)

    def carries_proof(self, request: Unverified) -> bool:
        """Tell that there is none to carry."""
        return False

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request as it is."""
        return request


def _compare(given: str, expected: tuple[bytes, ...], charset: str) -> None:
    """Compare with every secret, always. Raises `SenderError` 401 where none matches."""
    if len(given) > MAX_CREDENTIAL:
        raise SenderError(401, "malformed_credentials", "the credentials are too long")
    text, is_genuine = given.encode(charset), False
    for wanted in expected:
        is_genuine |= hmac.compare_digest(wanted, text)
    if not is_genuine:
        raise SenderError(401, "bad_credentials", "the credentials do not match the secret")
