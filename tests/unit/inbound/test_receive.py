"""From a request's parts to an event: names, times, what makes a delivery unique, what is dropped."""

import gzip
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
import pytest

from bridge.errors import SenderError
from bridge.events import Event
from bridge.inbound.bodies import FORM_FORMAT, read_format, read_payload, read_query
from bridge.inbound.receive import Request, read_event, read_headers, why_no_time
from bridge.inbound.signing import sign
from bridge.inbound.sources import Source, load_sources
from bridge.located import Place

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 12, 1, 0, tzinfo=UTC)
OWN = b"""
timed:
  verify: {scheme: hmac, header: X-Sig, signed: "{timestamp}{body}", timestamp: {header: X-Time}}
open: {verify: none, dedupe: off, event: $.type, id: $.id, at: $.at}
form: {verify: none, dedupe: 1h, form_json: payload}
"""
NAMED = dict.fromkeys(("stripe", "github", "standard-webhooks", "alertmanager"), Place("m.yaml", 1, 1))
SOURCES = load_sources(NAMED, OWN, lambda _: (b"whsec_MDEy",))
JSON = {"content-type": "application/json"}
STRIPE = b'{"id":"evt_1","type":"charge.refunded","created":1795348000,"data":{}}'


def receive(
    source: Source, body: bytes, headers: Mapping[str, str], *, now: datetime = NOW, query: bytes = b""
) -> Event:
    """Read an event whose body may have 1,000 bytes."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    headers = read_headers(source, raw)
    request = Request(headers, read_format(headers), query, body)
    return read_event(source, request, max_body_bytes=1000, now=now)


def deliver(name: str, body: bytes, now: datetime = NOW, **more: str) -> Event:
    """Sign and read a JSON event."""
    source = SOURCES[name]
    given = {**JSON, **{key.replace("_", "-"): value for key, value in more.items()}}
    return receive(source, body, {**given, **sign(source, body, b"whsec_MDEy", now, headers=given)}, now=now)


def code(name: str, body: bytes, headers: Mapping[str, str] = JSON) -> tuple[int, str]:
    """Give status and code of a refusal by a source that anyone may send to."""
    with pytest.raises(SenderError) as caught:
        receive(SOURCES[name], body, headers)
    return caught.value.status, caught.value.code


def test_a_stripe_event_is_named_by_its_body() -> None:
    """Type, id and time stand in the payload; the signature does not reach the journal."""
    event = deliver("stripe", STRIPE, user_agent="Stripe/1.0")
    assert (event.source, event.type, event.id) == ("stripe", "charge.refunded", "evt_1")
    assert event.at == datetime(2026, 11, 22, 11, 46, 40, tzinfo=UTC)
    assert (event.received_at, event.tolerance_s, event.dedup_window_s) == (NOW, 300, None)
    assert event.headers == {"content-type": "application/json", "user-agent": "Stripe/1.0"}
    assert (event.body, event.payload) == (STRIPE, orjson.loads(STRIPE))


def test_github_joins_header_and_action() -> None:
    """`issues` and `opened` give `issues.opened`; a push has no action."""
    event = deliver("github", b'{"action":"opened"}', x_github_event="issues", x_github_delivery="d-1")
    assert event.type == "issues.opened"
    event = deliver("github", b"{}", x_github_event="push", x_github_delivery="d-1")
    assert (event.type, event.id) == ("push", "d-1")


def test_github_may_send_its_json_inside_a_form() -> None:
    """The form's `payload` is the payload; the signature is over the form."""
    body = b"payload=%7B%22action%22%3A%22opened%22%7D"
    event = deliver("github", body, content_type="application/x-www-form-urlencoded", x_github_event="issues")
    assert (event.payload, event.type, event.body) == ({"action": "opened"}, "issues.opened", body)


def test_svix_names_count_as_standard_webhooks() -> None:
    """`svix-id` and its kin mean the same, and the signature is dropped under either name."""
    source, body = SOURCES["standard-webhooks"], b'{"type":"user.created","timestamp":"2026-11-22T11:59:00.5Z"}'
    headers = sign(source, body, b"whsec_MDEy", NOW, headers={"webhook-id": "msg_7"}) | {"webhook-id": "msg_7"}
    event = receive(source, body, {**JSON, **{k.replace("webhook-", "svix-"): v for k, v in headers.items()}})
    assert (event.id, event.type) == ("msg_7", "user.created")
    assert event.at == datetime(2026, 11, 22, 11, 59, 0, 500_000, tzinfo=UTC)
    assert not [name for name in event.headers if "signature" in name]


