"""What senders are told: that their event is taken, that it was before, or what is wrong with it."""

import uuid
from typing import NamedTuple

import orjson
import structlog

from bridge.errors import SenderError
from bridge.events import BatchReceipt, Json, Receipt
from bridge.inbound.handshakes.replies import Fields
from bridge.inbound.sources import Source

CLOSE = (b"connection", b"close")
"""The field of an answer after which the connection ends."""

_BUSY_RETRY_S = 1
_JSON = (b"content-type", b"application/json")
NO_CONTENT = 204
"""The status whose answer says no length (RFC 9110, 8.6)."""

_BODILESS = (NO_CONTENT, 205)

log = structlog.get_logger()


class Answer(NamedTuple):
    """A whole answer; its length, and whether the connection goes on, are said by whoever sends it."""

    status: int
    fields: Fields
    body: bytes


def acknowledgement(source: Source, receipt: Receipt | BatchReceipt) -> Answer:
    """Say what became of an event, or of all of a delivery, in the words that its source insists on where it does."""
    is_done = receipt.status != "accepted" if receipt.is_shown is None else receipt.is_shown
    status = 200 if is_done else 202
    body = orjson.dumps(_told(receipt))
    if source.ack is None:
        return Answer(status, (_JSON,), body)
    own = body if source.ack.body is None else source.ack.body
    bodiless = source.ack.status in _BODILESS
    return Answer(source.ack.status, ((b"content-type", source.ack.content_type.encode()),), b"" if bodiless else own)


def _told(receipt: Receipt | BatchReceipt) -> dict[str, Json]:
    if isinstance(receipt, BatchReceipt):
        counts: dict[str, Json] = {"accepted": receipt.accepted, "duplicates": receipt.duplicates}
        return {"status": receipt.status, "events": counts, "mappings": [*receipt.mappings]}
    if receipt.status == "accepted":
        told: dict[str, Json] = {"id": receipt.id, "status": "accepted", "number": receipt.number}
        return {**told, "mappings": [*receipt.mappings]}
    return {"id": receipt.id, "status": "duplicate"}


def refusal(error: SenderError, source: Source | None) -> Answer:
    """Say what is wrong, and what would help; `source` is whose request it was, as far as that is known."""
    fields = [_JSON]
    if error.status == 401 and source is not None and source.scheme.challenge is not None:
        fields.append((b"www-authenticate", source.scheme.challenge.encode()))
    if error.status == 405:
        allowed = ("POST",) if source is None else source.handshakes.methods
        fields.append((b"allow", ", ".join(allowed).encode()))
    if error.status == 503:
        fields.append((b"retry-after", b"%d" % _BUSY_RETRY_S))
    return Answer(error.status, tuple(fields), _error(error.code, error.message))


def put_off(code: str, message: str, retry_after_s: int) -> Answer:
    """Ask the sender to come back."""
    return Answer(503, (_JSON, (b"retry-after", b"%d" % retry_after_s)), _error(code, message))


def internal(error: Exception, path: str) -> Answer:
    """Log the exception under an id, and tell the sender that id only."""
    incident = uuid.uuid4().hex
    log.error("hook_failed", incident=incident, path=path, exc_info=error)
    message = f"something went wrong here; the log has it as {incident}"
    return Answer(500, (_JSON,), orjson.dumps({"error": {"code": "internal", "message": message, "id": incident}}))


def _error(code: str, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}})
