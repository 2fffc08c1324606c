"""`/hooks/{source}` as a plain ASGI endpoint: the bounds, the answers, the guard.

The answer comes once `accept` says that the event is durable. Whatever is refused or put off
leaves nothing behind but a line in the log, and that at most once a minute for each source and
code, or each reason to put off; a refusal before the body was read to its end closes the
connection. No exception leaves this endpoint but those that end the process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain
from time import perf_counter
from typing import NamedTuple

from bridge.errors import SenderError, StoreUnavailable
from bridge.events import BatchReceipt, Clock, Event, Offer, Receipt
from bridge.inbound.answers import CLOSE, NO_CONTENT, Answer, acknowledgement
from bridge.inbound.arriving import BodyReader, Disconnected, Held, Message, Receive
from bridge.inbound.batch import AcceptBatch, Batch, SettleBatch
from bridge.inbound.bodies import JSON_FORMAT, BodyFormat, read_format
from bridge.inbound.deadline import Deadline
from bridge.inbound.failures import Draining, Failures, source_name
from bridge.inbound.gathering import Accept, Gathering, SettleAny
from bridge.inbound.handshakes import Handshaken, KeyOffered
from bridge.inbound.receive import Reading, Request, read_event, read_events, read_headers, why_no_time
from bridge.inbound.shaking import shake_at_head
from bridge.inbound.sources import Source, Sources
from bridge.inbound.verification.wanted import KeyFinder, NoKeys
from bridge.once_a_minute import OnceAMinute
from bridge.proxies import Scope, peer
from bridge.tallies import HookTally

Send = Callable[[Message], Awaitable[None]]
Reply = Callable[[Answer], None]
"""Takes the answer to one request."""

KeepKey = Callable[[Offer, str], Awaitable[None]]
"""Keeps a key that was offered from an address; may raise `SenderError` and `StoreUnavailable`."""

MAX_HEADERS_BYTES = 32 * 1024
MAX_QUERY_BYTES = 8 * 1024
MAX_HELD_BYTES = 128 * 1024 * 1024
"""How much of all bodies is held at once: anyone may send one, and it is read before it is verified."""

_UNREAD = JSON_FORMAT
"""Of a body that nobody reads."""


class _Intake(NamedTuple):
    """What belongs together: who may send, and what takes their events. A request ends with what it began with."""

    sources: Sources
    accept: Accept
    accept_batch: AcceptBatch

    def accept_all(self, read: Reading, settle: SettleAny) -> None:
        """Have all the events of a delivery accepted, of which there may be many."""
        if read.is_batch:
            self.accept_batch(read.events, settle)
        else:
            self.accept(next(read.events), settle)


class _Begun(NamedTuple):
    """A request whose head is read: who sends it, what takes its event, and what its head says.

    `shaken` is the answer where that is a handshake; its body counts for nothing.
    """

    source: Source
    intake: _Intake
    headers: Mapping[str, str]
    format: BodyFormat
    query: bytes
    shaken: Handshaken | None = None


class HookEndpoint:
    """Serves the webhooks of all sources.

    `accept` makes an event durable and may raise `StoreUnavailable`; `accept_batch` all events of one delivery, by
    `accept` unless it is given. `max_body_bytes` bounds the body before and after decompression, `max_held_bytes` all
    those that are being read or stored; `body_deadline_s` is how long a body's arrival may take. `draining` tells that
    the process is asked to end. `keep_key` makes a key durable that comes over the wire; `keys` looks up those that
    verifiers lack. `client` gives the address that a request is from.
    """

    def __init__(  # noqa: PLR0913 - wiring: each of them is passed in once, by name
        self,
        sources: Sources,
        *,
        accept: Accept,
        accept_batch: AcceptBatch | None = None,
        clock: Clock,
        max_body_bytes: int,
        max_held_bytes: int = MAX_HELD_BYTES,
        body_deadline_s: float = 10.0,
        draining: Callable[[], bool] = lambda: False,
        keep_key: KeepKey | None = None,
        keys: KeyFinder | None = None,
        client: Callable[[Scope], str] = peer,
    ) -> None:
        self._intake = _Intake(_with_address(sources), accept, accept_batch or _one_by_one(accept))
        self._max_body_bytes = max_body_bytes
        self._held = Held(max_body_bytes, max_held_bytes)
        self._deadline = Deadline(body_deadline_s)
        self._draining = draining
        self._keep_key = keep_key or _keep_no_key
        self._client = client
        self._keeping = set[asyncio.Task[Answer]]()
        self._clock = clock
        keys = keys or NoKeys()
        self._known = keys.known
        self._gathering = Gathering(self._read_event, clock, keys)
        self._gathering_several = Gathering(self._read_events, clock, keys)
        self._seldom = OnceAMinute(clock)
        self.tally = HookTally()
        self._failures = Failures(self._seldom, self.tally)

    def switch(self, sources: Sources, *, accept: Accept, accept_batch: AcceptBatch | None = None) -> None:
        """Serve these sources from the next request on; those that have begun end as they began."""
        self._intake = _Intake(_with_address(sources), accept, accept_batch or _one_by_one(accept))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = BodyReader(receive, self._held)
        try:
            begun = self._begin(scope)
            self._held.check_length(begun.headers)
            content = await self._arriving(body)
            arrived_s = perf_counter()
            receipt: asyncio.Future[Receipt | BatchReceipt] = asyncio.get_running_loop().create_future()
            self._take(begun, content, partial(_fulfil, receipt))
            answer = self._acknowledge(begun.source, arrived_s, await receipt)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - the guard: one request's fault must not end more than that request
            answer = await self._kept(error, scope) if isinstance(error, KeyOffered) else self._failure(error, scope)
        finally:
            self._held.bytes -= body.size
        closing = () if body.is_complete or CLOSE in answer.fields else (CLOSE,)
        length = () if answer.status == NO_CONTENT else ((b"content-length", b"%d" % len(answer.body)),)
        fields = [*answer.fields, *length, *closing]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": answer.body})

    def answer_whole(self, scope: Scope, body: bytes, reply: Reply) -> None:
        """Answer a request whose body is there: `reply` gets the answer, at once or when the event is durable.

        For a server that has all of a request when it begins, as is the rule. It does what a call of the endpoint
        does, without the task and the coroutines of one.
        """
        try:
            self._held.add(len(body), len(body))
            begun = self._begin(scope)
            self._take(begun, body, partial(self._conclude, scope, begun.source, len(body), perf_counter(), reply))
        except Exception as error:  # noqa: BLE001 - the guard, as above
            self._held.bytes -= len(body)
            self._answer_failure(error, scope, reply)

    def _conclude(  # noqa: PLR0913, PLR0917 - a callback, bound to all that it needs
        self,
        scope: Scope,
        source: Source,
        held_bytes: int,
        arrived_s: float,
        reply: Reply,
        outcome: Receipt | BatchReceipt | Exception,
    ) -> None:
        self._held.bytes -= held_bytes
        if isinstance(outcome, Exception):
            self._answer_failure(outcome, scope, reply)
        else:
            reply(self._acknowledge(source, arrived_s, outcome))

    def _answer_failure(self, error: Exception, scope: Scope, reply: Reply) -> None:
        """Answer what is no event: at once, or when the key is durable that it offers."""
        if isinstance(error, KeyOffered):
            keeping = asyncio.ensure_future(self._kept(error, scope))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
            keeping.add_done_callback(lambda kept: reply(kept.result()))
        else:
            reply(self._failure(error, scope))

    async def _kept(self, offered: KeyOffered, scope: Scope) -> Answer:
        """Answer once the key is durable that a handshake offers."""
        try:
            await self._keep_key(offered.offer, self._client(scope))
        except Exception as error:  # noqa: BLE001 - the guard, as above
            return self._failure(error, scope)
        return self._failure(offered, scope)

    def _acknowledge(self, source: Source, arrived_s: float, receipt: Receipt | BatchReceipt) -> Answer:
        answer = acknowledgement(source, receipt)
        self.tally.answers[source.name, answer.status, receipt.status] += 1
        self.tally.ack_s.observe(perf_counter() - arrived_s)
        return answer

    async def _arriving(self, body: BodyReader) -> bytes:
        try:
            return await self._deadline.hold(body.read())
        except TimeoutError as error:
            message = f"the body did not arrive within {self._deadline.limit_s:g} s"
            raise SenderError(408, "body_timeout", message) from error

    def _take(self, begun: _Begun, body: bytes, settle: SettleAny) -> None:
        if begun.shaken is not None:
            settle(begun.shaken)
            return
        request = Request(begun.headers, begun.format, begun.query, body)
        if begun.source.layout is None:
            self._gathering.take(begun.source, request, begun.intake.accept, settle)
        else:
            self._gathering_several.take(begun.source, request, begun.intake.accept_all, settle)

    def _read_events(self, source: Source, request: Request, now: datetime) -> Reading:
        def unread(reason: str) -> None:
            self._seldom.warn("event_unread", source.name, source=source.name, reason=reason)

        return read_events(
            source, request, max_body_bytes=self._max_body_bytes, now=now, unread=unread, known=self._known
        )

    def _read_event(self, source: Source, request: Request, now: datetime) -> Event:
        event = read_event(source, request, max_body_bytes=self._max_body_bytes, now=now, known=self._known)
        if event.at is None and source.at is not None and (reason := why_no_time(source, event)):
            self._seldom.warn("event_time_unreadable", source.name, source=source.name, reason=reason)
        return event

    def _begin(self, scope: Scope) -> _Begun:
        """Read the head, and refuse what can be refused before a byte of the body is read."""
        intake = self._intake
        source = intake.sources.get(source_name(scope))
        if source is None:
            raise SenderError(404, "unknown_source", "there is no source of this name")
        method, handshakes = scope["method"], source.handshakes.at_head
        if method != "POST" and method not in handshakes:
            raise SenderError(405, "method_not_allowed", "webhooks are POSTed")
        if self._draining():
            raise Draining
        raw, query = scope["headers"], scope["query_string"]
        if sum(map(len, chain.from_iterable(raw))) > MAX_HEADERS_BYTES:
            raise SenderError(431, "headers_too_large", f"the headers are larger than {MAX_HEADERS_BYTES:,} bytes")
        if len(query) > MAX_QUERY_BYTES:
            raise SenderError(414, "query_too_long", f"the query string is longer than {MAX_QUERY_BYTES:,} bytes")
        headers = read_headers(source, raw)
        if method in handshakes and (shaken := shake_at_head(source, method, headers, query, self._clock())):
            return _Begun(source, intake, headers, _UNREAD, query, shaken)
        return _Begun(source, intake, headers, read_format(headers, is_json=source.is_json), query)

    def _failure(self, error: Exception, scope: Scope) -> Answer:
        return self._failures.answer(error, scope, self._intake.sources)


def _fulfil(receipt: asyncio.Future[Receipt | BatchReceipt], outcome: Receipt | BatchReceipt | Exception) -> None:
    if receipt.done():
        return
    if isinstance(outcome, Exception):
        receipt.set_exception(outcome)
    else:
        receipt.set_result(outcome)


async def _keep_no_key(_offer: Offer, _address: str) -> None:
    raise StoreUnavailable("no keys are kept here")


def _one_by_one(accept: Accept) -> AcceptBatch:
    def accept_batch(events: Iterator[Event], settle: SettleBatch) -> None:
        Batch(events, accept, settle).go_on()

    return accept_batch


def _with_address(sources: Sources) -> Sources:
    """Leave out the bridge's own: nobody posts to it."""
    return {name: source for name, source in sources.items() if not source.is_own}
