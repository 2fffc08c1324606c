"""The hook endpoint behind a real server, over real sockets: called by ASGI, and handed whole bodies."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import structlog
from support.listening import listening

from bridge.errors import StoreUnavailable
from bridge.events import Event, Receipt, Settle
from bridge.inbound import HookEndpoint, Reply, load_sources, sign
from bridge.inbound.connections import guarded
from bridge.located import Place

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
NAMED = dict.fromkeys(("stripe", "alertmanager"), Place("m.yaml", 1, 1))
OWN = b"""
open: {verify: none, id: $.id, at: $.at}
literal: {verify: none, id: $.id, ack: {status: 200, body: "[accepted]"}}
quiet: {verify: none, id: $.id, ack: {status: 204}}
door: {verify: basic, dedupe: off}
"""
SECRET = b"user:secret"
SOURCES = load_sources(NAMED, OWN, lambda _: (SECRET,))
JSON = ("Content-Type: application/json",)


@pytest.fixture(params=[False, True], ids=["called", "handed over"], autouse=True)
def hands_over(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run each test with a server that only calls the endpoint, and with the one that hands it whole bodies."""
    monkeypatch.setattr(Served, "hands_over", request.param)
    return bool(request.param)


class Served:
    """How the endpoint is served in the test that runs."""

    hands_over = False

    @classmethod
    def protocol(cls, endpoint: HookEndpoint) -> Any:
        def answer_whole(scope: Any, body: bytes, reply: Reply) -> bool:
            endpoint.answer_whole(scope, body, reply)
            return True

        return guarded(lambda: NOW, answer_whole) if cls.hands_over else "httptools"


class Acceptor:
    """Stands for the store: remembers ids in a list, and fails on demand."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failure: Exception | None = None
        self.is_draining = False
        self.is_stored = asyncio.Event()
        self.is_stored.set()

    def accept(self, event: Event, settle: Settle) -> None:
        storing = asyncio.ensure_future(self._store(event))
        storing.add_done_callback(lambda _: None if storing.cancelled() else settle(storing.result()))

    async def _store(self, event: Event) -> Receipt | Exception:
        await self.is_stored.wait()
        if self.failure is not None:
            return self.failure
        known = [seen.id for seen in self.events]
        if event.id in known:
            return Receipt(status="duplicate", id=event.id, number=None, mappings=())
        self.events.append(event)
        return Receipt(status="accepted", id=event.id, number=len(self.events), mappings=("sales",))


class Answer:
    """A response as it came over the socket; `is_closed` tells that the server ended the connection."""

    def __init__(self, head: bytes, body: bytes, *, is_closed: bool) -> None:
        status, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.body = body
        self.is_closed = is_closed

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        error = self.json["error"]
        assert error["message"]
        return str(error["code"])


class Client:
    """One connection to the server, spoken to in bytes."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *pieces: bytes) -> Answer:
        """Send on a connection of its own, and read one answer."""
        reader, writer = await self.open()
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await read_answer(reader)
        finally:
            writer.close()

    async def post(self, source: str, body: bytes, headers: Iterable[str] = JSON) -> Answer:
        return await self.send(request("POST", f"/hooks/{source}", headers, len(body)), body)


def request(method: str, target: str, headers: Iterable[str], length: int | None) -> bytes:
    """Give a request's head; without a length it has none."""
    lines = [f"{method} {target} HTTP/1.1", "Host: x", *headers]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one response, and whether the connection ends behind it."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5))[:-4]
    answer = Answer(head, b"", is_closed=False)
    answer.body = await reader.readexactly(int(answer.headers.get("content-length", "0")))
    if answer.headers.get("connection") == "close":
        answer.is_closed = await asyncio.wait_for(reader.read(), 5) == b""
    return answer


@asynccontextmanager
async def serving(
    acceptor: Acceptor, *, max_body_bytes: int = 1000, max_held_bytes: int = 10_000, body_deadline_s: float = 10
) -> AsyncIterator[Client]:
    """Run the endpoint on a free port."""
    endpoint = HookEndpoint(
        SOURCES,
        accept=acceptor.accept,
        clock=lambda: NOW,
        max_body_bytes=max_body_bytes,
        max_held_bytes=max_held_bytes,
        body_deadline_s=body_deadline_s,
        draining=lambda: acceptor.is_draining,
    )
    async with listening(endpoint, Served.protocol(endpoint)) as port:
        yield Client(port)


