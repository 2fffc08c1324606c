"""Every handshake of the catalogue over real HTTP: as its provider asks, as a stranger does, and as an attacker."""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson
import pytest
import structlog
from support.handshaking import NOW, SECRET, TOKEN, Room, asking, declared, signed
from support.providers import OTHER_SECRET, configured, prove, read_sample
from support.providers import SECRET as PROVIDERS_SECRET
from support.providers import Sample as ProviderSample

from bridge.errors import ConfigurationError, SenderError, StoreUnavailable
from bridge.events import OfferedKey
from bridge.inbound import Keys, providers
from bridge.rehearsal.reception import receive
from bridge.rehearsal.samples import Sample

CHALLENGE = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
GUARD = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
}
ENCRYPTED = hmac.new(PROVIDERS_SECRET.encode(), b"qgg8vlvZ", hashlib.sha256).hexdigest()
TEXT, JSON = "text/plain; charset=utf-8", "application/json"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a provider asks, and what it wants to hear; `is_verified` where it signs, and must."""

    method: str = "POST"
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes = b""
    is_verified: bool = True
    status: int = 200
    says: bytes = b""
    type: str | None = TEXT
    sets: dict[str, str] = field(default_factory=dict)


META = Case(
    method="GET",
    query={"hub.mode": "subscribe", "hub.verify_token": TOKEN.decode(), "hub.challenge": "1158201444"},
    is_verified=False,
    says=b"1158201444",
)
HEAD = Case(method="HEAD", is_verified=False, type=None)
CASES = {
    "meta": META,
    "messenger": META,
    "trello": HEAD,
    "mandrill": HEAD,
    "intercom": HEAD,
    "discord": Case(json={"version": 1, "application_id": "1234560123453231555", "type": 0}, status=204, type=None),
    "bitbucket-server": Case(
        headers={"x-event-key": "diagnostics:ping"}, json={"test": True}, is_verified=False, type=None
    ),
    "woocommerce": Case(
        headers={"content-type": "application/x-www-form-urlencoded"},
        content=b"webhook_id=1",
        is_verified=False,
        type=None,
    ),
    "microsoft-graph": Case(
        query={"validationToken": "Validation: Testing client application reachability for subscription Request-Id: 5"},
        is_verified=False,
        says=b"Validation: Testing client application reachability for subscription Request-Id: 5",
    ),
    "slack": Case(
        json={"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl", "challenge": CHALLENGE, "type": "url_verification"},
        says=CHALLENGE.encode(),
    ),
    "monday": Case(
        json={"challenge": CHALLENGE}, is_verified=False, says=orjson.dumps({"challenge": CHALLENGE}), type=JSON
    ),
    "zoom": Case(
        json={"event": "endpoint.url_validation", "event_ts": 1_795_867_200_000, "payload": {"plainToken": "qgg8vlvZ"}},
        says=orjson.dumps(
            {
                "plainToken": "qgg8vlvZ",
                "encryptedToken": hmac.new(PROVIDERS_SECRET.encode(), b"qgg8vlvZ", hashlib.sha256).hexdigest(),
            }
        ),
        type=JSON,
    ),
    "dropbox": Case(method="GET", query={"challenge": CHALLENGE}, is_verified=False, says=CHALLENGE.encode()),
    "twitch": Case(
        headers={
            "twitch-eventsub-message-type": "webhook_callback_verification",
            "twitch-eventsub-message-id": "e76c6bd4-55c9-4987-8304-da1588d8988b",
            "twitch-eventsub-subscription-type": "channel.follow",
        },
        json={"challenge": CHALLENGE, "subscription": {"status": "webhook_callback_verification_pending"}},
        says=CHALLENGE.encode(),
    ),
    "okta": Case(
        method="GET",
        headers={"x-okta-verification-challenge": CHALLENGE},
        is_verified=False,
        says=orjson.dumps({"verification": CHALLENGE}),
        type=JSON,
    ),
    "xero": Case(
        json={"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "S0m3r4Nd0mt3xt"}, type=None
    ),
    "cloudevents": Case(
        method="OPTIONS",
        headers={"webhook-request-origin": "eventemitter.example.com", "webhook-request-rate": "120"},
        is_verified=False,
        type=None,
        sets={
            "webhook-allowed-origin": "eventemitter.example.com",
            "webhook-allowed-rate": "*",
            "allow": "OPTIONS, POST",
        },
    ),
    "notion": Case(json={"verification_token": "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}, type=None),
    "asana": Case(
        headers={"x-hook-secret": "b537207f20cbfa02357cf448134da559"},
        type=None,
        sets={"x-hook-secret": "b537207f20cbfa02357cf448134da559"},
    ),
}
OFFERING = {"asana", "notion"}


@pytest.fixture(params=[False, True], ids=["called", "handed over"])
def hands_over(request: pytest.FixtureRequest) -> bool:
    """Run a test with a server that only calls the endpoint, and with the one that hands it whole bodies."""
    return bool(request.param)


async def ask(client: httpx.AsyncClient, room: Room, name: str, case: Case, secret: bytes = SECRET) -> httpx.Response:
    """Ask as a source of ours, signed where it signs."""
    body = b"" if case.json is None else orjson.dumps(case.json)
    headers = dict(case.headers)
    if body and case.is_verified:
        headers = signed(room.sources[name], body, secret, headers)
    return await send(client, name, case, headers, body)


async def ask_as_provider(
    client: httpx.AsyncClient, name: str, case: Case, secret: str = PROVIDERS_SECRET
) -> httpx.Response:
    """Ask as the provider does, proved by its sample's rule where it proves itself."""
    body = case.content if case.json is None else orjson.dumps(case.json)
    headers = dict(case.headers)
    if body and case.is_verified and name not in OFFERING:
        sample = read_sample(name)
        others = {each: value for each, value in sample.headers.items() if each.lower() not in headers}
        said = sample.model_copy(update={"body": body.decode(), "headers": {**others, **headers}})
        headers = dict(prove(name, said, secret=secret, now=NOW).delivery.headers)
    return await send(client, name, case, headers, body)


