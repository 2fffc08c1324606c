"""Each way of verifying, against vectors computed here by hand."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bridge.errors import ConfigurationError, SenderError
from bridge.inbound.catalogue import providers
from bridge.inbound.sources import Source, load_sources
from bridge.inbound.sources.verify import read_scheme
from bridge.inbound.verification import Scheme, Unverified, Verified, verify
from bridge.located import Place, ScalarNode, parse_yaml

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
BODY = b'{"id": "evt_1", "type": "ping"}'
SECRET = b"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
MILLISECONDS = """
scheme: hmac
header: S
elements: {signature: s, timestamp: t}
signed: "{timestamp}{body}"
timestamp: {format: unix_ms}
"""
DECODED = b"012345678901234567890123"


def scheme(text: str) -> Scheme:
    """Read a `verify`."""
    node = parse_yaml("sources.yaml", text.encode())
    return read_scheme(node)


def provider(name: str, secret: bytes = SECRET) -> Source:
    """Give a source of the catalogue with one secret."""
    return load_sources({name: Place("m.yaml", 3, 5)}, None, lambda _: (secret,))[name]


def hexed(key: bytes, content: bytes, algorithm: str = "sha256") -> str:
    """Compute a signature as hexadecimal text."""
    return hmac.new(key, content, getattr(hashlib, algorithm)).hexdigest()


def b64ed(key: bytes, content: bytes) -> str:
    """Compute a signature as base64 text."""
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def refusal(source: Source, headers: Mapping[str, str], body: bytes = BODY, now: datetime = NOW) -> str:
    """Give the code with which a request is refused."""
    with pytest.raises(SenderError) as caught:
        source.verifier(Unverified(body, headers), now)
    assert caught.value.status == 401
    return caught.value.code


def stripe_header(secret: bytes = SECRET, at: int | str = NOW_S, body: bytes = BODY) -> str:
    """Compute Stripe's header."""
    return f"t={at},v1={hexed(secret, f'{at}.'.encode() + body)}"


def test_stripe_signs_time_and_body_with_the_whole_secret() -> None:
    """The key is the secret's text including `whsec_`."""
    verified = provider("stripe").verifier(Unverified(BODY, {"stripe-signature": stripe_header()}), NOW)
    assert verified == Verified(BODY, str(NOW_S))


def test_one_good_signature_among_several_is_enough() -> None:
    """While a secret is rolled the sender signs with both; other versions are ignored."""
    good = hexed(SECRET, f"{NOW_S}.".encode() + BODY)
    header = f"t={NOW_S}, v1={'0' * 64},v0=junk, v1={good}"
    assert provider("stripe").verifier(Unverified(BODY, {"stripe-signature": header}), NOW).body == BODY


def test_one_good_secret_among_several_is_enough() -> None:
    """While a secret is rolled the receiver knows both."""
    source = load_sources({"stripe": Place("m.yaml", 1, 1)}, None, lambda _: (b"new", b"old"))["stripe"]
    for secret in (b"new", b"old"):
        header = {"stripe-signature": stripe_header(secret)}
        assert source.verifier(Unverified(BODY, header), NOW).body == BODY
    assert refusal(source, {"stripe-signature": stripe_header(b"other")}) == "bad_signature"


GOOD = hexed(SECRET, f"{NOW_S}.".encode() + BODY)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "missing_signature"),
        (GOOD, "missing_signature"),
        (f"t={NOW_S}", "missing_signature"),
        (f"t={NOW_S},v0={GOOD}", "missing_signature"),
        (f"t={NOW_S},V1={GOOD}", "missing_signature"),
        (f"v1={GOOD}", "missing_timestamp"),
        (f"t=,v1={GOOD}", "missing_timestamp"),
        (f"t={NOW_S},v1={GOOD.upper()}", "bad_signature"),
        (f"t={NOW_S},v1={GOOD[:-1]}", "bad_signature"),
        (f"t={NOW_S},v1={GOOD}0", "bad_signature"),
        (f"t={NOW_S},v1={GOOD} ", "bad_signature"),
        (f"t={NOW_S},v1=", "bad_signature"),
        (f"t={NOW_S},v1=sha256={GOOD}", "bad_signature"),
        (f"t={NOW_S},v1={GOOD[:-1]}é", "bad_signature"),
        (f"t={NOW_S}0,v1={GOOD}", "bad_signature"),
        (f"t=0{NOW_S},v1={GOOD}", "bad_signature"),
        (f"t={NOW_S},t={NOW_S},v1={GOOD}", "malformed_signature"),
        (f"t={NOW_S}," + ",".join([f"v1={GOOD}"] * 17), "malformed_signature"),
        ("t=1," + "v1=" + "a" * 5000, "malformed_signature"),
    ],
)
def test_a_stripe_signature_is_read_strictly(header: str, code: str) -> None:
    """What is not exactly what Stripe sends is refused, and the code says why."""
    assert refusal(provider("stripe"), {"stripe-signature": header}) == code