def test_alertmanager_is_recognised_by_its_body_for_ten_minutes() -> None:
    """It has no id and no signed time, so the window is all there is."""
    event = deliver("alertmanager", b'{"status":"firing"}')
    assert (event.type, event.dedup_window_s) == ("firing", 600)
    assert event.dedup_key == deliver("alertmanager", b'{"status":"firing"}', LATER).dedup_key
    assert event.dedup_key != deliver("alertmanager", b'{"status":"resolved"}').dedup_key
    assert "authorization" not in event.headers


def test_a_covered_id_alone_makes_a_delivery_unique() -> None:
    """Stripe's second attempt has a new signature and the same id."""
    first, again = deliver("stripe", STRIPE), deliver("stripe", STRIPE.replace(b"}}", b"} }"), LATER)
    assert first.dedup_key == again.dedup_key
    assert len(first.dedup_key or b"") == 16


def test_an_unsigned_id_cannot_shadow_another_body() -> None:
    """Who replays a signed body under a new id, or another body under a known id, forges no duplicate."""
    first = deliver("github", b'{"n":1}', x_github_delivery="d-1")
    assert first.dedup_key == deliver("github", b'{"n":1}', x_github_delivery="d-1").dedup_key
    assert first.dedup_key != deliver("github", b'{"n":2}', x_github_delivery="d-1").dedup_key
    assert first.dedup_key != deliver("github", b'{"n":1}', x_github_delivery="d-2").dedup_key


def test_without_an_id_the_signed_time_and_the_body_make_it_unique() -> None:
    """The same body a minute later is another event; the event's id is then the body's hash."""
    first = deliver("timed", b"{}")
    assert first.dedup_key == deliver("timed", b"{}").dedup_key
    assert first.dedup_key != deliver("timed", b"{}", LATER).dedup_key
    assert len(first.id) == 32
    assert first.id == deliver("timed", b"{}", LATER).id


def test_dedupe_off_has_no_key() -> None:
    """Every delivery counts."""
    assert deliver("open", b'{"id":1}').dedup_key is None


def test_headers_that_authenticate_are_dropped_whatever_the_scheme() -> None:
    """Credentials of the transport and lookalikes never reach the journal."""
    given = {
        "cookie": "c",
        "proxy-authorization": "p",
        "x-hub-signature": "s",
        "x-api-key": "k",
        "x_api_key": "k",
        "x-auth-token": "t",
        "x-client-secret": "s",
        "x-kept": "1",
    }
    assert receive(SOURCES["open"], b'{"id":"1"}', {**JSON, **given}).headers == {**JSON, "x-kept": "1"}


def test_a_number_is_an_id_too() -> None:
    """Whole numbers become their text; the type may be missing."""
    event = receive(SOURCES["open"], b'{"id":42}', JSON, query=b"a=1&b=&a=%C3%A9")
    assert (event.id, event.type, event.at, event.query) == ("42", "", None, {"a": "é", "b": ""})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"yesterday"', "what stands there is not a time: neither unix seconds nor ISO 8601"),
        ("true", "what stands there is not a time: neither unix seconds nor ISO 8601"),
        ("1e300", "what stands there is not a time between the years 1970 and 2200"),
        ('"9999-12-31T23:59:59-14:00"', "what stands there is not a time between the years 1970 and 2200"),
        ("null", ""),
    ],
)
def test_an_unreadable_time_counts_as_none_and_says_why(value: str, reason: str) -> None:
    """A genuine event is not lost for it; what is missing needs no explanation."""
    event = receive(SOURCES["open"], b'{"id":1,"at":%s}' % value.encode(), JSON)
    assert event.at is None
    assert why_no_time(SOURCES["open"], event) == reason


def test_a_readable_time_needs_no_explanation() -> None:
    """Nor does a source that has none."""
    event = receive(SOURCES["open"], b'{"id":1,"at":"2026-11-22 12:00:00Z"}', JSON)
    assert event.at == NOW
    assert why_no_time(SOURCES["open"], event) == why_no_time(SOURCES["form"], event) == ""