async def send(
    client: httpx.AsyncClient, name: str, case: Case, headers: dict[str, str], body: bytes
) -> httpx.Response:
    """Send a handshake; its body is JSON unless it says otherwise."""
    if body and "content-type" not in map(str.lower, headers):
        headers["content-type"] = JSON
    return await client.request(case.method, f"/hooks/{name}", params=case.query, headers=headers, content=body or None)


def room_of(name: str) -> Room:
    """Give a provider's room, with the secret of its sample."""
    return Room(declared("", name, secrets=(configured(read_sample(name)).encode(),)))


def test_every_handshake_of_the_catalogue_is_tried_here() -> None:
    """An entry with a handshake has a case above."""
    assert {name for name, entry in providers().items() if entry.get("handshake")} == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
async def test_a_provider_hears_what_it_wants(name: str, *, hands_over: bool) -> None:
    """Nothing of it is an event; it is counted and told as what it is."""
    case, room = CASES[name], room_of(name)
    async with asking(room, hands_over=hands_over) as client:
        with structlog.testing.capture_logs() as logs:
            answer = await ask_as_provider(client, name, case)

    told = (answer.status_code, answer.content, answer.headers.get("content-type"))
    assert told == (case.status, case.says, case.type)
    assert {each: answer.headers[each] for each in (*GUARD, *case.sets)} == GUARD | case.sets
    assert room.events == []
    assert room.endpoint.tally.answers == {(name, case.status, "handshake"): 1}
    assert [(line["event"], line["source"], line["method"]) for line in logs] == [
        ("handshake_answered", name, case.method)
    ]


@pytest.mark.parametrize("name", sorted({name for name, case in CASES.items() if case.is_verified} - OFFERING))
async def test_a_handshake_that_must_be_signed_is_refused_without(name: str, *, hands_over: bool) -> None:
    """With another secret, 401, and not a word of the challenge: Xero and Discord try that on purpose."""
    case, room = CASES[name], room_of(name)
    async with asking(room, hands_over=hands_over) as client:
        answer = await ask_as_provider(client, name, case, secret=OTHER_SECRET)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
        assert CHALLENGE not in answer.text


@pytest.mark.parametrize("name", sorted(CASES))
async def test_events_come_as_before(name: str, *, hands_over: bool) -> None:
    """A source with a handshake takes its events; a POST that only resembles the handshake is one of them."""
    sample = _resembling(read_sample(name))
    sent = prove(name, sample, now=NOW).delivery
    room = room_of(name)
    async with asking(room, hands_over=hands_over) as client:
        answer = await client.post(f"/hooks/{name}", params=sent.query, content=sent.body, headers=dict(sent.headers))
    assert (answer.is_success, len(room.events)) == (True, len(sample.events))