def test_the_body_counts_byte_for_byte() -> None:
    """A re-serialised or empty body is not what was signed."""
    source = provider("stripe")
    headers = {"stripe-signature": stripe_header()}
    assert refusal(source, headers, BODY.replace(b" ", b"")) == "bad_signature"
    assert refusal(source, headers, b"") == "bad_signature"


@pytest.mark.parametrize(
    ("off_s", "code"), [(301, "stale_timestamp"), (-301, "future_timestamp"), (300, None), (-300, None)]
)
def test_a_signed_time_may_be_off_by_the_tolerance_either_way(off_s: int, code: str | None) -> None:
    """Stripe's own library lets future timestamps through; here the tolerance holds both ways."""
    source, headers = provider("stripe"), {"stripe-signature": stripe_header()}
    if code is None:
        assert source.verifier(Unverified(BODY, headers), NOW + timedelta(seconds=off_s)).body == BODY
    else:
        assert refusal(source, headers, now=NOW + timedelta(seconds=off_s)) == code


@pytest.mark.parametrize("at", ["+1795348800", " 1795348800", "1795348800.0", "1e9", "١٧٩٥٣٤٨٨٠٠", "9" * 14])
def test_a_signed_time_is_plain_digits(at: str) -> None:
    """Even one that the sender signed is refused when it is not what the scheme says."""
    content = at.encode("latin-1", "replace") + b"." + BODY
    header = f"t={at.encode('latin-1', 'replace').decode('latin-1')},v1={hexed(SECRET, content)}"
    assert refusal(provider("stripe"), {"stripe-signature": header}) == "bad_timestamp"


def test_github_signs_the_body_behind_a_prefix() -> None:
    """`X-Hub-Signature-256: sha256=<hex>`."""
    source = provider("github")
    good = hexed(SECRET, BODY)
    assert source.verifier(Unverified(BODY, {"x-hub-signature-256": f"sha256={good}"}), NOW) == Verified(BODY, None)
    for wrong in (good, f"SHA256={good}", f"sha1={good}", f"sha256 ={good}"):
        assert refusal(source, {"x-hub-signature-256": wrong}) == "malformed_signature"
    assert refusal(source, {"x-hub-signature": f"sha256={good}"}) == "missing_signature"
    assert refusal(source, {"x-hub-signature-256": f"sha256={good},sha256={good}"}) == "bad_signature"


def test_standard_webhooks_sign_id_time_and_body_with_the_decoded_secret() -> None:
    """`whsec_` is taken off and the rest is base64."""
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW_S)}
    good = b64ed(DECODED, f"msg_1.{NOW_S}.".encode() + BODY)
    source = provider("standard-webhooks")
    signed = {**headers, "webhook-signature": f"v1a,xyz v1,{good}"}
    assert source.verifier(Unverified(BODY, signed), NOW).timestamp == str(NOW_S)
    for junk in ("A", "=", "=junk", "\n"):
        assert refusal(source, {**headers, "webhook-signature": f"v1,{good}{junk}"}) == "bad_signature"
    assert refusal(source, {**headers, "webhook-signature": f"v1,{good.rstrip('=')}"}) == "bad_signature"
    assert refusal(source, {**headers, "webhook-signature": f"v2,{good}"}) == "missing_signature"
    assert refusal(source, {**signed, "webhook-id": "msg_2"}) == "bad_signature"
    assert refusal(source, {**signed, "webhook-timestamp": str(NOW_S + 1)}) == "bad_signature"
    assert refusal(source, {k: v for k, v in signed.items() if k != "webhook-id"}) == "missing_signature"
    assert refusal(source, {k: v for k, v in signed.items() if k != "webhook-timestamp"}) == "missing_timestamp"


