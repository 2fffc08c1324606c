"""Tokens verified: the form, the signature by PyJWT, the claims. Pure: a key that is not here is asked for.

PyJWT checks the signature and no more; its checks of claims read the clock. Which algorithms are allowed is the
scheme's to say, and all of them are of one kind, so a public key is never taken for a secret (RFC 8725, 2.1).
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import jwt
import orjson
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode

from bridge.errors import KeyUnavailable, SenderError
from bridge.inbound.verification.claims import Claims, check_claims
from bridge.inbound.verification.jwt_scheme import ASYMMETRIC, MAX_TOKEN, JwtScheme
from bridge.inbound.verification.key_sets import NotAKeySet, keys_named
from bridge.inbound.verification.scheme import Unverified, Verified, Verifier
from bridge.inbound.verification.secret_forms import SecretForm
from bridge.inbound.verification.wanted import KeyWanted, Known, Lookup

# Three parts without padding. PyJWT takes a padded part as well, which no sender makes.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAX_KID = 255
_STRICT_LENGTH: Any = {"enforce_minimum_key_length": True}
_AS_IT_STANDS = SecretForm()


class _AnyLength(HMACAlgorithm):
    """HMAC without a word about short secrets: their length is up to what the provider lets its users type."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002 - as it is called
        return None


def _signatures() -> jwt.PyJWS:
    signatures = jwt.PyJWS(algorithms=ASYMMETRIC)
    for name, digest in (("HS256", "SHA256"), ("HS384", "SHA384"), ("HS512", "SHA512")):
        signatures.register_algorithm(name, _AnyLength(getattr(HMACAlgorithm, digest)))
    return signatures


_SIGNATURES = _signatures()


class _Head(NamedTuple):
    """What a token says of its signature."""

    algorithm: str
    kid: str | None


_Key = Any
"""What PyJWT takes as a key of the head's algorithm."""

_FindKeys = Callable[[_Head, Known], Sequence[_Key]]
"""Gives the keys that may have signed a token, at least one; raises `SenderError` 401, or `KeyWanted`."""


def bind(scheme: JwtScheme, secrets: tuple[bytes, ...], tolerance_s: int) -> Verifier:
    """Prepare the keys. Raises `ValueError` for a secret that is no such key."""
    find_keys = _finder(scheme, secrets)

    def verify(request: Unverified, now: datetime) -> Verified:
        token = scheme.read(request)
        head = _read_head(token, scheme.algorithms)
        claims = _read_signed(token, head, find_keys(head, request.known))
        check_claims(scheme, claims, request.body, now, tolerance_s)
        return Verified(request.body, str(claims["iat"]) if scheme.signs_time else None)

    return verify