@pytest.fixture
def acceptor() -> Acceptor:
    """What stands behind the endpoint."""
    return Acceptor()


@pytest.fixture
async def client(acceptor: Acceptor) -> AsyncIterator[Client]:
    """A client of a running endpoint whose bodies may have 1,000 bytes."""
    async with serving(acceptor) as found:
        yield found


async def test_an_event_is_accepted_once(client: Client, acceptor: Acceptor) -> None:
    """202 with number and mappings, then 200 for the same delivery; the connection stays open."""
    body = b'{"id":"evt_1","type":"ping"}'
    headers = [*JSON, *(f"{k}: {v}" for k, v in sign(SOURCES["stripe"], body, SECRET, NOW).items())]
    first = await client.post("stripe", body, headers)
    again = await client.post("stripe", body, headers)
    assert (first.status, first.json) == (
        202,
        {"id": "evt_1", "number": 1, "status": "accepted", "mappings": ["sales"]},
    )
    assert first.headers["content-type"] == "application/json"
    assert "connection" not in first.headers
    assert (again.status, again.json) == (200, {"id": "evt_1", "status": "duplicate"})
    assert [event.body for event in acceptor.events] == [body]


async def test_a_provider_hears_what_it_insists_on(client: Client) -> None:
    """A literal body or another 2xx, for a new delivery and for a repeated one."""
    for _ in range(2):
        literal = await client.post("literal", b'{"id":1}')
        assert (literal.status, literal.body) == (200, b"[accepted]")
        assert literal.headers["content-type"] == "text/plain; charset=utf-8"
        empty = await client.post("quiet", b'{"id":1}')
        assert (empty.status, empty.body) == (204, b"")
        assert "content-length" not in empty.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_only_post_is_allowed(client: Client, method: str) -> None:
    """405 says so in `Allow`."""
    reader, writer = await client.open()
    writer.write(request(method, "/hooks/open", (), None))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 405")
    assert b"\r\nallow: post\r\n" in head
    writer.close()


@pytest.mark.parametrize("name", ["nobody", "", "open/", "open/x", "%00", "..", "Open"])
async def test_an_unknown_source_is_not_found(client: Client, name: str) -> None:
    """404 for any method; nothing about other sources is told."""
    answer = await client.post(name, b"{}")
    assert (answer.status, answer.code) == (404, "unknown_source")


@pytest.mark.parametrize(
    ("source", "challenge"),
    [
        ("alertmanager", 'Bearer realm="pinbridge"'),
        ("door", 'Basic realm="pinbridge", charset="UTF-8"'),
        ("stripe", None),
    ],
)
async def test_a_forged_request_is_unauthorized(
    client: Client, acceptor: Acceptor, source: str, challenge: str
) -> None:
    """401 with a challenge where HTTP has one; the secret shows nowhere; nothing is stored."""
    answer = await client.post(source, b'{"id":1}')
    assert answer.status == 401
    assert answer.headers.get("www-authenticate") == challenge
    assert SECRET not in answer.body
    assert acceptor.events == []


async def test_basic_credentials_open_the_door(client: Client) -> None:
    """As any HTTP client sends them."""
    given = base64.b64encode(SECRET).decode()
    assert (await client.post("door", b"{}", [*JSON, f"Authorization: Basic {given}"])).status == 202


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", JSON, (400, "empty_body")),
        (b"{", JSON, (400, "bad_json")),
        (b'{"id":NaN}', JSON, (400, "bad_json")),
        (b'{"id":"\\ud800"}', JSON, (400, "bad_json")),
        (b'{"id":"\xff"}', JSON, (400, "bad_json")),
        (b"[" * 400 + b"]" * 400, JSON, (400, "too_deep")),
        (b'{"id":"a\\u0000"}', JSON, (400, "bad_id")),
        (b'{"id":"' + b"x" * 300 + b'"}', JSON, (400, "id_too_long")),
        (b'{"id":1}', ("Content-Type: text/xml",), (415, "unsupported_type")),
        (b'{"id":1}', (), (415, "unsupported_type")),
        (b'{"id":1}', (*JSON, *JSON), (400, "duplicate_header")),
        (b'{"id":1}', (*JSON, "Content-Encoding: gzip"), (400, "bad_encoding")),
        (b'{"id":1}', (*JSON, "Content-Encoding: br"), (415, "unsupported_encoding")),
        (b'{"id":1}', (*JSON, "X-Much: " + "x" * 33_000), (431, "headers_too_large")),
    ],
)
async def test_bad_input_is_refused_and_leaves_nothing(
    client: Client, acceptor: Acceptor, body: bytes, headers: tuple[str, ...], expected: tuple[int, str]
) -> None:
    """Each a 4xx with its own code, never a 5xx, nothing stored."""
    answer = await client.post("open", body, headers)
    assert (answer.status, answer.code) == expected
    assert acceptor.events == []


