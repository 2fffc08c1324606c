"""What a genuine token says: that it is meant for here, that it holds now, and which body it belongs to. Pure.

Whether a token is genuine is found out before; see `jwt_verifier`. Times count with the source's tolerance either way.
"""

import hmac
import math
from collections.abc import Mapping
from datetime import datetime

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.verification.jwt_scheme import BodyHash, JwtScheme, Scalar

Claims = Mapping[str, Json]


def check_claims(scheme: JwtScheme, claims: Claims, body: bytes, now: datetime, tolerance_s: int) -> None:
    """Check all that a scheme asks of claims. Raises `SenderError` 401 that names the first that is wrong."""
    _check_times(scheme, claims, now.timestamp(), tolerance_s)
    for name, allowed in scheme.claims.items():
        _check_value(name, claims.get(name), allowed)
    if scheme.body_hash is not None:
        _check_body(scheme.body_hash, claims, body)


def _check_times(scheme: JwtScheme, claims: Claims, now_s: float, tolerance_s: int) -> None:
    ends_s, begins_s, issued_s = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if ends_s is None and scheme.body_hash is None:
        raise SenderError(401, "missing_timestamp", "the token does not say until when it holds (exp)")
    if issued_s is None and scheme.signs_time:
        raise SenderError(401, "missing_timestamp", "the token does not say when it was issued (iat)")
    if ends_s is not None and now_s > ends_s + tolerance_s:
        raise SenderError(401, "expired_token", "the token has expired; is a clock wrong?")
    if begins_s is not None and now_s < begins_s - tolerance_s:
        raise SenderError(401, "future_timestamp", "the token does not hold yet (nbf); is a clock wrong?")
    if issued_s is None:
        return
    if issued_s > now_s + tolerance_s:
        raise SenderError(401, "future_timestamp", "the token was issued ahead of now (iat); is a clock wrong?")
    if scheme.signs_time and now_s - issued_s > tolerance_s:
        raise SenderError(401, "stale_timestamp", "the token was issued too long ago (iat); is a clock wrong?")


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SenderError(401, "bad_timestamp", f"the token's {name} is not a time in seconds")
    return value


def _check_value(name: str, value: Json, allowed: tuple[Scalar, ...]) -> None:
    values = value if isinstance(value, list) else [value]
    if not any(_is_same(item, wanted) for item in values for wanted in allowed):
        raise SenderError(401, "wrong_claim", f"the token's {name} is missing, or not what this source expects")


def _is_same(item: Json, wanted: Scalar) -> bool:
    """Tell true from 1, which Python holds to be equal."""
    return type(item) is type(wanted) and item == wanted


def _check_body(body_hash: BodyHash, claims: Claims, body: bytes) -> None:
    said = claims.get(body_hash.claim)
    if not isinstance(said, str):
        raise SenderError(401, "wrong_claim", f"the token's {body_hash.claim} is missing")
    if not hmac.compare_digest(said.encode(), body_hash.of(body).encode()):
        raise SenderError(401, "bad_body_hash", f"the token's {body_hash.claim} is not the body's hash")
