"""When a request is a handshake: told from its head, from its payload, or though nothing proves its sender. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.bodies import JSON_FORMAT, BodyFormat, read_payload, read_query
from bridge.inbound.handshakes import Asked, Handshake, Handshaken
from bridge.inbound.sources import Source
from bridge.inbound.verification import Unverified

MAX_HANDSHAKE_BYTES = 4 * 1024
"""How long a body may be that is read though nothing proves its sender; those of handshakes have a few hundred."""


def shake_at_head(
    source: Source, method: str, headers: Mapping[str, str], query: bytes, now: datetime
) -> Handshaken | None:
    """Answer a handshake that can be told from the head of a request; gives None for a POST that asks for none.

    Raises `SenderError` for another method that asks for none, and for a handshake that is not in order.
    """
    handshakes = source.handshakes
    asked = Asked(method, headers, read_query(query))
    meant = handshakes.meant(asked, handshakes.at_head[method])
    if meant is None:
        if method == "POST":
            return None
        message = f"the source takes a {method} as a handshake, and this one lacks what belongs to it"
        raise SenderError(400, "bad_handshake", message)
    if meant.is_verified:
        source.verifier(Unverified(b"", headers, query, method), now)
    return handshakes.shake(meant, asked)


def shake_inside(
    source: Source, headers: Mapping[str, str], query: bytes, payload: Json, *, among: Sequence[Handshake]
) -> None:
    """Answer a handshake that is told from its payload too, by raising `Handshaken`."""
    asked = Asked("POST", headers, read_query(query), payload)
    meant = source.handshakes.meant(asked, among)
    if meant is not None:
        raise source.handshakes.shake(meant, asked)


def shake_unproved(
    source: Source, headers: Mapping[str, str], body_format: BodyFormat, query: bytes, body: bytes
) -> None:
    """Look at what nothing proves only as far as a handshake is long, and at nothing that is packed.

    Raises `Handshaken` as `shake_inside` does.
    """
    if body_format.kind != "json" or body_format.coding or len(body) > MAX_HANDSHAKE_BYTES:
        return
    try:
        payload = read_payload(body, JSON_FORMAT, form_json=None)
    except SenderError:
        return  # what its sender is told is that the proof is missing
    shake_inside(source, headers, query, payload, among=source.handshakes.unproved)