@pytest.mark.parametrize(
    ("query", "expected"), [("a=" + "x" * 9000, (414, "query_too_long")), ("a=%FF", (400, "bad_query"))]
)
async def test_the_query_string_is_bounded(client: Client, query: str, expected: tuple[int, str]) -> None:
    """8 KiB of UTF-8."""
    answer = await client.post(f"open?{query}", b'{"id":1}')
    assert (answer.status, answer.code) == expected


async def test_an_announced_length_beyond_the_bound_is_refused_unread(client: Client) -> None:
    """413 comes before a byte of the body, and the connection ends."""
    answer = await client.send(request("POST", "/hooks/open", JSON, 1001))
    assert (answer.status, answer.code, answer.is_closed) == (413, "body_too_large", True)


async def test_a_streamed_body_is_refused_while_it_streams(client: Client, acceptor: Acceptor) -> None:
    """Without a length 413 comes as soon as the bound is passed, not at the end, which never comes."""
    chunk = b"100\r\n" + b" " * 256 + b"\r\n"
    head = request("POST", "/hooks/open", [*JSON, "Transfer-Encoding: chunked"], None)
    answer = await client.send(head, chunk, chunk, chunk, chunk)
    assert (answer.status, answer.code, answer.is_closed) == (413, "body_too_large", True)
    assert acceptor.events == []


async def test_a_body_of_exactly_the_bound_is_taken_in_pieces(client: Client, acceptor: Acceptor) -> None:
    """The bound itself is allowed, however the body is cut."""
    body = b'{"id":1}'.ljust(1000)
    answer = await client.send(request("POST", "/hooks/open", JSON, 1000), body[:1], body[1:500], body[500:])
    assert answer.status == 202
    assert acceptor.events[0].body == body


async def test_a_body_that_does_not_come_is_given_up(acceptor: Acceptor) -> None:
    """408 at the deadline, and the connection ends."""
    async with serving(acceptor, body_deadline_s=0.1) as client:
        answer = await client.send(request("POST", "/hooks/open", JSON, 8), b'{"id"')
    assert (answer.status, answer.code, answer.is_closed) == (408, "body_timeout", True)
    assert acceptor.events == []


async def test_a_client_that_goes_away_stores_nothing(client: Client, acceptor: Acceptor) -> None:
    """Half a body is no event, and the server goes on."""
    _, writer = await client.open()
    writer.write(request("POST", "/hooks/open", JSON, 20) + b'{"id":1}')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await client.post("open", b'{"id":2}')).status == 202
    assert [event.id for event in acceptor.events] == ["2"]


async def test_a_refusal_after_the_whole_body_keeps_the_connection(client: Client) -> None:
    """The sender's next webhook may use it."""
    reader, writer = await client.open()
    statuses = []
    for body in (b"{", b'{"id":1}'):
        writer.write(request("POST", "/hooks/open", JSON, len(body)) + body)
        statuses.append((await read_answer(reader)).status)
    writer.close()
    assert statuses == [400, 202]


