"""The client against the sandbox as a process, fault by fault, and against servers that do not speak HTTP well."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing

import orjson
import pytest
from support.processes import KEY, Sandbox

from bridge.errors import ConfigurationError
from bridge.events import Json
from bridge.outbound.answer import TransportFailure
from bridge.outbound.client import PindownClient, describe_update
from bridge.outbound.exchange import MAX_ANSWER_BYTES
from bridge.sandbox import DEFAULT_KEY, create_sandbox
from bridge.secret import Secret

PIN = "p-abc123def456"
PAYLOAD = orjson.dumps({"metadata": {"pin_config": {"cards": [{"title": "Total Sales", "value": "€50.00"}]}}})
SHORT_S = 0.4
PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    """Run one sandbox for the module."""
    with closing(Sandbox("--rate", "1000000/60s")) as running:
        yield running


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    """Give the sandbox as after its start."""
    process.http.post("/_sandbox/reset").raise_for_status()
    return process


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[PindownClient]:
    """Give a client with the production deadline."""
    async with opened(f"{sandbox.url}/v1") as client:
        yield client


@pytest.fixture
async def hasty(sandbox: Sandbox) -> AsyncIterator[PindownClient]:
    """Give a client that waits only a moment."""
    async with opened(f"{sandbox.url}/v1", deadline_s=SHORT_S) as client:
        yield client


@asynccontextmanager
async def opened(base_url: str, *, key: str = KEY, deadline_s: float = 20.0) -> AsyncIterator[PindownClient]:
    """Open a client and close it again."""
    client = PindownClient(base_url, Secret(key), deadline_s=deadline_s)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def raw_server(handle: Handler) -> AsyncIterator[str]:
    """Serve connections by hand; gives the base address."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_an_update_arrives_byte_for_byte_and_is_confirmed(client: PindownClient, sandbox: Sandbox) -> None:
    """The answer is the one of the Update Pin page."""
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.success, answer.readable, answer.code) == (200, True, True, "")
    assert isinstance(answer.data, dict)
    assert answer.data["id"] == PIN
    (request,) = sandbox.writes()
    assert (request["pin"], request["applied"]) == (PIN, True)
    assert request["body"] == orjson.loads(PAYLOAD)


async def test_a_pin_is_read_back(client: PindownClient) -> None:
    """With its content where the later pages put it."""
    await client.put_pin(PIN, PAYLOAD)
    data: Json = (await client.get_pin(PIN)).data
    assert isinstance(data, dict)
    assert isinstance(data["metadata"], dict)
    assert data["metadata"]["pin_config"] == orjson.loads(PAYLOAD)["metadata"]["pin_config"]


async def test_an_unknown_key_is_a_401_with_its_code(sandbox: Sandbox) -> None:
    """The sandbox refuses what it was not given."""
    async with opened(f"{sandbox.url}/v1", key="pk_other") as client:
        answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


async def test_a_key_without_the_scope_is_a_403_with_its_code(client: PindownClient, sandbox: Sandbox) -> None:
    """Reading alone does not write."""
    sandbox.http.put("/_sandbox/keys", json={KEY: ["pins:read"]}).raise_for_status()
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.code) == (403, "SCOPE_REQUIRED")
    assert "pins:write" in answer.message


async def test_wrong_content_is_a_400_with_the_words_of_the_api(client: PindownClient) -> None:
    """They are what a parked pin shows."""
    answer = await client.put_pin(PIN, b'{"metadata": {"pin_config": {"cards": 7}}}')
    assert answer.status == 400
    assert answer.code in {"VALIDATION_FAILED", "PIN_CONFIG_INVALID"}
    assert answer.message


async def test_a_spent_budget_is_a_429_that_says_when_to_come_back(client: PindownClient, sandbox: Sandbox) -> None:
    """Two tokens a request."""
    sandbox.http.put("/_sandbox/rate", json={"rate": "3/60s"}).raise_for_status()
    assert (await client.put_pin(PIN, PAYLOAD)).status == 200
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.code) == (429, "RATE_LIMITED")
    assert answer.retry_after_s is not None
    assert 55 <= answer.retry_after_s <= 61


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        ({"status": 500}, "INTERNAL_SERVER_ERROR", "Answered 500 on demand"),
        ({"status": 401, "code": "AUTH_EXPIRED", "message": "old"}, "AUTH_EXPIRED", "old"),
        (
            {"status": 500, "body": '{"error":"no access","message":"PERMISSION_DENIED"}'},
            "PERMISSION_DENIED",
            "no access",
        ),
        ({"status": 403, "body": '{"success":false,"error":"not yours"}'}, "", "not yours"),
        ({"status": 502, "body": "<h1>Bad Gateway</h1>"}, "", "<h1>Bad Gateway</h1>"),
        ({"status": 503, "body": ""}, "", ""),
    ],
)
async def test_every_envelope_of_a_refusal_is_read(
    client: PindownClient, sandbox: Sandbox, fault: dict[str, object], code: str, message: str
) -> None:
    """Whichever age of the API answers."""
    sandbox.fault(kind="status", **fault)
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.code, answer.message) == (fault["status"], code, message)


