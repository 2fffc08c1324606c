"""JSON Web Tokens: what a genuine one is, and each way in which one is not. Tokens are made here, by PyJWT."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.cli.doctor.author import find_secrets
from bridge.errors import ConfigurationError, KeyUnavailable, SenderError
from bridge.inbound import Source, load_sources, sign_request
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_event, read_headers
from bridge.inbound.verification import Unverified, Verified
from bridge.inbound.verification.key_sets import MAX_KEYS
from bridge.inbound.verification.wanted import KeyWanted, Lookup
from bridge.located import Place

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
BODY = b'{"id": "evt_1", "type": "ping"}'
SECRET = "a secret that is as long as the digest of the longest algorithm is"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
KEYS = Lookup(provider="login.example", what="the set of keys", url="https://login.example/keys")

SHARED = "verify: {scheme: jwt, header: Authorization, prefix: 'Bearer ', claims: {iss: shop, aud: [here, there]}}"
HASHED = "verify: {scheme: jwt, header: X-Token, timestamp: iat, body_hash: {claim: sha256}}"
PUBLIC = "verify: {scheme: jwt, header: X-Token, algorithm: [RS256, ES256], key: public_key}"
PUBLISHED = """
verify:
  scheme: jwt
  header: X-Token
  algorithm: RS256
  key: {jwks: https://login.example/keys}
  claims: {iss: login}
  expect: [aud]
expect: {aud: mine}
"""


def source(keys: str, secret: str = SECRET) -> Source:
    """Make a source of its keys in `sources.yaml`, with one secret."""
    text = "shop:\n" + "".join(f"  {line}\n" for line in [*keys.strip().splitlines(), "id: $.id", "event: $.type"])
    return load_sources({}, text.encode(), lambda _: (secret.encode(),))["shop"]


def claims(**changed: Any) -> dict[str, Any]:
    """Give what a token says that holds for a minute; None takes a claim away."""
    said = {"iss": "shop", "aud": "here", "iat": NOW_S, "exp": NOW_S + 60, **changed}
    return {name: value for name, value in said.items() if value is not None}


def token(said: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **head: Any) -> str:
    """Make a token."""
    return jwt.encode(said, key, algorithm, headers=head)


def written(head: str, said: str, key: bytes = SECRET.encode()) -> str:
    """Make a token of texts that no library would write, signed with a secret."""
    parts = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (head, said))
    signature = hmac.digest(key, parts.encode(), "sha256")
    return f"{parts}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def shared(text: str, body: bytes = BODY) -> Verified:
    """Verify a bearer token."""
    return source(SHARED).verifier(Unverified(body, {"authorization": f"Bearer {text}"}), NOW)


def hashed(text: str, body: bytes = BODY) -> Verified:
    """Verify a token that belongs to a body."""
    return source(HASHED).verifier(Unverified(body, {"x-token": text}), NOW)


def body_hash(body: bytes = BODY) -> str:
    """Give the claim of a body."""
    return hashlib.sha256(body).hexdigest()


def test_a_genuine_token_is_taken() -> None:
    """Also where its audience is a list, and where HTTP's name for it is written small."""
    assert shared(token(claims())).body == BODY
    assert shared(token(claims(aud=["elsewhere", "there"]))).timestamp is None
    lower = {"authorization": f"bearer {token(claims())}"}
    assert source(SHARED).verifier(Unverified(BODY, lower), NOW).body == BODY


GENUINE = token(claims())
HEAD, SAID, SIGNATURE = GENUINE.split(".")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(jwt.encode(claims(), "", "none"), "malformed_token", id="alg none, unsigned"),
        pytest.param(written('{"alg":"none"}', json.dumps(claims())), "wrong_algorithm", id="alg none"),
        pytest.param(written('{"alg":"None"}', json.dumps(claims())), "wrong_algorithm", id="alg None"),
        pytest.param(written("{}", json.dumps(claims())), "wrong_algorithm", id="no alg"),
        pytest.param(token(claims(), algorithm="HS512"), "wrong_algorithm", id="another alg"),
        pytest.param(token(claims(), RSA, "RS256"), "wrong_algorithm", id="a public key's alg"),
        pytest.param(token(claims(), SECRET + "!"), "bad_signature", id="another key"),
        pytest.param(token(claims(aud="elsewhere")), "wrong_claim", id="another aud"),
        pytest.param(token(claims(aud=None)), "wrong_claim", id="no aud"),
        pytest.param(token(claims(aud=[])), "wrong_claim", id="an aud of none"),
        pytest.param(token(claims(iss="shopper")), "wrong_claim", id="another iss"),
        pytest.param(written('{"alg":"HS256"}', json.dumps(claims(iss=True))), "wrong_claim", id="an iss that is true"),
        pytest.param(token(claims(exp=NOW_S - 301)), "expired_token", id="expired"),
        pytest.param(token(claims(exp=None)), "missing_timestamp", id="no exp"),
        pytest.param(written('{"alg":"HS256"}', json.dumps(claims(exp="soon"))), "bad_timestamp", id="exp a text"),
        pytest.param(written('{"alg":"HS256"}', json.dumps(claims(exp=True))), "bad_timestamp", id="exp true"),
        pytest.param(token(claims(iat=NOW_S + 301)), "future_timestamp", id="from the future"),
        pytest.param(token(claims(nbf=NOW_S + 301)), "future_timestamp", id="not yet"),
        pytest.param(GENUINE[:-1], "malformed_token", id="a character cut off"),
        pytest.param(GENUINE[:-3], "bad_signature", id="three characters cut off"),
        pytest.param(f"{HEAD}.{SAID}", "malformed_token", id="without a signature"),
        pytest.param(f"{HEAD}.{SAID}.", "malformed_token", id="an empty signature"),
        pytest.param(f"{GENUINE}=", "malformed_token", id="padded"),
        pytest.param(f"{HEAD}=.{SAID}.{SIGNATURE}", "malformed_token", id="a padded head"),
        pytest.param(f"{GENUINE}.{SIGNATURE}", "malformed_token", id="a fourth part"),
        pytest.param(f"{GENUINE}!!", "malformed_token", id="junk behind it"),
        pytest.param(f"{HEAD}.{SAID}.{SIGNATURE[:-1].swapcase()}{SIGNATURE[-1]}", "bad_signature", id="the other case"),
        pytest.param(f"{HEAD}.{token(claims(iss='x')).split('.')[1]}.{SIGNATURE}", "bad_signature", id="other claims"),
        pytest.param("a" * 9000, "malformed_token", id="much too long"),
        pytest.param(written('{"alg":"HS256"}', "[]"), "malformed_token", id="claims that are a list"),
        pytest.param(written('{"alg":"HS256"}', "{"), "malformed_token", id="claims that are no JSON"),
        pytest.param(written("[" * 5000, "{}"), "malformed_token", id="a head of nothing but brackets"),
        pytest.param(written('{"alg":"HS256","crit":["exp"]}', "{}"), "malformed_token", id="crit"),
        pytest.param(written('{"alg":"HS256","kid":7}', "{}"), "malformed_token", id="a kid that is a number"),
    ],
)
def test_a_token_that_is_not_genuine_is_refused(text: str, code: str) -> None:
    """By name, as the sender's mistake."""
    with pytest.raises(SenderError) as caught:
        shared(text)
    assert (caught.value.status, caught.value.code) == (401, code)


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}])
def test_a_request_without_a_token_is_refused(headers: dict[str, str]) -> None:
    """Empty ones as well."""
    with pytest.raises(SenderError) as caught:
        source(SHARED).verifier(Unverified(BODY, headers), NOW)
    assert caught.value.code == "missing_token"


