"""Static credentials: a token or a password in a header. They prove the sender, and sign nothing.

The transport alone keeps body and headers together, so both are trusted alike.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.errors import SenderError
from bridge.inbound.verification.scheme import Unverified, Verified, Verifier

MAX_CREDENTIAL = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScheme:
    """The secret itself, in a header, behind an exact `prefix`."""

    header: str
    prefix: str = ""

    challenge = None
    needs_secret = True
    signs_time = False

    @property
    def headers(self) -> frozenset[str]:
        """The token's header."""
        return frozenset({self.header})

    @property
    def credential_headers(self) -> frozenset[str]:
        """The token's header."""
        return frozenset({self.header})

    def covers(self, header: str) -> bool:
        """Tell that every header is as good as the body."""
        return True

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int) -> Verifier:
        """Prepare the texts to compare with."""
        expected = tuple(self.prefix.encode() + secret for secret in secrets)

        def verify(request: Unverified, _now: datetime) -> Verified:
            given = request.headers.get(self.header)
            if not given:
                raise SenderError(401, "missing_credentials", f"the header {self.header} is missing or empty")
            _compare(given, expected)
            return Verified(request.body, None)

        return verify

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        """Tell that no time is signed."""
        return None

    def sign(self, request: Unverified, secret: bytes, now: datetime) -> dict[str, str]:
        """Give the token's header."""
        return {self.header: (self.prefix.encode() + secret).decode("latin-1")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationScheme:
    """HTTP's own credentials (RFC 9110, 11.6): `Bearer` (RFC 6750) and `Basic` (RFC 7617).

    The secret of `Basic` is `user:password`. The scheme's name counts in any case.
    """

    name: Literal["Bearer", "Basic"]

    needs_secret = True
    signs_time = False
    headers = frozenset({"authorization"})
    credential_headers = frozenset({"authorization"})

    @property
    def challenge(self) -> str:
        """What a client must answer."""
        return 'Basic realm="pinbridge", charset="UTF-8"' if self.name == "Basic" else 'Bearer realm="pinbridge"'

    def covers(self, header: str) -> bool:
        """Tell that every header is as good as the body."""
        return True

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int) -> Verifier:
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
            _compare(credentials.lstrip(" "), expected)
            return Verified(request.body, None)

        return verify

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        """Tell that no time is signed."""
        return None

    def sign(self, request: Unverified, secret: bytes, now: datetime) -> dict[str, str]:
        """Give the `authorization` header."""
        return {"authorization": f"{self.name} {self._text(secret).decode('latin-1')}"}

    def _text(self, secret: bytes) -> bytes:
        if self.name == "Bearer":
            return secret
        if b":" not in secret:
            raise ValueError("it is not user:password")
        return b64encode(secret)


@dataclass(frozen=True, slots=True)
class NoScheme:
    """Anyone may send. Only ever by an explicit `verify: none`."""

    challenge = None
    needs_secret = False
    signs_time = False
    headers: frozenset[str] = frozenset()
    credential_headers: frozenset[str] = frozenset()

    def covers(self, header: str) -> bool:
        """Tell that every header is as good as the body."""
        return True

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int) -> Verifier:
        """Give a verifier that accepts."""
        return lambda request, _now: Verified(request.body, None)

    def signed_at(self, headers: Mapping[str, str]) -> datetime | None:
        """Tell that no time is signed."""
        return None

    def sign(self, request: Unverified, secret: bytes, now: datetime) -> dict[str, str]:
        """Give nothing."""
        return {}


def _compare(given: str, expected: tuple[bytes, ...]) -> None:
    """Compare with every secret, always. Raises `SenderError` 401 where none matches."""
    if len(given) > MAX_CREDENTIAL:
        raise SenderError(401, "malformed_credentials", "the credentials are too long")
    is_genuine = False
    for wanted in expected:
        is_genuine |= hmac.compare_digest(wanted, given.encode("latin-1"))
    if not is_genuine:
        raise SenderError(401, "bad_credentials", "the credentials do not match the secret")