@pytest.mark.parametrize(
    ("off_s", "status", "code"),
    [
        (-300, 202, None),
        (300, 202, None),
        (-301, 401, "stale_timestamp"),
        (301, 401, "future_timestamp"),
    ],
)
async def test_a_signed_time_counts_to_the_second_of_its_tolerance(
    client: Client, acceptor: Acceptor, off_s: int, status: int, code: str | None
) -> None:
    """Over the wire, as Stripe signs it: the last second is taken, the one after it is refused, early or late."""
    body = b'{"id":"evt_1","type":"ping"}'
    signing = sign(SOURCES["stripe"], body, SECRET, NOW + timedelta(seconds=off_s))
    answer = await client.post("stripe", body, [*JSON, *(f"{name}: {value}" for name, value in signing.items())])
    assert answer.status == status
    assert code is None or answer.code == code
    assert [event.id for event in acceptor.events] == (["evt_1"] if code is None else [])


async def test_a_store_out_of_reach_is_a_503_with_retry_after(client: Client, acceptor: Acceptor) -> None:
    """The sender tries again, and is then taken."""
    acceptor.failure = StoreUnavailable("the database is locked", retry_after_s=7)
    answer = await client.post("open", b'{"id":1}')
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "store_unavailable", "7")
    acceptor.failure = None
    assert (await client.post("open", b'{"id":1}')).status == 202


async def test_what_is_put_off_is_told_once_a_minute_for_each_reason(client: Client, acceptor: Acceptor) -> None:
    """Senders come back by themselves; whoever runs the bridge must hear of it, and not be flooded."""
    with structlog.testing.capture_logs() as lines:
        for reason in ("the database is locked", "too many deliveries wait", "the database is locked"):
            acceptor.failure = StoreUnavailable(reason)
            assert (await client.post("open", b'{"id":1}')).status == 503
        acceptor.is_draining = True
        assert (await client.post("open", b'{"id":1}')).status == 503

    assert [(line["event"], line["code"], line["message"]) for line in lines] == [
        ("webhook_put_off", "store_unavailable", "the database is locked"),
        ("webhook_put_off", "store_unavailable", "too many deliveries wait"),
        ("webhook_put_off", "draining", "the bridge is stopping; send again"),
    ]


async def test_a_draining_bridge_takes_nothing_more(client: Client, acceptor: Acceptor) -> None:
    """503 with `Retry-After`, and the connection ends."""
    acceptor.is_draining = True
    answer = await client.post("open", b'{"id":1}')
    assert (answer.status, answer.code, answer.is_closed) == (503, "draining", True)
    assert int(answer.headers["retry-after"]) > 0
    assert acceptor.events == []


async def test_an_unknown_exception_is_an_id_in_the_answer_and_in_the_log(client: Client, acceptor: Acceptor) -> None:
    """The sender learns the id and nothing else; the server goes on."""
    acceptor.failure = RuntimeError("password=hunter2")
    with structlog.testing.capture_logs() as lines:
        answer = await client.post("open", b'{"id":1}')
    assert (answer.status, answer.code) == (500, "internal")
    assert b"hunter2" not in answer.body
    (line,) = lines
    assert (line["event"], line["path"], line["exc_info"]) == ("hook_failed", "/hooks/open", acceptor.failure)
    assert line["incident"] == answer.json["error"]["id"]
    assert line["incident"] in answer.json["error"]["message"]
    acceptor.failure = None
    assert (await client.post("open", b'{"id":1}')).status == 202


async def test_a_refusal_is_told_in_the_log_once_a_minute(client: Client) -> None:
    """Source, status, code and message, and neither header nor body: a mistyped secret is found by it."""
    forged = [*JSON, "Stripe-Signature: t=1795348800,v1=0123abcd"]
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            assert (await client.post("stripe", b'{"id":"evt_1"}', forged)).code == "bad_signature"
        assert (await client.post("stripe", b"{}")).code == "missing_signature"
        for name in ("strpie", "nobody"):
            assert (await client.post(name, b"{}")).status == 404
    common = {"event": "webhook_refused", "log_level": "warning", "count": 1}
    assert lines == [
        common
        | {"source": "stripe", "status": 401, "code": "bad_signature"}
        | {"message": "the signature does not match the body and the secret"},
        common
        | {"source": "stripe", "status": 401, "code": "missing_signature"}
        | {"message": "the header stripe-signature is missing or empty"},
        common
        | {"source": "strpie", "status": 404, "code": "unknown_source"}
        | {"message": "there is no source of this name"},
    ]


