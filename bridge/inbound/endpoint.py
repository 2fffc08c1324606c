"""`POST /hooks/{source}` as a plain ASGI endpoint: the bounds, the answers, the guard.

The answer comes once `accept` says that the event is durable. Whatever is refused or put off
leaves nothing behind but a line in the log, and that at most once a minute for each source and
code, or each reason to put off; a refusal before the body was read to its end closes the
connection. No exception leaves this endpoint but those that end the process.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson
import structlog

from bridge.errors import SenderError, StoreUnavailable
from bridge.events import Clock, Event, Receipt
from bridge.inbound.bodies import BodyFormat, read_format
from bridge.inbound.deadline import Deadline
from bridge.inbound.gathering import Accept, Gathering
from bridge.inbound.receive import Request, read_event, read_headers, why_no_time
from bridge.inbound.sources import Source, Sources
from bridge.once_a_minute import OnceAMinute

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_HEADERS_BYTES = 32 * 1024
MAX_QUERY_BYTES = 8 * 1024
MAX_HELD_BYTES = 128 * 1024 * 1024
"""How much of all bodies is held at once: anyone may send one, and it is read before it is verified."""

_BUSY_RETRY_S = 1
_MAX_NAME = 63
_PREFIX = "/hooks/"
_MAX_LENGTH_DIGITS = 18
_CLOSE = (b"connection", b"close")
_BODILESS = (204, 205)

log = structlog.get_logger()


class _Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


class _Answer(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"application/json"


class _Intake(NamedTuple):
    """What belongs together: who may send, and what takes their events. A request ends with what it began with."""

    sources: Sources
    accept: Accept


class _Held:
    """How many bytes of bodies are held at the moment, as they came, and how many may be."""

    __slots__ = ("bytes", "limit")

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self.limit = limit


class HookEndpoint:
    """Serves the webhooks of all sources.

    `accept` makes an event durable and may raise `StoreUnavailable`. `max_body_bytes` bounds the
    body before and after decompression, `max_held_bytes` all those that are being read or stored;
    `body_deadline_s` is how long a body's arrival may take. `draining` tells that the process is
    asked to end.
    """

    def __init__(  # noqa: PLR0913 - wiring: each of them is passed in once, by name
        self,
        sources: Sources,
        *,
        accept: Accept,
        clock: Clock,
        max_body_bytes: int,
        max_held_bytes: int = MAX_HELD_BYTES,
        body_deadline_s: float = 10.0,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._intake = _Intake(sources, accept)
        self._max_body_bytes = max_body_bytes
        self._held = _Held(max(max_held_bytes, max_body_bytes))
        self._deadline = Deadline(body_deadline_s)
        self._draining = draining
        self._gathering = Gathering(self._read_event, clock)
        self._seldom = OnceAMinute(clock)

    def switch(self, sources: Sources, *, accept: Accept) -> None:
        """Serve these sources from the next request on; those that have begun end as they began."""
        self._intake = _Intake(sources, accept)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = _BodyReader(receive, self._held)
        try:
            answer = await self._answer(scope, body)
        except _Disconnected:
            return
        except SenderError as error:
            answer = self._refuse(error, _source_name(scope))
        except StoreUnavailable as error:
            answer = self._put_off("store_unavailable", str(error), error.retry_after_s)
        except Exception as error:  # noqa: BLE001 - the guard: one request's fault must not end more than that request
            answer = _internal(error, scope)
        finally:
            self._held.bytes -= body.size
        content = b"" if answer.status in _BODILESS else answer.body
        await send(_head(answer, len(content), close=not body.is_complete))
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: MutableMapping[str, Any], body: "_BodyReader") -> _Answer:
        intake = self._intake
        source = intake.sources.get(_source_name(scope))
        if source is None:
            raise SenderError(404, "unknown_source", "there is no source of this name")
        if scope["method"] != "POST":
            raise SenderError(405, "method_not_allowed", "webhooks are POSTed")
        if self._draining():
            return self._put_off("draining", "the bridge is stopping; send again", 5)
        headers, body_format = self._read_head(source, scope)
        try:
            content = await self._deadline.hold(body.read(self._max_body_bytes))
        except TimeoutError as error:
            message = f"the body did not arrive within {self._deadline.limit_s:g} s"
            raise SenderError(408, "body_timeout", message) from error
        request = Request(headers, body_format, scope["query_string"], content)
        return _acknowledgement(source, await self._gathering.take(source, request, intake.accept))

    def _read_event(self, source: Source, request: Request, now: datetime) -> Event:
        event = read_event(source, request, max_body_bytes=self._max_body_bytes, now=now)
        if event.at is None and source.at is not None and (reason := why_no_time(source, event)):
            self._seldom.warn("event_time_unreadable", source.name, source=source.name, reason=reason)
        return event

    def _read_head(self, source: Source, scope: MutableMapping[str, Any]) -> tuple[dict[str, str], BodyFormat]:
        """Read the headers, and refuse what can be refused before a byte of the body is read."""
        raw = scope["headers"]
        if sum(map(len, chain.from_iterable(raw))) > MAX_HEADERS_BYTES:
            raise SenderError(431, "headers_too_large", f"the headers are larger than {MAX_HEADERS_BYTES:,} bytes")
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            raise SenderError(414, "query_too_long", f"the query string is longer than {MAX_QUERY_BYTES:,} bytes")
        headers = read_headers(source, raw)
        body_format = read_format(headers)
        self._check_length(headers)
        return headers, body_format

    def _check_length(self, headers: Mapping[str, str]) -> None:
        """Refuse by the announced length."""
        length = headers.get("content-length")
        if length is None:
            return
        if not (length.isdecimal() and len(length) <= _MAX_LENGTH_DIGITS):
            raise SenderError(400, "bad_header", "the header content-length is not a whole number")
        if int(length) > self._max_body_bytes:
            raise _too_large(self._max_body_bytes)

    def _put_off(self, code: str, message: str, retry_after_s: int) -> _Answer:
        """Ask the sender to come back; the reasons are few, and each is told."""
        self._seldom.warn("webhook_put_off", code, message, code=code, message=message)
        return _Answer(503, _error(code, message), ((b"retry-after", b"%d" % retry_after_s),))

    def _refuse(self, error: SenderError, name: str) -> _Answer:
        source = self._intake.sources.get(name)
        # Names that nobody knows are one kind of refusal: their number is up to whoever sends.
        known_as = name if source is not None else ""
        facts = {"source": name[:_MAX_NAME], "status": error.status, "code": error.code, "message": error.message}
        self._seldom.warn("webhook_refused", known_as, error.code, **facts)
        return _refusal(error, source)


class _BodyReader:
    """Reads a request's body, and knows whether it was read to its end, and how much of it counts as held."""

    __slots__ = ("_held", "_receive", "is_complete", "size")

    def __init__(self, receive: Receive, held: _Held) -> None:
        self._receive = receive
        self._held = held
        self.is_complete = False
        self.size = 0

    async def read(self, limit: int) -> bytes:
        """Give the whole body.

        Raises `SenderError` as soon as it exceeds the limit (413), or all bodies together theirs (503).
        """
        chunks: list[bytes] = []
        while not self.is_complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            chunk: bytes = message.get("body", b"")
            self.size += len(chunk)
            self._held.bytes += len(chunk)
            if self.size > limit:
                raise _too_large(limit)
            if self._held.bytes > self._held.limit:
                raise SenderError(503, "busy", "too many webhooks are coming in at once; send again")
            chunks.append(chunk)
            self.is_complete = not message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _source_name(scope: MutableMapping[str, Any]) -> str:
    path: str = scope["path"]
    return path.removeprefix(_PREFIX)


