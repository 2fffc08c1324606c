"""Signing a payload as its source would: for `pinbridge send`, the demo and the tests.

It reads the same data as verification, so the two cannot drift apart.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from bridge.inbound.sources import Source
from bridge.inbound.verification import Unverified


def sign(
    source: Source, body: bytes, secret: bytes, now: datetime, *, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the headers that a genuine delivery of `body` carries beside `headers`, with lower-case names.

    `secret` is the text as configured; it is not used where the source needs none. A delivery
    id that stands in a header and is not among `headers` is derived from the body: the same
    body twice is the same delivery.
    """
    given = {name.lower(): value for name, value in (headers or {}).items()}
    added = {name: _delivery_id(body) for name in _id_headers(source) if name not in given}
    signed = source.scheme.sign(Unverified(body, {**given, **added}), secret, now)
    return {**added, **signed}


def _id_headers(source: Source) -> frozenset[str]:
    return source.id.headers if source.id is not None else frozenset()


def _delivery_id(body: bytes) -> str:
    return str(UUID(bytes=blake2b(body, digest_size=16).digest()))