@pytest.mark.parametrize(("wanted", "said", "is_taken"), [("true", True, True), ("true", 1, False), ("1", True, False)])
def test_a_claim_that_is_true_is_not_one(wanted: str, said: Any, *, is_taken: bool) -> None:
    """Python holds them to be equal; a sender who writes a 1 has not said `email_verified`."""
    keys = f"verify: {{scheme: jwt, header: X-Token, claims: {{email_verified: {wanted}}}}}"
    request = Unverified(BODY, {"x-token": token(claims(email_verified=said))})
    if is_taken:
        assert source(keys).verifier(request, NOW).body == BODY
    else:
        with pytest.raises(SenderError, match="email_verified"):
            source(keys).verifier(request, NOW)


def test_another_kind_of_credential_is_refused() -> None:
    """The token itself without the word before it, too."""
    for value in (GENUINE, f"Basic {GENUINE}"):
        with pytest.raises(SenderError) as caught:
            source(SHARED).verifier(Unverified(BODY, {"authorization": value}), NOW)
        assert caught.value.code == "malformed_token"


def test_the_last_bits_of_a_signature_that_mean_nothing_must_be_none() -> None:
    """Else one token had several texts."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = GENUINE[:-1] + alphabet[alphabet.index(GENUINE[-1]) ^ 1]
    with pytest.raises(SenderError) as caught:
        shared(other)
    assert caught.value.code == "malformed_token"


def test_a_token_with_the_hash_of_the_body_is_good_for_that_body_alone() -> None:
    """And needs no end, since what it proves never changes; its time is held to the tolerance."""
    said = {"iat": NOW_S, "sha256": body_hash()}
    assert hashed(token(said)) == Verified(BODY, str(NOW_S))
    for changed, code in (
        ({"sha256": body_hash(BODY + b" ")}, "bad_body_hash"),
        ({"sha256": body_hash().upper()}, "bad_body_hash"),
        ({"sha256": None}, "wrong_claim"),
        ({"iat": NOW_S - 301}, "stale_timestamp"),
        ({"iat": NOW_S + 301}, "future_timestamp"),
    ):
        with pytest.raises(SenderError) as caught:
            hashed(token(said | changed))
        assert caught.value.code == code
    with pytest.raises(SenderError, match=r"when it was issued"):
        hashed(token({"sha256": body_hash()}))
    with pytest.raises(SenderError, match=r"not the body's hash"):
        hashed(token(said), b"")


def test_a_public_key_is_never_taken_for_a_secret() -> None:
    """A token signed by HMAC with the text of the public key, which everyone knows."""
    public = source(PUBLIC, PEM)
    genuine = token(claims(), RSA, "RS256")
    assert public.verifier(Unverified(BODY, {"x-token": genuine}), NOW).body == BODY
    forged = written('{"alg":"HS256"}', json.dumps(claims()), PEM.encode())
    with pytest.raises(SenderError) as caught:
        public.verifier(Unverified(BODY, {"x-token": forged}), NOW)
    assert caught.value.code == "wrong_algorithm"
    for key, algorithm in ((OTHER_RSA, "RS256"), (P256, "ES256")):
        with pytest.raises(SenderError) as caught:
            public.verifier(Unverified(BODY, {"x-token": token(claims(), key, algorithm)}), NOW)
        assert caught.value.code == "bad_signature"


def test_what_is_no_public_key_refuses_the_start() -> None:
    """And is not repeated."""
    with pytest.raises(ConfigurationError, match=r"not a public key in PEM for RS256 or ES256") as caught:
        source(PUBLIC, SECRET)
    assert SECRET not in str(caught.value)


def key_set(*keys: tuple[str, Any]) -> bytes:
    """Publish public keys by name."""
    listed = [{**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in keys]
    return json.dumps({"keys": listed}).encode()


def published(text: str, known: dict[Lookup, bytes]) -> Verified:
    """Verify a token whose keys are published."""
    return source(PUBLISHED).verifier(Unverified(BODY, {"x-token": text}, known=known), NOW)


def by_login(kid: str | None, key: Any = RSA, **changed: Any) -> str:
    """Make a token of the publisher's."""
    return token(claims(**{"iss": "login", "aud": "mine", **changed}), key, "RS256", **({"kid": kid} if kid else {}))