def _too_large(limit: int) -> SenderError:
    return SenderError(413, "body_too_large", f"the body is larger than {limit:,} bytes")


def _acknowledgement(source: Source, receipt: Receipt) -> _Answer:
    if receipt.status == "accepted":
        status = 202
        content = {"id": receipt.id, "status": "accepted", "number": receipt.number, "mappings": receipt.mappings}
    else:
        status = 200
        content = {"id": receipt.id, "status": "duplicate"}
    body = orjson.dumps(content)
    if source.ack is None:
        return _Answer(status, body)
    own = body if source.ack.body is None else source.ack.body
    return _Answer(source.ack.status, own, content_type=source.ack.content_type.encode())


def _refusal(error: SenderError, source: Source | None) -> _Answer:
    headers: list[tuple[bytes, bytes]] = []
    if error.status == 401 and source is not None and source.scheme.challenge is not None:
        headers.append((b"www-authenticate", source.scheme.challenge.encode()))
    if error.status == 405:
        headers.append((b"allow", b"POST"))
    if error.status == 503:
        headers.append((b"retry-after", b"%d" % _BUSY_RETRY_S))
    return _Answer(error.status, _error(error.code, error.message), tuple(headers))


def _internal(error: Exception, scope: MutableMapping[str, Any]) -> _Answer:
    """Log the exception under an id, and tell the sender that id only."""
    incident = uuid.uuid4().hex
    log.error("hook_failed", incident=incident, path=scope["path"], exc_info=error)
    message = f"something went wrong here; the log has it as {incident}"
    return _Answer(500, orjson.dumps({"error": {"code": "internal", "message": message, "id": incident}}))


def _error(code: str, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}})


def _head(answer: _Answer, content_bytes: int, *, close: bool) -> Message:
    """Give the message that begins the response."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % content_bytes),
        *answer.headers,
    ]
    if close:
        headers.append(_CLOSE)
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
