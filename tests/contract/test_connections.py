"""The guard in front of HTTP, on real sockets: no sender costs more than its bounds, nor another's place."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from uvicorn.config import Config
from uvicorn.server import ServerState

from bridge.inbound import connections
from bridge.inbound.answers import CLOSE, Answer
from bridge.inbound.connections import AnswerWhole, GuardedProtocol, guarded
from bridge.inbound.endpoint import Reply
from bridge.inbound.handshakes.replies import Fields
from bridge.proxies import Scope

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = b"POST /hooks/x HTTP/1.1\r\nHost: here\r\n"
LONG = b"x" * 100_000
REQUEST = HEAD + b"Content-Length: 4\r\n\r\nbody"


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the request's body and the names of its headers."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    names = sorted(name.decode() for name, _ in scope["headers"])
    content = orjson.dumps({"bytes": len(body), "headers": names})
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


async def tell_long(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer at length, in long pieces and short ones."""
    length = (b"content-length", str(3 * len(LONG) + 3).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    for more in (True, True, False):
        await send({"type": "http.response.body", "body": LONG, "more_body": True})
        await send({"type": "http.response.body", "body": b".", "more_body": more})


def leave_to_the_app(_scope: Scope, _body: bytes, _reply: Reply) -> bool:
    """Answer nothing that is whole."""
    return False


@asynccontextmanager
async def served(
    app: Any = tell, answer_whole: AnswerWhole = leave_to_the_app, *, resting_s: int = 5
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Serve an app behind the guard, and give one connection to it."""
    config = Config(
        app,
        http=guarded(lambda: NOON, answer_whole),
        timeout_keep_alive=resting_s,
        log_config=None,
        ws="none",
        lifespan="off",
    )
    config.load()
    protocol: Any = config.http_protocol_class
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, ServerState(), {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def answer_to(*pieces: bytes) -> bytes:
    """Send pieces, each as it is, and give all that comes until the connection is closed."""
    async with asyncio.timeout(30), served() as (reader, writer):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b"reset"


async def what_comes_until_the_end(reader: asyncio.StreamReader) -> bytes:
    """Read until the server ends the connection; a reset, for what it no longer read, is an end too."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def code_of(answer: bytes) -> str:
    """Give the word that a refusal has for programs, where it closes the connection."""
    assert b"connection: close" in answer
    code: str = orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]
    return code


@pytest.mark.parametrize(
    "line", [b"X-Long: " + b"a" * 70_000, b"X-A: a\r\n" * 9_000], ids=["one header", "many headers"]
)
async def test_a_head_without_end_is_refused_while_it_comes(line: bytes) -> None:
    """The parser keeps every header it is given; one connection could fill the memory."""
    answer = await answer_to(HEAD + line)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert code_of(answer) == "headers_too_large"


@pytest.mark.parametrize("begun", [b"", b"\r\n", HEAD, REQUEST + HEAD], ids=["nothing", "blank", "half", "second"])
async def test_a_head_that_does_not_come_ends_the_connection(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that who opens connections and says nothing takes no other sender's place."""
    monkeypatch.setattr(connections, "HEAD_DEADLINE_S", 0.1)
    answer = await answer_to(begun)
    assert answer.count(b"HTTP/1.1 200") == begun.count(b"body")


async def test_a_head_in_pieces_has_one_deadline_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not keep a place."""
    monkeypatch.setattr(connections, "HEAD_DEADLINE_S", 0.2)
    async with asyncio.timeout(30), served() as (reader, writer):
        ending = asyncio.create_task(what_comes_until_the_end(reader))
        while not ending.done():
            writer.write(b"\r\n")
            await asyncio.sleep(0.02)
        assert await ending == b""


async def test_a_connection_that_rests_too_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its time between two requests, and not by that of a head that has begun."""
    monkeypatch.setattr(connections, "HEAD_DEADLINE_S", 3600)
    async with asyncio.timeout(30), served(resting_s=1) as (reader, writer):
        writer.write(REQUEST)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_a_request_that_came_in_time_is_answered_though_nobody_looked() -> None:
    """The loop may be busy while it comes and the connection's rest ends; to close then would drop the request."""
    async with asyncio.timeout(30), served(resting_s=1) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"}")
        writer.write(REQUEST)
        time.sleep(1.5)  # noqa: ASYNC251 - what keeps the loop busy
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_who_was_answered_at_once_may_rest_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal, say, is answered while its request is taken in; it begins no other head, which had less time."""
    monkeypatch.setattr(connections, "HEAD_DEADLINE_S", 0.1)
    async with asyncio.timeout(30), served(answer_whole=Whole(), resting_s=3600) as (reader, writer):
        for _ in range(2):
            writer.write(REQUEST)
            assert (await reader.readuntil(b"body")).startswith(b"HTTP/1.1 202")
            await asyncio.sleep(0.3)


async def test_where_connections_crowd_each_rests_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes many places for long by asking once at each of them."""
    monkeypatch.setattr(connections, "CROWD", 0)
    monkeypatch.setattr(connections, "CROWDED_RESTING_S", 0.1)
    async with asyncio.timeout(30), served(resting_s=3600) as (reader, writer):
        writer.write(REQUEST)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_what_stands_behind_the_body_is_no_header() -> None:
    """A proxy in front judges the head; nothing may join it later."""
    body = b"4;note=1\r\nbody\r\n0\r\nX-Late: 1\r\n\r\n"
    answer = await answer_to(HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)
    told = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    assert told == {"bytes": 4, "headers": ["connection", "host", "transfer-encoding"]}


async def test_a_request_for_another_protocol_is_refused_and_its_body_is_no_request() -> None:
    """The parser drops the body of such a request; a signature over nothing would then be the sender's riddle."""
    upgrade = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 64\r\n\r\n"
    answer = await answer_to(upgrade + REQUEST)
    assert code_of(answer) == "upgrade_refused"
    assert re.findall(rb"HTTP/1.1 \d+", answer) == [b"HTTP/1.1 400"]


@pytest.mark.parametrize("words", [b"nonsense\r\n\r\n", HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"])
async def test_what_is_no_http_is_refused_in_the_shape_of_every_error(words: bytes) -> None:
    """A status, and a word that programs can read."""
    answer = await answer_to(words)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert code_of(answer) == "bad_request"


UPGRADE = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (HEAD + b"X: " + b"a" * 70_000, 431, "headers_too_large"),
        (UPGRADE, 400, "upgrade_refused"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
    ],
)
async def test_a_refusal_is_told_once_a_minute(words: bytes, status: int, code: str) -> None:
    """Whoever runs the bridge sees that somebody is turned away, and why; a flood of them fills no disk."""
    with capture_logs() as lines:
        async with asyncio.timeout(30), served() as (_, writer):
            address = writer.get_extra_info("peername")
            for _ in range(3):
                again, sender = await asyncio.open_connection(*address)
                sender.write(words)
                await what_comes_until_the_end(again)
                sender.close()

    (line,) = lines
    assert (line["event"], line["log_level"], line["count"]) == ("request_refused", "warning", 1)
    assert (line["status"], line["code"], line["peer"]) == (status, code, "127.0.0.1")
    assert line["message"]


async def test_good_requests_pass_however_they_are_cut() -> None:
    """Large bodies, one after the other on one connection, and in pieces of one byte."""
    large = b"x" * 2**20
    requests = HEAD + b"Content-Length: %d\r\n\r\n" % len(large) + large + REQUEST
    last = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    answer = await answer_to(requests, *(REQUEST[at : at + 1] for at in range(len(REQUEST))), last)
    assert re.findall(rb'"bytes":(\d+)', answer) == [b"1048576", b"4", b"4", b"50000"]


async def test_an_answer_comes_in_one_piece() -> None:
    """Its head and its body are written one after the other, and are sent as one."""
    async with asyncio.timeout(10), served() as (reader, writer):
        for _ in range(20):
            writer.write(REQUEST)
            piece = await reader.read(65_536)
            head, _, body = piece.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert orjson.loads(body)["bytes"] == 4


def saying(*messages: dict[str, Any]) -> Any:
    """Give an app that says these messages."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def beginning(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """Begin an answer with these headers."""
    return {"type": "http.response.start", "status": 200, "headers": headers}


BODY = {"type": "http.response.body", "body": b"four"}


async def head_and_body(app: Any, request: bytes) -> tuple[list[bytes], bytes]:
    """Ask once, and give the answer's lines less the date, and its body; the server ends the connection."""
    async with asyncio.timeout(10), served(app) as (reader, writer):
        writer.write(request)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return [line for line in head.split(b"\r\n") if not line.startswith((b"date", b"server"))], body


ENDING = HEAD + b"Content-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("messages", "lines", "body"),
    [
        ((beginning((b"content-length", b"4")), BODY), [b"content-length: 4", b"connection: close"], b"four"),
        ((beginning(), BODY), [b"connection: close", b"transfer-encoding: chunked"], b"4\r\nfour\r\n0\r\n\r\n"),
        (
            (beginning((b"Content-Length", b"4"), (b"Connection", b"close")), BODY),
            [b"Content-Length: 4", b"Connection: close"],
            b"four",
        ),
    ],
    ids=["of known length", "of unknown length", "that says itself that it ends"],
)
async def test_an_answer_is_written_as_http_wants_it(messages: Any, lines: list[bytes], body: bytes) -> None:
    """In one piece or not: its head says how long it is, and that the connection ends."""
    head, found = await head_and_body(saying(*messages), ENDING)
    assert head[0] == b"HTTP/1.1 200 OK"
    assert [line.lower() for line in head[1:]] == [line.lower() for line in lines]
    assert found == body


async def test_a_head_that_is_asked_for_comes_without_a_body() -> None:
    """It says how long the body would be."""
    request = ENDING.replace(b"POST", b"HEAD")
    head, body = await head_and_body(saying(beginning((b"content-length", b"4")), BODY), request)
    assert (b"content-length: 4" in head, body) == (True, b"")


class Whole:
    """Takes whole requests, and answers each with its body or another, at once or when it is told to."""

    def __init__(self, *, at_once: bool = True, fields: Fields = (), body: bytes = b"") -> None:
        self.bodies: list[bytes] = []
        self.replies: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self.at_once = at_once
        self.fields = fields
        self.body = body

    def __call__(self, _scope: Scope, body: bytes, reply: Reply) -> bool:
        self.bodies.append(body)
        answer = partial(reply, Answer(202, self.fields, self.body or body))
        if self.at_once:
            answer()
        else:
            self.replies.put_nowait(answer)
        return True


async def test_many_whole_requests_in_one_piece_are_answered_in_their_order() -> None:
    """However many they are, and though each is answered at once."""
    whole = Whole()
    requests = b"".join(HEAD + b"Content-Length: 3\r\n\r\n%03d" % number for number in range(900))
    async with asyncio.timeout(30), served(answer_whole=whole) as (reader, writer):
        writer.write(requests + ENDING)
        answers = await reader.read()
    assert re.findall(rb"\r\n\r\n(\d{3})HTTP", answers) == [b"%03d" % number for number in range(900)]
    assert answers.count(b"HTTP/1.1 202 Accepted\r\n") == 901
    assert answers.endswith(b"content-length: 0\r\nconnection: close\r\n\r\n")


async def test_a_second_request_waits_for_the_answer_to_the_first() -> None:
    """One after the other on one connection, also where the first takes its time."""
    whole = Whole(at_once=False)
    async with asyncio.timeout(10), served(answer_whole=whole) as (reader, writer):
        writer.write(REQUEST + REQUEST.replace(b"body", b"next"))
        answer = await whole.replies.get()
        await asyncio.sleep(0.05)
        assert whole.bodies == [b"body"]
        answer()
        assert (await reader.readuntil(b"body")).startswith(b"HTTP/1.1 202")
        (await whole.replies.get())()
        assert (await reader.readuntil(b"next")).startswith(b"HTTP/1.1 202")


async def test_what_is_not_whole_goes_to_the_app() -> None:
    """A body that comes in pieces, and whatever is not POSTed."""
    whole = Whole()
    async with asyncio.timeout(10), served(answer_whole=whole) as (reader, writer):
        writer.write(REQUEST[:-1])
        await asyncio.sleep(0.05)
        writer.write(REQUEST[-1:])
        assert b'"bytes":4' in await reader.readuntil(b"}")
        writer.write(REQUEST.replace(b"POST", b"PUT"))
        assert b'"bytes":4' in await reader.readuntil(b"}")
    assert whole.bodies == []


async def test_an_answer_may_end_its_connection_or_find_it_gone() -> None:
    """It says so in its head, and once; where the client went away there is nothing to say."""
    whole = Whole(fields=(CLOSE,))
    async with asyncio.timeout(10), served(answer_whole=whole) as (reader, writer):
        writer.write(REQUEST)
        assert (await reader.read()).count(b"connection: close") == 1
    whole = Whole(at_once=False)
    async with asyncio.timeout(10), served(answer_whole=whole) as (_, writer):
        writer.write(REQUEST)
        answer = await whole.replies.get()
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)
        answer()