def _resembling(sample: ProviderSample) -> ProviderSample:
    """Give a sample whose body, where it is an object, has what handshakes have too."""
    if not sample.body.startswith("{"):
        return sample
    body = orjson.dumps({"challenge": CHALLENGE, "entropy": "x", **orjson.loads(sample.body)}).decode()
    return sample.model_copy(update={"body": body})


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": "guessed", "hub.challenge": "1"}, 401, "bad_verify_token"),
        ({"hub.mode": "subscribe", "hub.verify_token": "é", "hub.challenge": "1"}, 401, "bad_verify_token"),
        ({"hub.mode": "unsubscribe", "hub.verify_token": TOKEN.decode(), "hub.challenge": "1"}, 400, "bad_handshake"),
        ({"hub.verify_token": TOKEN.decode()}, 400, "bad_handshake"),
        ({}, 400, "bad_handshake"),
    ],
)
async def test_a_verify_token_must_be_the_right_one(query: dict[str, str], status: int, code: str) -> None:
    """And whatever else belongs to the handshake must be there."""
    room = Room(declared("", "meta"))
    async with asking(room, hands_over=True) as client:
        answer = await client.get("/hooks/meta", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_without_a_verify_token_nobody_passes() -> None:
    """And the log says which variable is missing."""
    source = declared("", "meta")["meta"]
    room = Room({"meta": replace(source, handshakes=replace(source.handshakes, tokens=()))})
    async with asking(room, hands_over=True) as client:
        with structlog.testing.capture_logs() as logs:
            answer = await client.get("/hooks/meta", params={**CASES["meta"].query, "hub.verify_token": ""})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_verify_token")
    assert "META_VERIFY_TOKEN" in logs[0]["message"]


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "a'b",
        'a"b',
        "a&lt;b",
        "a\\u003cb",
        "a\nb",
        "a\r\nSet-Cookie: x=1",
        "a\0b",
        "é",
        "\u202e",
        "x" * 1025,
        "",
    ],
)
async def test_nothing_comes_back_that_a_browser_would_run(value: str) -> None:
    """Too long, empty, not ASCII, or with a sign of markup: refused, and not repeated, by text, JSON and header."""
    room = Room(
        declared(
            """
            mirror:
              verify: none
              dedupe: off
              handshake:
                - {verified: false, when: {method: GET, query: {c: {exists: true}}}, reply: {json: {c: "{query:c}"}}}
                - {verified: false, when: {body: {$.c: {exists: true}}}, reply: {headers: {X-C: "{$.c}"}}}
            """,
            "dropbox",
        )
    )
    async with asking(room, hands_over=True) as client:
        answers = [
            await client.get("/hooks/dropbox", params={"challenge": value}),
            await client.get("/hooks/mirror", params={"c": value}),
            await client.post("/hooks/mirror", json={"c": value}),
        ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in {"bad_handshake", "bad_query"}
        assert not value or value not in answer.text
        assert answer.headers.get("x-c") is None


@pytest.mark.parametrize(
    ("name", "allow"), [("stripe", "POST"), ("dropbox", "GET, POST"), ("cloudevents", "OPTIONS, POST")]
)
async def test_other_methods_are_refused_with_those_that_are_allowed(name: str, allow: str) -> None:
    """By the handshakes of the source."""
    room = Room(declared("", name))
    async with asking(room, hands_over=True) as client:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
            answer = await client.request(method, f"/hooks/{name}")
            expected = 400 if method in allow else 405
            assert answer.status_code == expected, method
            assert expected == 400 or answer.headers["allow"] == allow


async def test_a_handshake_may_need_proof_without_a_body() -> None:
    """A GET that must be verified is verified by its headers."""
    room = Room(
        declared("door: {verify: bearer, dedupe: off, handshake: {when: {method: HEAD}, reply: {status: 204}}}")
    )
    async with asking(room, hands_over=True) as client:
        stranger = await client.head("/hooks/door")
        known = await client.head("/hooks/door", headers={"authorization": f"Bearer {SECRET.decode()}"})
    assert (stranger.status_code, known.status_code, known.content) == (401, 204, b"")


async def test_what_nothing_proves_is_read_only_a_little() -> None:
    """A body that is long, packed, a form or no JSON is refused for want of proof, as without a handshake."""
    room = Room(
        declared(
            """
            board:
              verify: bearer
              dedupe: off
              handshake:
                verified: false
                when: {body: {$.challenge: {exists: true}}}
                reply: {json: {challenge: "{$.challenge}"}}
            """
        )
    )
    challenge = orjson.dumps({"challenge": CHALLENGE})
    async with asking(room, hands_over=True) as client:
        answers = [
            await client.post("/hooks/board", content=content, headers={"content-type": JSON, **headers})
            for content, headers in (
                (challenge, {}),
                (orjson.dumps({"challenge": CHALLENGE, "padding": "x" * 5000}), {}),
                (challenge, {"content-encoding": "gzip"}),
                (challenge, {"content-type": "application/x-www-form-urlencoded"}),
                (b"[" * 4000, {}),
                (b"", {}),
            )
        ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 401, 401, 401]
    assert answers[0].json() == {"challenge": CHALLENGE}


DECLARED = """
trello:
  verify: {scheme: hmac, header: X-Trello-Webhook}
  dedupe: off
  handshake: {verified: false, when: {method: HEAD}}
monday:
  verify: bearer
  dedupe: off
  handshake:
    verified: false
    when: {body: {$.challenge: {exists: true}}}
    reply: {json: {challenge: "{$.challenge}"}}
pings:
  verify: {scheme: hmac, header: X-Sig}
  dedupe: off
  handshake: {when: {body: {$.type: 1}}, reply: {json: {type: 1}}}
graph:
  verify: bearer
  dedupe: off
  handshake:
    verified: false
    when: {query: {validationToken: {exists: true}}}
    reply: {text: "{query:validationToken}"}
grid:
  verify: {scheme: hmac, header: X-Sig}
  dedupe: off
  handshake:
    when:
      header: {aeg-event-type: SubscriptionValidation}
      body: {"$[0].eventType": Microsoft.EventGrid.SubscriptionValidationEvent}
    reply: {json: {validationResponse: "{$[0].data.validationCode}"}}
"""
"""As a user would write them: what these providers ask, each with a stand-in for the way in which it signs."""

VALIDATION = "Validation: Testing client application reachability for subscription Request-Id: 5c2f-41d0"
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
WRITTEN = {
    "trello": Case(method="HEAD", is_verified=False, type=None),
    "monday": Case(
        json={"challenge": CHALLENGE}, is_verified=False, says=orjson.dumps({"challenge": CHALLENGE}), type=JSON
    ),
    "pings": Case(json={"type": 1, "id": "1"}, says=b'{"type":1}', type=JSON),
    "graph": Case(
        query={"validationToken": VALIDATION},
        headers={"content-type": "text/plain; charset=utf-8"},
        is_verified=False,
        says=VALIDATION.encode(),
    ),
    "grid": Case(
        headers={"aeg-event-type": "SubscriptionValidation"},
        json=[
            {
                "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                "id": "1",
                "data": {"validationCode": CODE},
            }
        ],
        says=orjson.dumps({"validationResponse": CODE}),
        type=JSON,
    ),
}


@pytest.mark.parametrize("name", sorted(WRITTEN))
async def test_a_handshake_that_a_user_writes_is_answered(name: str, *, hands_over: bool) -> None:
    """Trello's HEAD, Monday's challenge, Discord's PING, and those of Microsoft Graph and Event Grid."""
    case, room = WRITTEN[name], Room(declared(DECLARED))
    async with asking(room, hands_over=hands_over) as client:
        answer = await ask(client, room, name, case)
        assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (200, case.says, case.type)
        if case.is_verified:
            assert (await ask(client, room, name, case, secret=b"another")).status_code == 401
    assert room.events == []


# --- keys that come over the wire ----------------------------------------------------------------------------------

KEY, OTHER = b"b537207f20cbfa02357cf448134da559", b"00000000000000000000000000000000"
EVENT = b'{"events":[{"action":"changed"}]}'


def offer(key: bytes) -> dict[str, str]:
    """Give the headers of an offer as Asana makes it."""
    return {"x-hook-secret": key.decode()}


def kept(number: int, key: bytes, *, approved: bool) -> OfferedKey:
    """Give a key as the store has it."""
    return OfferedKey(
        number=number,
        source="asana",
        key=key,
        address="127.0.0.1",
        is_pasted=False,
        offered_at=NOW,
        approved_at=NOW if approved else None,
    )


def asana() -> Room:
    """Give a room with Asana, of which no key is configured."""
    keys = Keys()
    return Room(declared("", "asana", keys=keys, secrets=()), keys)


async def test_an_offered_key_counts_once_it_is_approved(*, hands_over: bool) -> None:
    """Before, whatever comes is put off: what it signed, and what nobody signed."""
    room = asana()
    source = room.sources["asana"]
    async with asking(room, hands_over=hands_over) as client:

        async def post(key: bytes) -> tuple[int, str]:
            answer = await client.post("/hooks/asana", content=EVENT, headers=signed(source, EVENT, key))
            return answer.status_code, answer.json()["error"]["code"] if answer.is_error else answer.text

        early = await post(KEY)
        offered = await client.post("/hooks/asana", headers=offer(KEY))
        assert (offered.status_code, offered.headers["x-hook-secret"]) == (200, KEY.decode())
        waiting = await post(KEY)
        room.keys.load([kept(1, KEY, approved=True)])
        counted = await post(KEY)
        forged = await post(OTHER)

    assert (early, waiting) == ((503, "key_not_approved"), (503, "key_not_approved"))
    assert (counted, forged) == ((200, ""), (401, "bad_signature"))
    assert [(each.key, each.source, address) for each, address in room.offers] == [(KEY, "asana", "127.0.0.1")]
    assert all("x-hook-secret" not in event.headers for event in room.events)


async def test_a_second_offer_takes_nothing_over(*, hands_over: bool) -> None:
    """The approved key goes on counting; what the offered one signs is put off, and never counts by itself."""
    room = asana()
    room.keys.load([kept(1, KEY, approved=True)])
    source = room.sources["asana"]
    async with asking(room, hands_over=hands_over) as client:
        assert (await client.post("/hooks/asana", headers=offer(OTHER))).status_code == 200
        answers = [
            await client.post("/hooks/asana", content=EVENT, headers=signed(source, EVENT, key)) for key in (OTHER, KEY)
        ]
    assert [answer.status_code for answer in answers] == [503, 200]
    assert len(room.events) == 1


async def test_a_flood_of_offers_is_bounded_and_pushes_none_out() -> None:
    """Five wait; one more is put off, repeated ones are answered and kept once."""
    room = asana()
    async with asking(room, hands_over=True) as client:
        answers = [await client.post("/hooks/asana", headers=offer(b"%032d" % turn)) for turn in range(50)]
        again = await client.post("/hooks/asana", headers=offer(b"%032d" % 0))
    assert [answer.status_code for answer in answers] == [200] * 5 + [503] * 45
    assert answers[-1].json()["error"]["code"] == "too_many_keys"
    assert again.status_code == 200
    assert room.keys.offered("asana") == tuple(b"%032d" % turn for turn in range(5))


@pytest.mark.parametrize("key", ["short", "x" * 257, "tab\tin-a-long-enough-key"])
async def test_what_is_no_key_is_refused(key: str) -> None:
    """And not repeated."""
    room = asana()
    async with asking(room, hands_over=True) as client:
        answer = await client.post("/hooks/asana", headers={"x-hook-secret": key})
    assert (answer.status_code, room.offers) == (400, [])
    assert key not in answer.text


async def test_a_source_that_takes_no_keys_is_offered_none() -> None:
    """It is a request without proof, like any other."""
    room = Room(declared("", "github"))
    async with asking(room, hands_over=True) as client:
        answer = await client.post("/hooks/github", json={"verification_token": KEY.decode()}, headers=offer(KEY))
    assert (answer.status_code, answer.json()["error"]["code"], room.offers) == (401, "missing_signature", [])


async def test_an_offer_that_cannot_be_kept_is_put_off(*, hands_over: bool) -> None:
    """So that its sender comes again, and is taken then."""
    room = asana()
    room.failure = StoreUnavailable("the disk is full")
    async with asking(room, hands_over=hands_over) as client:
        failed = await client.post("/hooks/asana", headers=offer(KEY))
        room.failure = None
        taken = await client.post("/hooks/asana", headers=offer(KEY))
    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "store_unavailable")
    assert failed.headers.get("x-hook-secret") is None
    assert (taken.status_code, len(room.offers)) == (200, 1)


def test_an_hmac_is_made_for_nobody_who_proves_nothing() -> None:
    """He would have bodies of his own signed."""
    when, reply = "{method: GET, query: {crc_token: {exists: true}}}", "{text: '{query:crc_token | hmac_base64}'}"
    crc = f"{{verified: false, when: {when}, reply: {reply}}}"
    with pytest.raises(ConfigurationError, match="a reply with an HMAC is verified"):
        declared(f"x: {{verify: {{scheme: hmac, header: X-Sig}}, dedupe: off, handshake: {crc}}}")


def test_a_rehearsal_says_that_a_handshake_is_none_of_its_events() -> None:
    """As the endpoint would: there is nothing for a mapping to see."""
    body = b'{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"}'
    sample = Sample(name="challenge.json", source="slack", body=body)
    with pytest.raises(SenderError, match="this is a handshake, and no event"):
        receive(declared("", "slack")["slack"], sample, NOW, max_body_bytes=10_000)
