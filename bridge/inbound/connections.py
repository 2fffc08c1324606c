"""The guard in front of HTTP: what a connection may cost before there is a request to answer.

The server below bounds neither the size of a request's head nor how long it takes to come, and
whoever reaches the port can open connections. So a head has a size and a deadline, who does not
read is sent no more and is left after a while, trailers count for nothing, and every refusal has
the shape of the bridge's errors, and a line in the log, at most once a minute for each code.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bridge.events import Clock
from bridge.inbound.endpoint import Reply
from bridge.inbound.patience import Patience
from bridge.inbound.sending import HoldingTransport, send_answer
from bridge.once_a_minute import OnceAMinute
from bridge.proxies import Scope

HEAD_DEADLINE_S = 10.0
"""How long the head of a request may take, from its first byte or from the connection's beginning."""

READING_DEADLINE_S = 60.0
"""How long a client may take to read what it was sent: where no more fits on the way, and at the connection's end."""

RESTING_S = 75
"""How long a connection may rest between two requests. Longer than the 60 s for which the usual proxies keep theirs:
who closes first while the other sends costs a request, and a proxy tells its sender of a failure then.
"""

CROWD = 1000
CROWDED_RESTING_S = 5.0
"""With so many connections each may rest for no longer than this."""

MAX_HEAD_BYTES = 64 * 1024
"""How much may come that completes no head and brings no body: more than any app here takes."""

_CLOSING_TYPE = (b"content-type", b"application/json"), (b"connection", b"close")


AnswerWhole = Callable[[Scope, bytes, Reply], bool]
"""Answers a POST whose body is there, or gives False for one that it leaves to the ASGI app."""


def guarded(clock: Clock, answer_whole: AnswerWhole, refused: Counter[str] | None = None) -> type[asyncio.Protocol]:
    """Give the protocol of every connection of one server: they share what was told of refusals.

    `refused` counts those by their code.
    """
    counted = Counter[str]() if refused is None else refused
    protocol = partial(GuardedProtocol, seldom=OnceAMinute(clock), refused=counted, answer_whole=answer_whole)
    return cast(type[asyncio.Protocol], protocol)


def allow_many_connections() -> None:
    """Raise the number of open files to what the system allows; the usual 1,024 is soon reached."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class GuardedProtocol(HttpToolsProtocol):
    """One connection, as uvicorn serves it, within bounds."""

    def __init__(
        self, *arguments: Any, seldom: OnceAMinute, refused: Counter[str], answer_whole: AnswerWhole, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._seldom = seldom
        self._refused = refused
        self._answer_whole = answer_whole
        self._begun: tuple[RequestResponseCycle, Any] | None = None
        self._is_parsing = False
        self._awaits_head = True
        self._got_on = False
        self._idle_bytes = 0
        self._is_refused = False
        self._has_head_begun = True
        self._patience = Patience(self.loop, self._lose_patience)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Give the first head its deadline."""
        holding = HoldingTransport(transport, self.loop, self._await_the_end)
        super().connection_made(holding)  # type: ignore[arg-type]  # stands in for one
        self._patience.wait(HEAD_DEADLINE_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        super().connection_lost(exc)
        self._patience.stop()

    def data_received(self, data: bytes) -> None:
        """Take in what came once the turn ends: all connections read in a row, and then all parse in a row."""
        self.loop.call_soon(self._take_in, data)

    def _take_in(self, data: bytes) -> None:
        """Take in what came, as long as it leads somewhere."""
        if self._is_refused:
            return
        self._got_on = False
        self._is_parsing = True
        try:
            super().data_received(data)
        finally:
            self._is_parsing = False
        self._begin()
        self._idle_bytes = 0 if self._got_on else self._idle_bytes + len(data)
        if self._idle_bytes > MAX_HEAD_BYTES:
            self._refuse(431, "headers_too_large", f"the headers are larger than {MAX_HEAD_BYTES:,} bytes")
        elif self._awaits_head and self._is_idle() and not self._got_on and not self._has_head_begun:
            # A piece that ended a request, which was answered at once, begins no head: the connection rests.
            self._has_head_begun = True
            self._patience.wait(HEAD_DEADLINE_S)

    def on_headers_complete(self) -> None:
        """Begin the request. One that asks for another protocol would lose its body, so it is refused."""
        self._patience.rest()
        self._has_head_begun = False
        self._awaits_head, self._got_on = False, True
        if self.parser.should_upgrade():
            self._is_refused = True
            self._tell(400, "upgrade_refused", _NO_UPGRADE)
            self.app = _refuse_upgrade
        super().on_headers_complete()
        # The request has its headers; what follows a body in pieces (RFC 9110, 6.5) is noted here, and forgotten.
        self.headers = []

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Begin a request once the piece that its head came in is parsed, or the turn of the one before it ends."""
        self._begun = cycle, app
        if not self._is_parsing:
            self.loop.call_soon(self._begin)

    def _begin(self) -> None:
        # Who does not read has to wait: the answers would pile up here.
        if self._begun is None or self.flow.write_paused:
            return
        (cycle, app), self._begun = self._begun, None
        # A webhook that is whole, as nearly all are, needs no task: that would cost as much as its signature.
        scope = cast(Scope, cycle.scope)
        is_whole = scope["method"] == "POST" and not cycle.more_body and not self._is_refused
        if not (is_whole and self._answer_whole(scope, bytes(cycle.body), partial(send_answer, cycle))):
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._got_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._awaits_head, self._got_on = True, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the request that came meanwhile, or wait for one: as uvicorn does, but for its timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self.flow.write_paused:
            self._rest()
        if not self.pipeline:
            # Not before: for each request that is answered a piece with a thousand more could come.
            self.flow.resume_reading()

    def pause_writing(self) -> None:
        """Wait until the client has read what it was sent, or most of it."""
        super().pause_writing()
        self._patience.wait(READING_DEADLINE_S)

    def resume_writing(self) -> None:
        """Go on where that ended: with the answer, with the request that had to wait for it, or with none."""
        super().resume_writing()
        if self.transport.is_closing():
            return
        if self._is_idle():
            self._rest()
        else:
            self._patience.rest()
            self._begin()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(400, "bad_request", msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the sender was told."""

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn declares it before there is one
        return cycle is None or cycle.response_complete

    def _rest(self) -> None:
        is_crowded = len(self.connections) > CROWD
        self._patience.wait(CROWDED_RESTING_S if is_crowded else self.timeout_keep_alive)

    def _await_the_end(self) -> None:
        self._patience.wait(READING_DEADLINE_S)

    def _lose_patience(self) -> None:
        if self.transport.is_closing():
            # It waits for the client to read, which does not.
            self.transport.abort()
        else:
            self.transport.close()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer, where no other answer is under way, and close the connection."""
        self._is_refused = True
        self._tell(status, code, message)
        if self._is_idle() and not self.transport.is_closing():
            body = _error(code, message)
            status_line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            fields = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            self.transport.write((status_line + fields).encode() + body)
        self.transport.close()

    def _tell(self, status: int, code: str, message: str) -> None:
        self._refused[code] += 1
        peer = self.client[0] if self.client else ""
        self._seldom.warn("request_refused", code, status=status, code=code, message=message, peer=peer)


_NO_UPGRADE = "only HTTP/1.1 is spoken here; send without the header upgrade"


async def _refuse_upgrade(_scope: Any, _receive: Any, send: Any) -> None:
    body = _error("upgrade_refused", _NO_UPGRADE)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 400, "headers": [*_CLOSING_TYPE, length]})
    await send({"type": "http.response.body", "body": body})


def _error(code: str, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}})