async def test_a_long_answer_comes_whole() -> None:
    """What comes in pieces keeps its order."""
    async with asyncio.timeout(10), served(tell_long) as (reader, writer):
        writer.write(REQUEST)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(3 * len(LONG) + 3) == (LONG + b".") * 3


MANY = 400


async def test_who_does_not_read_is_answered_no_more() -> None:
    """Else its answers would fill the memory, at a few bytes of request each; once it reads, it gets all in order."""
    whole = Whole(body=LONG)
    async with asyncio.timeout(60), served(answer_whole=whole) as (reader, writer):
        writer.write(REQUEST * MANY)
        answered = -1
        while answered < len(whole.bodies):
            answered = len(whole.bodies)
            await asyncio.sleep(0.2)
        assert 0 < answered < MANY / 2
        for _ in range(MANY):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 202")
            await reader.readexactly(len(LONG))
        writer.write(ENDING)
        assert (await reader.read()).endswith(LONG)
    assert len(whole.bodies) == MANY + 1


@pytest.mark.parametrize("request_line", [REQUEST, REQUEST * MANY, ENDING], ids=["one", "many", "the last"])
async def test_who_does_not_read_for_long_is_left(request_line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody takes keeps no place for ever, not even where it ends the connection."""
    monkeypatch.setattr(connections, "READING_DEADLINE_S", 0.1)
    ended = asyncio.Event()

    class Watched(GuardedProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            ended.set()

    monkeypatch.setattr(connections, "GuardedProtocol", Watched)
    whole = Whole(body=LONG * 200)
    async with asyncio.timeout(30), served(answer_whole=whole) as (_, writer):
        writer.write(request_line)
        await ended.wait()
    assert len(whole.bodies) == 1


async def test_who_reads_slowly_is_not_left_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it gets on: the deadline is for what waits, and not for the whole conversation."""
    monkeypatch.setattr(connections, "READING_DEADLINE_S", 0.5)
    whole = Whole(body=LONG * 50)
    async with asyncio.timeout(30), served(answer_whole=whole) as (reader, writer):
        for _ in range(3):
            writer.write(REQUEST)
            await asyncio.sleep(0.3)
            await reader.readuntil(b"\r\n\r\n")
            assert len(await reader.readexactly(50 * len(LONG))) == 50 * len(LONG)
            await asyncio.sleep(0.3)