def test_shopify_signs_the_body_in_base64() -> None:
    """`X-Shopify-Hmac-SHA256`, with nothing before it; hexadecimal is none."""
    source, good = provider("shopify"), b64ed(SECRET, BODY)
    assert source.verifier(Unverified(BODY, {"x-shopify-hmac-sha256": good}), NOW) == Verified(BODY, None)
    for wrong in (hexed(SECRET, BODY), f"sha256={good}", good.rstrip("="), b64ed(b"another", BODY)):
        assert refusal(source, {"x-shopify-hmac-sha256": wrong}) in {"bad_signature", "malformed_signature"}
    assert refusal(source, {"x-shopify-hmac-sha256": good}, BODY + b" ") == "bad_signature"
    assert refusal(source, {}) == "missing_signature"


def test_a_secret_in_the_wrong_form_refuses_the_start_without_showing_it() -> None:
    """The message names the variable, never the secret."""
    with pytest.raises(ConfigurationError) as caught:
        provider("standard-webhooks", b"whsec_not*base64")
    message = str(caught.value)
    assert message.startswith("STANDARD_WEBHOOKS_WEBHOOK_SECRET: ")
    assert "not*base64" not in message


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("{scheme: hmac, header: X-Sig}", {"x-sig": hexed(b"k", BODY)}),
        ("{scheme: hmac, header: X-Sig, algorithm: sha1}", {"x-sig": hexed(b"k", BODY, "sha1")}),
        ("{scheme: hmac, header: X-Sig, algorithm: sha512}", {"x-sig": hexed(b"k", BODY, "sha512")}),
        ("{scheme: hmac, header: X-Sig, encoding: base64}", {"x-sig": b64ed(b"k", BODY)}),
        (
            "{scheme: hmac, header: X-Sig, encoding: base64url}",
            {"x-sig": b64ed(b"k", BODY).replace("+", "-").replace("/", "_").rstrip("=")},
        ),
        (
            "{scheme: hmac, header: X-Sig, prefix: v0=, signed: 'v0:{header:X-T}:{body}', timestamp: {header: X-T}}",
            {"x-t": str(NOW_S), "x-sig": "v0=" + hexed(b"k", f"v0:{NOW_S}:".encode() + BODY)},
        ),
        (
            MILLISECONDS,
            {"s": f"t={NOW_S}123, s=" + hexed(b"k", f"{NOW_S}123".encode() + BODY)},
        ),
        (
            "{scheme: hmac, header: X-Sig, signed: '{timestamp}{body}', timestamp: {header: X-T, format: iso8601}}",
            {
                "x-t": "2026-11-22T12:00:00.123456789Z",
                "x-sig": hexed(b"k", b"2026-11-22T12:00:00.123456789Z" + BODY),
            },
        ),
        ("bearer", {"authorization": "Bearer k"}),
        ("bearer", {"authorization": "bearer  k"}),
        ("{scheme: token, header: X-Api-Key}", {"x-api-key": "k"}),
        ("{scheme: token, header: X-Api-Key, prefix: 'Token '}", {"x-api-key": "Token k"}),
        ("none", {}),
    ],
)
def test_every_parameter_of_the_generic_schemes_is_free(text: str, headers: dict[str, str]) -> None:
    """Algorithm, header, prefix, elements, encoding, signed content and timestamp are data."""
    assert verify(scheme(text), Unverified(BODY, headers), (b"other", b"k"), NOW).body == BODY


def test_basic_credentials_are_user_and_password() -> None:
    """The secret is `user:password`; the comparison is exact."""
    basic = scheme("basic")
    given = base64.b64encode(b"prom:pass:word").decode()
    request = Unverified(BODY, {"authorization": f"basic {given}"})
    assert verify(basic, request, (b"prom:pass:word",), NOW).body == BODY
    with pytest.raises(ValueError, match="user:password"):
        basic.bind((b"nocolon",), tolerance_s=300)