def test_a_published_key_is_asked_for_and_then_verifies() -> None:
    """Only the one that the token names."""
    with pytest.raises(KeyWanted) as caught:
        published(by_login("a"), {})
    assert caught.value.lookup == KEYS
    known = {KEYS: key_set(("a", RSA), ("b", OTHER_RSA))}
    assert published(by_login("a"), known).body == BODY
    with pytest.raises(SenderError) as refused:
        published(by_login("b"), known)
    assert refused.value.code == "bad_signature"
    with pytest.raises(SenderError) as refused:
        published(by_login("a", aud="theirs"), known)
    assert refused.value.code == "wrong_claim"


def test_an_unknown_kid_has_the_set_looked_up_anew_and_is_then_refused() -> None:
    """A token without any is refused at once: nobody can drive look-ups by it."""
    known = {KEYS: key_set(("a", RSA))}
    with pytest.raises(KeyWanted) as caught:
        published(by_login("c"), known)
    assert caught.value.outdated == known[KEYS]
    assert isinstance(caught.value.refusal, SenderError)
    assert caught.value.refusal.code == "unknown_key"
    with pytest.raises(SenderError) as refused:
        published(by_login(None), known)
    assert refused.value.code == "unknown_key"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"keys": 1}', json.dumps({"keys": [{}] * (MAX_KEYS + 1)}).encode()])
def test_a_set_of_keys_that_is_none_is_our_trouble_and_accepts_nothing(content: bytes) -> None:
    """The sender comes again."""
    with pytest.raises(KeyWanted) as caught:
        published(by_login("a"), {KEYS: content})
    assert isinstance(caught.value.refusal, KeyUnavailable)


@pytest.mark.parametrize("changed", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "c2VjcmV0"}, {"n": "!"}])
def test_a_key_for_something_else_verifies_nothing(changed: dict[str, str]) -> None:
    """Be it for encryption, another algorithm, of another kind or malformed."""
    keys = json.loads(key_set(("a", RSA)))
    keys["keys"][0] |= changed
    with pytest.raises(KeyWanted):
        published(by_login("a"), {KEYS: json.dumps(keys).encode()})


