"""Signing a payload as its source would: for `pinbridge send`, the demo and the tests.

It reads the same data as verification, so the two cannot drift apart.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from bridge.inbound.sources import Source
from bridge.inbound.verification import Unverified


def sign_request(source: Source, request: Unverified, secret: bytes, now: datetime) -> Unverified:
    """Give the request as a genuine sender would send it: with what proves it in headers, query or body.

    `secret` is the text as configured; it is not used where the source needs none. A delivery
    id that stands in a header and is not there is derived from the body: the same body twice is the
    same delivery. Raises `ValueError` where the secret cannot sign, as a public key.
    """
    given = {name.lower(): value for name, value in request.headers.items()}
    added = {name: _delivery_id(request.body) for name in _id_headers(source) if name not in given}
    return source.scheme.sign(request._replace(headers={**given, **added}), secret, now, url=source.url)


def sign(
    source: Source, body: bytes, secret: bytes, now: datetime, *, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the headers that a genuine delivery of `body` carries beside `headers`, with lower-case names.

    For sources that prove themselves by headers alone; see `sign_request` for all of them.
    """
    given = {name.lower(): value for name, value in (headers or {}).items()}
    signed = sign_request(source, Unverified(body, given), secret, now)
    return {name: value for name, value in signed.headers.items() if given.get(name) != value}


def _id_headers(source: Source) -> frozenset[str]:
    return source.id.headers if source.id is not None else frozenset()


def _delivery_id(body: bytes) -> str:
    return str(UUID(bytes=blake2b(body, digest_size=16).digest()))