@pytest.mark.parametrize(
    ("text", "headers", "code"),
    [
        ("bearer", {}, "missing_credentials"),
        ("bearer", {"authorization": "Bearer"}, "bad_credentials"),
        ("bearer", {"authorization": "Bearer kk"}, "bad_credentials"),
        ("bearer", {"authorization": "Bearer K"}, "bad_credentials"),
        ("bearer", {"authorization": "Bearer k "}, "bad_credentials"),
        ("bearer", {"authorization": "Basic k"}, "malformed_credentials"),
        ("bearer", {"authorization": "k"}, "malformed_credentials"),
        ("bearer", {"authorization": "Bearer " + "k" * 5000}, "malformed_credentials"),
        ("bearer", {"authorization": "Bearer ké"}, "bad_credentials"),
        ("{scheme: token, header: X-Api-Key}", {"authorization": "k"}, "missing_credentials"),
        ("{scheme: token, header: X-Api-Key}", {"x-api-key": ""}, "missing_credentials"),
        ("{scheme: token, header: X-Api-Key, prefix: T-}", {"x-api-key": "k"}, "bad_credentials"),
    ],
)
def test_credentials_are_compared_exactly(text: str, headers: dict[str, str], code: str) -> None:
    """Only the scheme's name is free in case, as RFC 9110 wants."""
    with pytest.raises(SenderError) as caught:
        verify(scheme(text), Unverified(BODY, headers), (b"k",), NOW)
    assert (caught.value.status, caught.value.code) == (401, code)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hmac", "sources.yaml:1:1: the scheme 'hmac' needs keys: write {scheme: hmac, header: …}"),
        (
            "hamc",
            "1:1: 'hamc' is not one of hmac, ed25519, ecdsa, token, jwt, bearer, basic, none; did you mean 'hmac'?",
        ),
        ("{scheme: hmac}", "the scheme 'hmac' needs one of the keys 'header', 'query' and 'path'"),
        ("{header: X}", "'verify' needs the key 'scheme'"),
        ("{scheme: token, header: X, algorithm: sha1}", "unknown key 'algorithm' in a verify of scheme token"),
        (
            "{scheme: hmac, header: X, algoritm: sha1}",
            "1:27: unknown key 'algoritm' in a verify of scheme hmac; did you mean 'algorithm'?",
        ),
        ("{scheme: hmac, header: X, algorithm: md5}", "'md5' is not one of sha256, sha1, sha512"),
        ("{scheme: hmac, header: X, signed: '{bdy}'}", "may hold {body}, {timestamp}, {header:Name}, "),
        ("{scheme: hmac, header: X, signed: '{header:Y}'}", "leaves the body unsigned"),
        ("{scheme: hmac, header: X, signed: '{timestamp}{body}'}", "says where it stands"),
        ("{scheme: hmac, header: X, timestamp: {header: Y}}", "it proves nothing"),
        ("{scheme: hmac, header: 'X Y'}", "is not a header's name"),
        ("{scheme: hmac, header: X, elements: {timestamp: t}}", "'elements' needs the key 'signature'"),
        ("{scheme: hmac, header: X, elements: {signature: s, separator: '='}}", "'key_separator' must differ"),
    ],
)
def test_a_wrong_scheme_is_refused_with_its_place(text: str, message: str) -> None:
    """Messages name file, line, column and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        scheme(text)
    assert message in str(caught.value)


def test_the_catalogue_is_a_mapping_of_entries_with_their_source() -> None:
    """Every entry says where its facts come from."""
    assert set(providers()) >= {"stripe", "github", "standard-webhooks", "alertmanager", "shopify"}
    for name, entry in providers().items():
        docs = entry.get("docs")
        assert isinstance(docs, ScalarNode)
        assert docs.text.startswith("https://")
        sources = load_sources({name: Place("m.yaml", 3, 5)}, None, lambda _: (), secrets_are_required=False)
        assert sources[name].provider == name


@pytest.mark.parametrize("text", ["{scheme: hmac, header: S}", "bearer", "basic", "{scheme: token, header: S}"])
def test_without_any_secret_nobody_is_verified(text: str) -> None:
    """Not even a request that was signed with an empty secret."""
    given = scheme(text)
    request = Unverified(BODY, {"s": hexed(b"", BODY), "authorization": "Bearer  "})
    with pytest.raises(SenderError) as caught:
        given.bind((), tolerance_s=300)(request, NOW)
    assert caught.value.status == 401


def test_all_mistakes_of_a_scheme_are_told_at_once() -> None:
    """A key that is none hides no wrong value beside it, nor one further inside."""
    text = """
scheme: hmac
hedder: X-Sig
algorithm: md5
encoding: hax
prefix: 5
elements: {signature: 1, separator: ";", junk: x}
timestamp: {format: iso, at: X}
secret: {encoding: rot13, trim: x}
"""
    with pytest.raises(ConfigurationError) as caught:
        scheme(text)
    lines = [problem.line for problem in caught.value.problems]
    assert lines == [3, 4, 5, 6, 7, 7, 8, 8, 9, 9]


def test_what_does_not_fit_together_is_told_of_what_was_read() -> None:
    """While the timestamp is misread, nothing is said about its not being signed."""
    with pytest.raises(ConfigurationError) as caught:
        scheme("{scheme: hmac, header: X, signed: '{timestamp}{body}', timestamp: {haeder: Y}}")
    (problem,) = caught.value.problems
    assert "unknown key 'haeder' in timestamp; did you mean 'header'?" in problem.message