def test_a_token_in_the_query_string_is_taken_and_never_kept() -> None:
    """Whatever its field is called; a second one is refused."""
    by_query = source("verify: {scheme: jwt, query: q, claims: {iss: shop}}")
    headers = read_headers(by_query, [(b"content-type", b"application/json")])
    query = f"q={GENUINE}&page=2".encode()
    request = Request(headers, read_format(headers, is_json=False), query, BODY)
    event = read_event(by_query, request, max_body_bytes=1000, now=NOW)
    assert event.query == {"page": "2"}
    with pytest.raises(SenderError) as caught:
        by_query.verifier(Unverified(BODY, {}, query=query + b"&q=x"), NOW)
    assert caught.value.code == "malformed_token"


@pytest.mark.parametrize("keys", [SHARED, HASHED])
def test_what_send_signs_with_a_shared_secret_is_taken(keys: str) -> None:
    """By the same rules."""
    shop = source(keys)
    signed = sign_request(shop, Unverified(BODY, {}), SECRET.encode(), NOW)
    assert shop.scheme.signed_at(signed) == NOW
    assert shop.verifier(signed, NOW).body == BODY


@pytest.mark.parametrize("keys", [PUBLIC, PUBLISHED])
def test_nobody_else_can_sign_with_a_private_key(keys: str) -> None:
    """And it is said so."""
    shop = source(keys, PEM)
    assert not shop.scheme.can_sign
    with pytest.raises(ValueError, match=r"only its sender"):
        sign_request(shop, Unverified(BODY, {}), PEM.encode(), NOW)


def test_a_source_with_published_keys_needs_no_secret_and_is_open_to_nobody() -> None:
    """Which `doctor` must not confuse with `verify: none`."""
    shop = source(PUBLISHED)
    assert not shop.lacks_secret
    (finding,) = find_secrets({"shop": shop})
    assert "publishes the keys" in str(finding)
    assert "whoever reaches" not in str(finding)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("verify: {scheme: jwt}", "needs one of the keys 'header' and 'query'"),
        ("verify: {scheme: jwt, header: T, algorithm: none}", "'none' is not one of HS256"),
        ("verify: {scheme: jwt, header: T, algorithm: []}", "one of HS256"),
        ("verify: {scheme: jwt, header: T, algorithm: RS256}", "whose key is the secret itself has one of HS256"),
        ("verify: {scheme: jwt, header: T, key: public_key}", "whose key is a public key has one of RS256"),
        ("verify: {scheme: jwt, header: T, algorithm: RS256, key: {jwks: 'http://x.example'}}", "an https address"),
        ("verify: {scheme: jwt, header: T, algorithm: RS256, key: {}}", "{jwks: https://…}"),
        ("verify: {scheme: jwt, header: T, algorithm: RS256, key: {jwks: 'https://x.example'}}", "meant for: {aud: …}"),
        ("verify: {scheme: jwt, header: T, claims: shop}", "an object such as {aud: …}"),
        ("verify: {scheme: jwt, header: T, claims: {aud: ''}}", "a text, a whole number"),
        ("verify: {scheme: jwt, header: T, claims: {aud: {a: b}}}", "a text, a whole number"),
        ("verify: {scheme: jwt, header: T, body_hash: {}}", "'body_hash' needs the key 'claim'"),
        ("verify: {scheme: jwt, header: T, timestamp: exp}", "is not one of iat"),
        ("verify: {scheme: jwt, header: T, expect: aud}", "needs 'expect: {aud: …}' in sources.yaml"),
        ("verify: {scheme: jwt, header: T, secret: hunter2}", "set SHOP_WEBHOOK_SECRET"),
        ("verify: bearer\nexpect: {aud: x}", "'expect' is for sources whose 'verify' has the scheme 'jwt'"),
    ],
)
def test_a_mistake_in_the_keys_is_told_with_its_place(keys: str, message: str) -> None:
    """And with what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        source(keys)
    text = "\n".join(f"{problem.file}:{problem.line} {problem.message}" for problem in caught.value.problems)
    assert message in text
    assert "sources.yaml:" in text
    assert "hunter2" not in text


def test_without_what_is_expected_nothing_is_accepted() -> None:
    """A check of the files alone loads the source; it is then as one without its secret."""
    text = f"shop:\n{PUBLISHED.replace('expect: {aud: mine}', '')}".replace("\n", "\n  ") + "\n  id: $.id"
    shop = load_sources({"shop": Place("m.yaml", 1, 1)}, text.encode(), lambda _: (), secrets_are_required=False)[
        "shop"
    ]
    assert shop.scheme.lacks == ("aud",)
    (finding,) = find_secrets({"shop": shop})
    assert "lacks aud" in str(finding)
    request = Unverified(BODY, {"x-token": by_login("a")}, known={KEYS: key_set(("a", RSA))})
    with pytest.raises(SenderError) as caught:
        shop.verifier(request, NOW)
    assert caught.value.code == "wrong_claim"
