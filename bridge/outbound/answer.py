"""What came back of a request to the Pindown API: an answer, read leniently, or a failure. Pure.

The API's pages show five error envelopes, of different ages: `error` is an object with code
and message, or a text with the code in `message`; `success` may be missing; and a proxy's
answer is not JSON at all. The HTTP status decides, the code only refines.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import orjson

from bridge.errors import DestinationError
from bridge.events import Json

MAX_RETRY_AFTER_S = 3600.0
_MAX_MESSAGE_CHARS = 300
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,63}", re.ASCII)


FailureKind = Literal["connect", "timeout", "broken", "stopped"]


class TransportFailure(DestinationError):
    """No complete answer came.

    `kind`: `connect` (no connection), `timeout` (the deadline passed), `broken` (the connection
    broke, or what came is not HTTP), `stopped` (the bridge is going down). `sent` is false only
    where the server cannot have seen the request; else it may have been applied.
    """

    def __init__(self, kind: FailureKind, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.sent = sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One complete answer.

    `code` is the API's word for an error, empty where it gave none. `message` is what it says
    about it, at most 300 characters on one line. `success` is the envelope's own word; without
    one, false where it names an error, else None. `readable` is false where the body is neither
    empty nor a JSON object. `retry_after_s` is at most an hour. `data` is the envelope's content.
    `dated_at` is the server's clock by its `Date` header, to the second, None without one.
    """

    status: int
    code: str = ""
    message: str = ""
    success: bool | None = None
    readable: bool = True
    retry_after_s: float | None = None
    data: Json = None
    dated_at: datetime | None = None


def read_answer(status: int, headers: Mapping[str, str], body: bytes | None, now: datetime) -> Answer:
    """Read an answer; `body` is None where it was too long to be one of the API's."""
    answer = Answer(
        status=status,
        retry_after_s=read_retry_after_s(headers.get("retry-after"), now),
        dated_at=_http_date(headers.get("date", "")),
    )
    if body is not None and not body.strip():
        return answer
    envelope = _decode(body)
    if envelope is None:
        return replace(answer, readable=False, message=_one_line(_text_of(body)))
    code, message = _read_error(envelope)
    success = envelope.get("success")
    return replace(
        answer,
        code=code,
        message=_one_line(message),
        success=success if isinstance(success, bool) else False if envelope.get("error") else None,
        data=envelope.get("data"),
    )


def read_retry_after_s(text: str | None, now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date; None where it is missing or unreadable."""
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return min(float(text), MAX_RETRY_AFTER_S)
    at = _http_date(text)
    return None if at is None else min(max((at - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def _http_date(text: str) -> datetime | None:
    """Read an HTTP date (RFC 9110, 5.6.7); None where it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _decode(body: bytes | None) -> dict[str, Json] | None:
    if body is None:
        return None
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return envelope if isinstance(envelope, dict) else None


def _read_error(envelope: dict[str, Json]) -> tuple[str, str]:
    """Give (code, message) of whichever envelope it is."""
    error, beside = envelope.get("error"), envelope.get("message")
    if isinstance(error, dict):
        return _code_of(error.get("code")), _text(error.get("message")) or _text(beside)
    if not isinstance(error, str):
        return "", _text(beside)
    if code := _code_of(beside):
        return code, error
    if code := _code_of(error):
        return code, _text(beside) or error
    return "", error


def _code_of(value: Json) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _text_of(body: bytes | None) -> str:
    return "" if body is None else body[: 4 * _MAX_MESSAGE_CHARS].decode("utf-8", "replace")


def _one_line(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _MAX_MESSAGE_CHARS else line[: _MAX_MESSAGE_CHARS - 1] + "…"
