"""JSON Web Tokens (RFC 7519) that come beside a body, described by data.

Whether such a token proves the body depends on its claims: where one of them is the body's hash (`BodyHash`), a
token is good for that body alone. Else it proves its sender, as a password does, and an `exp` is asked of it: who
captures it could send anything, for as long as it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

from bridge.errors import SenderError
from bridge.inbound.layouts.items import Items
from bridge.inbound.locations import HeaderPlace
from bridge.inbound.locations import Place as Located
from bridge.inbound.verification.encodings import ENCODERS
from bridge.inbound.verification.places import InHeaders, InQuery, ProvedInPlace, payload_of
from bridge.inbound.verification.scheme import Unverified, Verifier
from bridge.inbound.verification.wanted import Lookup

SYMMETRIC = ("HS256", "HS384", "HS512")
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ALGORITHMS = (*SYMMETRIC, *ASYMMETRIC)
MAX_TOKEN = 8192

HASH_ENCODINGS = ("hex", "base64")

Scalar = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyHash:
    """A claim that is the SHA-256 of the body."""

    claim: str
    encoding: str

    def of(self, body: bytes) -> str:
        """Give what the claim must be."""
        return ENCODERS[self.encoding](sha256(body).digest()).decode()


Key = Literal["secret", "public_key"] | Lookup
"""Where the key is had: the source's secret as it stands, or as PEM; or a set of keys that its provider publishes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtScheme(ProvedInPlace):
    """A token behind `prefix`, in whichever case that is.

    `claims` are what the token must say: each one of some values, and of a claim that is a list one item.
    `expected` names claims that only the user knows: their provider signs for everybody. `signs_time` holds `iat` to
    the tolerance.
    """

    place: InHeaders | InQuery
    prefix: str = ""
    algorithms: tuple[str, ...]
    key: Key = "secret"
    claims: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    expected: tuple[str, ...] = ()
    body_hash: BodyHash | None = None
    signs_time: bool = False

    signs_url = False

    @property
    def challenge(self) -> str | None:
        """What a client must answer, where the token is HTTP's own credential (RFC 6750)."""
        is_bearer = self.place == InHeaders(("authorization",)) and self.prefix.lower() == "bearer "
        return 'Bearer realm="pinbridge"' if is_bearer else None

    @property
    def needs_secret(self) -> bool:
        """Tell whether the key is the source's secret, and not published."""
        return not isinstance(self.key, Lookup)

    @property
    def lacks(self) -> tuple[str, ...]:
        """Name what the source must say that is expected; without it nothing is accepted."""
        return tuple(name for name in self.expected if name not in self.claims)

    @property
    def can_sign(self) -> bool:
        """Tell whether the key is a shared one."""
        return self.key == "secret"

    def covers(self, place: Located, each: Items | None = None) -> bool:
        """Tell whether it stands in a body whose hash is signed; where none is, the body is no better than the rest."""
        return self.body_hash is None or not isinstance(place, HeaderPlace)

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Prepare the keys. Raises `ValueError` for a secret that is no such key."""
        from bridge.inbound.verification.jwt_verifier import bind  # noqa: PLC0415 - its libraries take 50 ms to load

        # What is expected and not given cannot be shown by any token.
        claims = {**dict.fromkeys(self.lacks, ()), **self.claims}
        return bind(replace(self, claims=claims), secrets, tolerance_s)

    def carries_proof(self, request: Unverified) -> bool:
        """Tell whether something stands where the token does."""
        return bool(self.place.find(request, payload_of(request)))

    def signed_at(self, request: Unverified) -> datetime | None:
        """Give the time of `iat` as the token says it, None where it says none."""
        if not self.carries_proof(request):
            return None
        from bridge.inbound.verification.jwt_verifier import issued_at  # noqa: PLC0415 - as above

        return issued_at(self.read(request))

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request with its token. Raises `ValueError` where only the sender has the key."""
        if not self.can_sign:
            raise ValueError("only its sender can make the token that a webhook of this source carries")
        from bridge.inbound.verification.jwt_verifier import make  # noqa: PLC0415 - as above

        return self.place.put(request, self.prefix + make(self, request.body, secret, now))

    def read(self, request: Unverified) -> str:
        """Give the token. Raises `SenderError` 401 where there is none, or several."""
        found = self.place.find(request, payload_of(request))
        if not found:
            raise SenderError(401, "missing_token", f"{self.place} is missing or empty")
        if len(found) > 1:
            raise SenderError(401, "malformed_token", f"{self.place} comes more than once")
        text = found[0]
        if text[: len(self.prefix)].lower() != self.prefix.lower():
            raise SenderError(401, "malformed_token", f"{self.place} does not begin as it should")
        return text[len(self.prefix) :]