def test_credentials_in_the_query_are_dropped() -> None:
    """By the same words as in headers, however they are spelt; the rest is kept."""
    query = b"token=1&api_key=2&API-Key=3&client_secret=4&X-Amz-Signature=5&access_token=6&page=7&password=8"
    assert receive(SOURCES["open"], b'{"id":1}', JSON, query=query).query == {"page": "7"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "empty_body"),
        (b"{", "bad_json"),
        (b"NaN", "bad_json"),
        (b'{"a":Infinity}', "bad_json"),
        (b'{"a":1e999}', "bad_json"),
        (b'"\\ud800"', "bad_json"),
        (b'"\xff"', "bad_json"),
        (b"{}{}", "bad_json"),
        (b'{"id":"1"}\0', "bad_json"),
        (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
        (b"[" * 101 + b"]" * 101, "too_deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "too_deep"),
        (b"{}", "missing_id"),
        (b'{"id":""}', "missing_id"),
        (b'{"id":null}', "missing_id"),
        (b'{"id":true}', "bad_id"),
        (b'{"id":1.5}', "bad_id"),
        (b'{"id":["x"]}', "bad_id"),
        (b'{"id":"a\\u0000b"}', "bad_id"),
        (b'{"id":"a\\nb"}', "bad_id"),
        (b'{"id":"' + b"x" * 256 + b'"}', "id_too_long"),
        (b'{"id":1,"type":"a\\u0000"}', "bad_type"),
        (b'{"id":1,"type":{}}', "bad_type"),
        (b'{"id":1,"type":"' + b"x" * 256 + b'"}', "type_too_long"),
    ],
)
def test_a_bad_body_is_refused_by_name(body: bytes, expected: str) -> None:
    """Each kind of bad input has its own code, and none is a 5xx."""
    assert code("open", body) == (400, expected)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("'$.data.items[0].id'", "at $.data.items[0].id"),
        ("{header: X-Id}", "in the header x-id"),
        ("[$.a, {header: X-Id}]", "at $.a and in the header x-id"),
    ],
)
def test_a_missing_id_is_told_with_its_place(written: str, told: str) -> None:
    """As the source declares it."""
    declared = f"own: {{verify: none, dedupe: off, id: {written}}}"
    with pytest.raises(SenderError) as caught:
        receive(load_sources({}, declared.encode(), lambda _: ())["own"], b"{}", JSON)
    assert caught.value.message == f"the delivery's id is missing; this source has it {told}"


def test_bounds_are_exact() -> None:
    """A hundred levels and 255 characters still pass."""
    deepest: object = 1
    for _ in range(99):
        deepest = [deepest]
    body = orjson.dumps({"id": "x" * 255, "deep": deepest})
    assert receive(SOURCES["open"], body, JSON).id == "x" * 255
    assert receive(SOURCES["open"], b"\xef\xbb\xbf" + b'{"id":1}', JSON).id == "1"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "unsupported_type"),
        ({"content-type": "text/plain"}, "unsupported_type"),
        ({"content-type": "application/jsonp"}, "unsupported_type"),
        ({"content-type": "multipart/mixed; boundary=x"}, "unsupported_type"),
        ({"content-type": "application/json; charset=utf-16"}, "unsupported_charset"),
        ({**JSON, "content-encoding": "br"}, "unsupported_encoding"),
        ({**JSON, "content-encoding": "gzip, gzip"}, "unsupported_encoding"),
    ],
)
def test_an_unsupported_form_of_body_is_415(headers: dict[str, str], expected: str) -> None:
    """Content type, charset and content encoding each have their own code."""
    assert code("open", b'{"id":1}', headers) == (415, expected)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=UTF-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
        'application/json;charset="utf-8"',
    ],
)
def test_json_comes_under_several_names(content_type: str) -> None:
    """Any `+json` type, any case, UTF-8 said or not."""
    assert receive(SOURCES["open"], b'{"id":1}', {"content-type": content_type}).id == "1"


BODY = b'{"id":"1","pad":"' + b"x" * 500 + b'"}'


def raw_deflate(data: bytes) -> bytes:
    """Compress without zlib's wrapping."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:], mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
    ],
)
def test_compressed_bodies_are_read(coding: str, content: bytes) -> None:
    """One gzip member or several, deflate with and without zlib's wrapping; the journal keeps what came out."""
    event = receive(SOURCES["open"], content, {**JSON, "content-encoding": coding})
    assert event.body == BODY