async def test_a_200_that_is_not_json_is_told_apart(client: PindownClient, sandbox: Sandbox) -> None:
    """It is an answer, and not the API's."""
    sandbox.fault(kind="garbage")
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.readable) == (200, False)


async def test_a_redirect_is_not_followed(client: PindownClient, sandbox: Sandbox) -> None:
    """The key goes nowhere else."""
    sandbox.fault(kind="redirect")
    assert (await client.put_pin(PIN, PAYLOAD)).status == 307
    assert len(sandbox.writes()) == 1


async def test_an_endless_answer_is_cut_off(client: PindownClient, sandbox: Sandbox) -> None:
    """After 64 KiB of its 64 MiB, and the next request works."""
    sandbox.fault(kind="huge", times=1)
    answer = await client.put_pin(PIN, PAYLOAD)
    assert (answer.status, answer.readable, answer.data) == (200, False, None)
    assert (await client.put_pin(PIN, PAYLOAD)).success is True


async def test_a_slow_answer_within_the_deadline_is_an_answer(client: PindownClient, sandbox: Sandbox) -> None:
    """Patience up to 20 s."""
    sandbox.fault(kind="slow", delay_s=0.3)
    assert (await client.put_pin(PIN, PAYLOAD)).success is True


@pytest.mark.parametrize("fault", [{"kind": "hang"}, {"kind": "slow", "delay_s": 5}])
async def test_no_answer_within_the_deadline_may_have_been_applied(
    hasty: PindownClient, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    """The deadline is hard."""
    sandbox.fault(**fault)
    started = time.monotonic()
    with pytest.raises(TransportFailure) as caught:
        await hasty.put_pin(PIN, PAYLOAD)
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("kind", ["reset", "half"])
async def test_a_broken_connection_may_have_been_applied(client: PindownClient, sandbox: Sandbox, kind: str) -> None:
    """Half a 200 confirms nothing."""
    sandbox.fault(kind=kind)
    with pytest.raises(TransportFailure) as caught:
        await client.put_pin(PIN, PAYLOAD)
    assert (caught.value.kind, caught.value.sent) == ("broken", True)
    assert caught.value.message.startswith("the connection broke: ")


async def test_the_client_outlives_a_storm_of_faults(sandbox: Sandbox) -> None:
    """No connection of the pool stays taken."""
    for kind in ("hang", "reset", "half", "huge", "garbage"):
        sandbox.fault(kind=kind, times=8)
    kinds: Counter[str] = Counter()
    async with opened(f"{sandbox.url}/v1", deadline_s=2.0) as client:
        for _ in range(5):
            outcomes = await asyncio.gather(*(client.put_pin(PIN, PAYLOAD) for _ in range(8)), return_exceptions=True)
            kinds.update(each.kind if isinstance(each, TransportFailure) else "answer" for each in outcomes)
        assert kinds == {"timeout": 8, "broken": 16, "answer": 16}
        assert (await client.put_pin(PIN, PAYLOAD)).success is True


async def test_a_closed_port_cannot_have_seen_the_request() -> None:
    """So the pin need not rest in doubt."""
    async with raw_server(_answer_nothing) as base_url:
        pass
    async with opened(base_url) as client:
        with pytest.raises(TransportFailure) as caught:
            await client.put_pin(PIN, PAYLOAD)
    assert (caught.value.kind, caught.value.sent) == ("connect", False)


async def test_an_unknown_host_cannot_have_seen_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.invalid` never resolves (RFC 6761)."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    async with opened("http://pindown.invalid/v1") as client:
        with pytest.raises(TransportFailure) as caught:
            await client.put_pin(PIN, PAYLOAD)
    assert (caught.value.kind, caught.value.sent) == ("connect", False)


async def test_what_does_not_speak_http_is_a_broken_connection() -> None:
    """A wrong port, say."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    async with raw_server(greet) as base_url, opened(base_url) as client:
        with pytest.raises(TransportFailure) as caught:
            await client.put_pin(PIN, PAYLOAD)
    assert (caught.value.kind, caught.value.sent) == ("broken", True)


async def test_an_answer_that_drips_meets_the_deadline() -> None:
    """Each byte in time is not the whole in time."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(drip) as base_url, opened(base_url, deadline_s=SHORT_S) as client:
        with pytest.raises(TransportFailure) as caught:
            await client.put_pin(PIN, PAYLOAD)
    assert caught.value.kind == "timeout"


async def test_what_goes_over_the_wire() -> None:
    """The path is encoded, the key is a bearer, and no answer may come compressed."""
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with raw_server(note) as base_url, opened(base_url + "/", key="pk_live_x") as client:
        assert (await client.put_pin("p-a/../b?x#y%", PAYLOAD)).status == 204
    lines = seen[0].decode().lower().split("\r\n")
    assert lines[0] == "put /v1/pins/p-a%2f..%2fb%3fx%23y%25 http/1.1"
    assert "authorization: bearer pk_live_x" in lines
    assert "accept-encoding: identity" in lines
    assert "content-type: application/json" in lines
    assert f"content-length: {len(PAYLOAD)}" in lines


@pytest.mark.parametrize(("size", "readable"), [(MAX_ANSWER_BYTES, True), (MAX_ANSWER_BYTES + 1, False)])
async def test_the_bound_of_an_answer_is_exact(size: int, *, readable: bool) -> None:
    """64 KiB are read, one byte more is not."""
    body = b'{"success": true}'.ljust(size)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with raw_server(answer) as base_url, opened(base_url) as client:
        assert (await client.put_pin(PIN, PAYLOAD)).readable is readable


@pytest.mark.parametrize("came", [b"HTTP/1.1 %b no\r\n\r\n", b"%b\r\n\r\n", b"HTTP/1.1 200 OK\r\n%b\r\n\r\n"])
async def test_a_key_in_what_is_not_http_is_masked(came: bytes) -> None:
    """The HTTP client quotes it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(came % b"pk_live_x")

    async with raw_server(echo) as base_url, opened(base_url, key="pk_live_x") as client:
        with pytest.raises(TransportFailure) as caught:
            await client.get_pin(PIN)
    assert "pk_live_x" not in caught.value.message
    assert "[key]" in caught.value.message


async def test_a_key_that_comes_back_in_an_answer_is_masked(client: PindownClient, sandbox: Sandbox) -> None:
    """What is shown and logged never holds it."""
    sandbox.fault(kind="status", status=401, message=f"the key {KEY} has expired", times=1)
    assert (await client.put_pin(PIN, PAYLOAD)).message == "the key [key] has expired"

    sandbox.fault(kind="status", status=401, message="x" * 295 + KEY)
    assert (await client.put_pin(PIN, PAYLOAD)).message == "x" * 295 + "[key]"


async def test_this_machine_is_reached_past_the_proxy_of_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox on loopback works in an office, too."""
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with opened(f"{sandbox.url}/v1") as client:
        assert (await client.put_pin(PIN, PAYLOAD)).status == 200


async def test_the_sandbox_in_this_process_answers_alike() -> None:
    """`serve --sandbox` goes the same way without a network."""
    client = PindownClient.for_app(create_sandbox(auto_create=True), Secret(DEFAULT_KEY))
    assert (await client.put_pin(PIN, PAYLOAD)).success is True
    await client.aclose()


@pytest.mark.parametrize("key", ["", "pk live", "pk_live_x\n", "pk_\x7f", "pk_é"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    """At the start, by the name of its variable."""
    with pytest.raises(ConfigurationError) as caught:
        PindownClient("https://api.pindown.ai/v1", Secret(key))
    assert str(caught.value).startswith("PINDOWN_API_KEY: ")
    assert not key or key not in str(caught.value)


def test_an_address_that_is_none_is_refused() -> None:
    """By the name of its variable."""
    with pytest.raises(ConfigurationError, match="PINDOWN_API_URL"):
        PindownClient("http://[::1/v1", Secret(KEY))


async def _answer_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close at once."""


async def test_the_request_is_as_it_is_described() -> None:
    """What `pinbridge try` shows is what goes out: the line, and every header of ours but the key's."""
    heads: list[list[str]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    async with raw_server(handle) as base_url, opened(base_url) as client:
        await client.put_pin(PIN, PAYLOAD)
        described = describe_update(base_url, PIN)
    ((line, *headers),) = heads
    assert line == f"PUT {described.url.removeprefix(base_url.partition('/v1')[0])} HTTP/1.1"
    sent = {name.lower(): value for name, _, value in (header.partition(": ") for header in headers if header)}
    assert sent.pop("authorization") == f"Bearer {KEY}"
    of_the_connection = {"host", "connection", "content-length"}
    assert {name: value for name, value in sent.items() if name not in of_the_connection} == {
        name.lower(): value for name, value in described.headers.items()
    }