async def test_an_unreadable_time_loses_no_event_and_is_told(client: Client, acceptor: Acceptor) -> None:
    """It counts as none; one that is missing is nothing to tell."""
    with structlog.testing.capture_logs() as lines:
        for body in (b'{"id":1,"at":"soon"}', b'{"id":2,"at":"late"}', b'{"id":3}', b'{"id":4,"at":0}'):
            assert (await client.post("open", body)).status == 202
    assert [event.at is None for event in acceptor.events] == [True, True, True, False]
    (line,) = lines
    assert (line["event"], line["source"], line["count"]) == ("event_time_unreadable", "open", 1)
    assert line["reason"] == "what stands there is not a time: neither unix seconds nor ISO 8601"


async def test_all_bodies_together_are_bounded(acceptor: Acceptor, hands_over: bool) -> None:  # noqa: FBT001
    """Beyond the bound 503, until those that are being stored are; an announced length holds no place."""
    acceptor.is_stored.clear()
    async with serving(acceptor, max_held_bytes=1500) as client:
        _, announced = await client.open()
        announced.write(request("POST", "/hooks/open", JSON, 1000) + b" ")
        first = asyncio.create_task(client.post("open", b'{"id":1}'.ljust(900)))
        await asyncio.sleep(0.05)
        refused = await client.post("open", b'{"id":2}'.ljust(900))
        # A body that is whole leaves nothing to be read, so that the connection may go on.
        assert (refused.status, refused.code, refused.is_closed) == (503, "busy", not hands_over)
        assert refused.headers["retry-after"] == "1"
        second = asyncio.create_task(client.post("open", b'{"id":3}'.ljust(500)))
        await asyncio.sleep(0.05)
        acceptor.is_stored.set()
        assert [(await first).status, (await second).status] == [202, 202]
        announced.close()
        for number in range(4, 9):
            assert (await client.post("open", b'{"id":%d}' % number)).status == 202
        assert (await client.post("open", b'{"id":9}'.ljust(1000))).status == 202


@pytest.mark.parametrize("failure", [StoreUnavailable("locked"), RuntimeError("unknown")])
async def test_whatever_ends_a_request_gives_its_bytes_back(acceptor: Acceptor, failure: Exception) -> None:
    """Refused, failed or gone: none of them holds a place for good."""
    async with serving(acceptor, max_held_bytes=1000) as client:
        for body in (b"{".ljust(900), b" " * 1001):
            assert (await client.post("open", body)).status in (400, 413)
        acceptor.failure = failure
        assert (await client.post("open", b'{"id":1}'.ljust(900))).status >= 500
        acceptor.failure = None
        _, gone = await client.open()
        gone.write(request("POST", "/hooks/open", JSON, 1000) + b" " * 900)
        await gone.drain()
        await asyncio.sleep(0.05)
        assert (await client.post("open", b'{"id":2}'.ljust(900))).code == "busy"
        gone.close()
        await gone.wait_closed()
        await asyncio.sleep(0.05)
        assert (await client.post("open", b'{"id":2}'.ljust(900))).status == 202


async def called(headers: Mapping[bytes, bytes], *messages: dict[str, Any]) -> list[Any]:
    """Call the endpoint as a server would that lets through what ours would not."""
    endpoint = HookEndpoint(SOURCES, accept=Acceptor().accept, clock=lambda: NOW, max_body_bytes=1000)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/open",
        "query_string": b"",
        "headers": list(headers.items()),
    }
    incoming, sent = iter(messages), []

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        sent.append(message)

    await endpoint(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    "extra", [{b"content-length": b"-1"}, {b"content-length": b"1e3"}, {b"x-a": b"a\0b"}, {b"content-length": b""}]
)
async def test_headers_that_a_server_should_stop_are_stopped_here_too(extra: dict[bytes, bytes]) -> None:
    """A malformed length or a NUL is a 400 before the body is read."""
    start, body = await called({b"content-type": b"application/json", **extra})
    assert start["status"] == 400
    assert orjson.loads(body["body"])["error"]["code"] == "bad_header"
    assert (b"connection", b"close") in start["headers"]


async def test_a_disconnect_is_answered_by_silence() -> None:
    """There is nobody to answer."""
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    assert await called({b"content-type": b"application/json"}, begun, {"type": "http.disconnect"}) == []