@pytest.mark.parametrize(
    ("coding", "content", "expected"),
    [
        ("gzip", gzip.compress(b" " * 1_000_000, mtime=0), (413, "body_too_large")),
        ("gzip", gzip.compress(b" " * 600, mtime=0) * 2, (413, "body_too_large")),
        ("deflate", zlib.compress(b" " * 1_000_000), (413, "body_too_large")),
        ("deflate", raw_deflate(b" " * 1001), (413, "body_too_large")),
        ("gzip", gzip.compress(BODY, mtime=0)[:-1], (400, "bad_encoding")),
        ("gzip", gzip.compress(BODY, mtime=0) + b"junk", (400, "bad_encoding")),
        ("gzip", gzip.compress(b"", mtime=0) * 17, (400, "bad_encoding")),
        ("gzip", BODY, (400, "bad_encoding")),
        ("gzip", b"", (400, "bad_encoding")),
        ("deflate", zlib.compress(BODY) + b"junk", (400, "bad_encoding")),
        ("deflate", zlib.compress(BODY)[:-5], (400, "bad_encoding")),
        ("gzip", gzip.compress(b"", mtime=0), (400, "empty_body")),
    ],
)
def test_compression_is_bounded_and_strict(coding: str, content: bytes, expected: tuple[int, str]) -> None:
    """What comes out is bounded; what is cut or followed by junk is refused."""
    assert code("open", content, {**JSON, "content-encoding": coding}) == expected


def test_the_signature_is_over_the_bytes_as_they_came() -> None:
    """A compressed body is verified before it is decompressed."""
    source, content = SOURCES["stripe"], gzip.compress(STRIPE, mtime=0)
    headers = {**JSON, "content-encoding": "gzip", **sign(source, content, b"whsec_MDEy", NOW)}
    assert receive(source, content, headers).body == STRIPE


def test_forms_are_objects() -> None:
    """A repeated field is a list; without the field that holds JSON the form itself is the payload."""
    assert read_payload(b"a=1&b=x+y&a=%C3%A9&c=", FORM_FORMAT, form_json=None) == {
        "a": ["1", "é"],
        "b": "x y",
        "c": "",
    }
    assert read_payload(b"a=1", FORM_FORMAT, form_json="payload") == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a=%FF", "bad_form"),
        (b"a=\xff", "bad_form"),
        (b"&".join([b"a=1"] * 1001), "bad_form"),
        (b"payload={&payload={}", "bad_form"),
        (b"payload={", "bad_json"),
        (b"payload=", "bad_json"),
        (b"", "empty_body"),
    ],
)
def test_a_bad_form_is_refused_by_name(body: bytes, expected: str) -> None:
    """Forms have the same bounds as JSON."""
    with pytest.raises(SenderError) as caught:
        read_payload(body, FORM_FORMAT, form_json="payload")
    assert (caught.value.status, caught.value.code) == (400, expected)


@pytest.mark.parametrize("query", [b"a=%FF", b"\xff", b"a=%00", b"%00=a", b"&".join([b"a=1"] * 1001)])
def test_a_bad_query_is_refused_by_name(query: bytes) -> None:
    """Not UTF-8, a NUL, too many fields."""
    with pytest.raises(SenderError) as caught:
        read_query(query)
    assert (caught.value.status, caught.value.code) == (400, "bad_query")


@pytest.mark.parametrize(
    ("twice", "expected"),
    [
        ("stripe-signature", "duplicate_header"),
        ("content-type", "duplicate_header"),
        ("Content-Encoding", "duplicate_header"),
        ("Authorization", "duplicate_header"),
    ],
)
def test_a_header_that_decides_may_not_come_twice(twice: str, expected: str) -> None:
    """Two readers could otherwise take two different ones."""
    with pytest.raises(SenderError) as caught:
        read_headers(SOURCES["stripe"], [(twice.encode(), b"a"), (twice.lower().encode(), b"a")])
    assert (caught.value.status, caught.value.code) == (400, expected)


def test_other_headers_may_repeat_and_hold_no_nul() -> None:
    """They are joined by a comma; a NUL is refused anywhere."""
    assert read_headers(SOURCES["stripe"], [(b"X-A", b"1"), (b"x-a", b"2")]) == {"x-a": "1, 2"}
    with pytest.raises(SenderError, match="NUL"):
        read_headers(SOURCES["stripe"], [(b"x-a", b"1\0")])