def issued_at(token: str) -> datetime | None:
    """Give the time of a token's `iat`, whoever signed it; None where none can be read."""
    try:
        claims = orjson.loads(_decode(token)["payload"])
        return datetime.fromtimestamp(claims["iat"], UTC)
    except (SenderError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def make(scheme: JwtScheme, body: bytes, secret: bytes, now: datetime) -> str:
    """Make the token of a genuine sender, which holds for five minutes."""
    now_s = int(now.timestamp())
    claims: dict[str, Any] = {name: values[0] for name, values in scheme.claims.items()}
    claims |= {"iat": now_s, "exp": now_s + 300}
    if scheme.body_hash is not None:
        claims[scheme.body_hash.claim] = scheme.body_hash.of(body)
    return _SIGNATURES.encode(orjson.dumps(claims), _AS_IT_STANDS.read(secret), scheme.algorithms[0])


def _read_head(token: str, allowed: tuple[str, ...]) -> _Head:
    if len(token) > MAX_TOKEN:
        raise SenderError(401, "malformed_token", f"the token is longer than {MAX_TOKEN:,} characters")
    header = _decode(token)["header"]
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in allowed:
        raise SenderError(401, "wrong_algorithm", "the token's algorithm is not one that this source signs with")
    if "crit" in header or (kid is not None and len(kid) > _MAX_KID):
        raise SenderError(401, "malformed_token", "the token's head asks for what no sender of this kind does")
    return _Head(algorithm, kid)


def _decode(token: str) -> dict[str, Any]:
    """Take a token apart, unverified. Raises `SenderError` 401."""
    if _TOKEN.fullmatch(token) is None:
        raise SenderError(401, "malformed_token", "the token is not three parts of base64url with dots between them")
    try:
        decoded = _SIGNATURES.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise SenderError(401, "malformed_token", "the token cannot be read") from error
    # The bits that base64 leaves over may be any to PyJWT; no sender sets them.
    if base64url_encode(decoded["signature"]).decode() != token.rpartition(".")[2]:
        raise SenderError(401, "malformed_token", "the token's signature is not written as base64url writes it")
    return decoded


def _read_signed(token: str, head: _Head, keys: Sequence[_Key]) -> Claims:
    """Give the claims of a token that one of the keys has signed."""
    # Every key is tried, whichever matches; a mismatch tells nothing but that.
    payloads = [payload for key in keys if (payload := _payload(token, head, key)) is not None]
    if not payloads:
        raise SenderError(401, "bad_signature", "the token's signature does not match it and the key")
    try:
        claims = orjson.loads(payloads[0])
    except orjson.JSONDecodeError as error:
        raise SenderError(401, "malformed_token", "what the token claims is not JSON") from error
    if not isinstance(claims, dict):
        raise SenderError(401, "malformed_token", "what the token claims is not an object")
    return claims


def _payload(token: str, head: _Head, key: _Key) -> bytes | None:
    try:
        payload: bytes = _SIGNATURES.decode_complete(token, key, [head.algorithm], _STRICT_LENGTH)["payload"]
    except (jwt.InvalidTokenError, jwt.InvalidKeyError):
        return None
    return payload


def _finder(scheme: JwtScheme, secrets: tuple[bytes, ...]) -> _FindKeys:
    match scheme.key:
        case "secret":
            own = tuple(_AS_IT_STANDS.read(secret) for secret in secrets)
            return lambda _head, _known: own
        case "public_key":
            return _public_keys(scheme, secrets)
        case Lookup():
            return _published(scheme.key)


def _public_keys(scheme: JwtScheme, secrets: tuple[bytes, ...]) -> _FindKeys:
    """Read keys in PEM, whose lines may be parted by a written-out backslash and n, as variables often have them."""
    loaded: dict[str, list[_Key]] = {name: [] for name in scheme.algorithms}
    for secret in secrets:
        fitting = [(name, key) for name in scheme.algorithms if (key := _read_pem(secret, name)) is not None]
        if not fitting:
            raise ValueError(f"it is not a public key in PEM for {' or '.join(scheme.algorithms)}")
        for name, key in fitting:
            loaded[name].append(key)
    return lambda head, _known: loaded[head.algorithm]


def _read_pem(secret: bytes, algorithm: str) -> _Key | None:
    kind = _SIGNATURES.get_algorithm_by_name(algorithm)
    try:
        key = kind.prepare_key(secret.replace(b"\\n", b"\n"))
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return None
    return None if hasattr(key, "private_bytes") or kind.check_key_length(key) else key


def _published(lookup: Lookup) -> _FindKeys:
    def find(head: _Head, known: Known) -> Sequence[_Key]:
        if not head.kid:
            raise _unknown()
        content = known.get(lookup)
        if content is None:
            raise KeyWanted(lookup, _unknown())
        try:
            keys = keys_named(content, head.kid, head.algorithm)
        except NotAKeySet as error:
            raise KeyWanted(lookup, _unreadable(lookup, error), outdated=content) from error
        if not keys:
            raise KeyWanted(lookup, _unknown(), outdated=content)
        return keys

    return find


def _unreadable(lookup: Lookup, error: Exception) -> KeyUnavailable:
    """Say that what was looked up is of no use."""
    return KeyUnavailable(f"{lookup.what} of {lookup.provider} cannot be read: {error}; send again")


def _unknown() -> SenderError:
    return SenderError(401, "unknown_key", "the token names a key that its provider does not have, or none")
