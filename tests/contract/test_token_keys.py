"""A token whose keys are published: its request waits while they are looked up over real HTTPS."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from support.https import Provider, Reply, https_server

from bridge.errors import KeyUnavailable, SenderError
from bridge.events import BatchReceipt, Event, Receipt, Settle
from bridge.inbound import HookEndpoint, Source, load_sources
from bridge.inbound.answers import Answer
from bridge.inbound.bodies import read_format
from bridge.inbound.gathering import Gathering
from bridge.inbound.receive import Request, read_event
from bridge.lookups import Lookups
from bridge.lookups.fetching import Fetcher

HOST = "login.example.com"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
SOURCE = b"""
login:
  id: $.id
  verify:
    scheme: jwt
    header: X-Token
    algorithm: RS256
    key: {jwks: https://login.example.com/keys}
    claims: {aud: mine}
"""


def published(kid: str, key: rsa.RSAPrivateKey) -> Reply:
    """Publish one key."""
    listed = {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}
    return Reply(json.dumps({"keys": [listed]}).encode())


def request(kid: str, key: rsa.RSAPrivateKey) -> Request:
    """Make a request with a token that holds for a minute."""
    said = {"aud": "mine", "exp": int(NOW.timestamp()) + 60}
    headers = {"content-type": "application/json", "x-token": jwt.encode(said, key, "RS256", {"kid": kid})}
    return Request(headers, read_format(headers), b"", b'{"id": "1"}')


async def test_keys_are_fetched_once_anew_after_a_rotation_and_accept_nothing_while_they_fail(tmp_path: Path) -> None:
    """The way of a request through gathering and look-ups, with a clock for each."""
    provider, now_s = Provider(), time.monotonic()
    source = load_sources({}, SOURCE, lambda _: ())["login"]
    with https_server(tmp_path, provider, HOST) as names:
        lookups = Lookups(clock=lambda: now_s, open_fetcher=lambda: Fetcher(transport=names))

        def read(source: Source, request: Request, now: datetime) -> Event:
            return read_event(source, request, max_body_bytes=1000, now=now, known=lookups.known)

        gathering = Gathering(read, lambda: NOW, lookups)

        def accept(event: Event, settle: Settle) -> None:
            settle(Receipt(status="accepted", id=event.id, number=1, mappings=()))

        async def outcome(kid: str, key: rsa.RSAPrivateKey) -> Receipt | BatchReceipt | Exception:
            told: asyncio.Future[Receipt | BatchReceipt | Exception] = asyncio.get_running_loop().create_future()
            gathering.take(source, request(kid, key), accept, told.set_result)
            return await told

        assert isinstance(await outcome("a", KEY), KeyUnavailable)
        now_s += 60
        provider.replies["/keys"] = published("a", KEY)
        assert isinstance(await outcome("a", KEY), Receipt)
        assert isinstance(await outcome("a", KEY), Receipt)
        assert len(provider.asked) == 2
        now_s += 60
        provider.replies["/keys"] = published("b", OTHER)
        assert isinstance(await outcome("b", OTHER), Receipt)
        forged = await outcome("b", KEY)
        assert isinstance(forged, SenderError)
        assert forged.code == "bad_signature"
        now_s += 60
        withdrawn = await outcome("a", KEY)
        assert isinstance(withdrawn, SenderError)
        assert withdrawn.code == "unknown_key"
        await lookups.aclose()


async def test_a_delivery_of_several_events_waits_for_its_key_too(tmp_path: Path) -> None:
    """As a server hands it to the endpoint; what is forged is refused with the key that is known by then."""
    provider, taken = Provider(), list[str]()
    provider.replies["/keys"] = published("a", KEY)
    sources = load_sources({}, SOURCE + b"  each: $.events[*]\n", lambda _: ())

    def accept(event: Event, settle: Settle) -> None:
        taken.append(event.id)
        settle(Receipt(status="accepted", id=event.id, number=len(taken), mappings=()))

    with https_server(tmp_path, provider, HOST) as names:
        lookups = Lookups(clock=time.monotonic, open_fetcher=lambda: Fetcher(transport=names))
        endpoint = HookEndpoint(sources, accept=accept, clock=lambda: NOW, max_body_bytes=1000, keys=lookups)

        async def answer(key: rsa.RSAPrivateKey) -> Answer:
            raw = [(name.encode(), value.encode()) for name, value in request("a", key).headers.items()]
            scope = {"method": "POST", "path": "/hooks/login", "query_string": b"", "headers": raw}
            told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            endpoint.answer_whole(scope, b'{"events": [{"id": "1"}, {"id": "2"}]}', told.set_result)
            return await told

        assert (await answer(KEY)).status == 202
        assert taken == ["1", "2"]
        assert (await answer(OTHER)).status == 401
        assert taken == ["1", "2"]
        assert len(provider.asked) == 1
        await lookups.aclose()
