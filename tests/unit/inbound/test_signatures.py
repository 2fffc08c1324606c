"""Signatures in parts: what is told of mistakes in them, and what a source makes of what they cover."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from support import genuine
from support.verification_kinds import KINDS

from bridge.errors import ConfigurationError, SenderError
from bridge.inbound import Source, load_sources
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_event, read_headers
from bridge.inbound.signing import sign_request
from bridge.inbound.sources.verify import read_scheme
from bridge.inbound.verification import Unverified
from bridge.inbound.verification.signatures import SignatureScheme
from bridge.located import parse_yaml

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
VALUES = KINDS["values"].verify
ITEMS = KINDS["items"].verify


def source(declared: str, secret: bytes = genuine.SECRET) -> Source:
    """Make a source of its keys."""
    text = f"plant: {{{declared}}}".encode()
    return load_sources({}, text, lambda _: (secret,), public_url=genuine.PUBLIC_URL)["plant"]


def refusal(text: str) -> str:
    """Give what is told of a `verify` that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        read_scheme(parse_yaml("sources.yaml", text.encode()))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{scheme: hmac, header: X, query: s}", "needs one of the keys 'header', 'query' and 'path'"),
        ("{scheme: token, query: 'a b'}", "'…' names no field of a query string"),
        ("{scheme: hmac, header: 'X *'}", "is not a header's name"),
        ("{scheme: hmac, header: [A, 'B C']}", "1:28: '…' is not a header's name"),
        ("{scheme: hmac, path: $..x}", "is not a plain path"),
        ("{scheme: hmac, header: X, each: '$.a[*]'}", "'each' needs the key 'path'"),
        ("{scheme: hmac, path: $.s, each: $.a}", "a path to items has a [*]"),
        (
            "{scheme: token, query: t, secret: {encoding: hex}}",
            "'secret' does not stand here; set <SOURCE>_WEBHOOK_SECRET",
        ),
        ("{scheme: hmac, path: $.s, signed: '{json:$.a}'}", "say 'unsigned: body'"),
        ("{scheme: hmac, header: X, unsigned: body}", "leave 'unsigned: body' out"),
        ("{scheme: hmac, header: X, unsigned: all}", "is not one of body"),
        ("{scheme: hmac, header: X, digest: {query: h}}", "the digest is not part of 'signed'"),
        ("{scheme: hmac, header: X, digest: {}}", "'digest' has one of the keys 'header' and 'query'"),
        ("{scheme: hmac, header: X, timestamp: {query: t}}", "it proves nothing"),
        ("{scheme: hmac, header: X, timestamp: {format: unix_ms}}", "the timestamp stands in one place"),
        (
            "{scheme: hmac, header: X, elements: {signature: s, timestamp: t}, timestamp: {header: T}}",
            "the timestamp stands in one place",
        ),
        ("{scheme: hmac, header: X, timestamp: {header: T-*}, signed: '{timestamp}{body}'}", "stands in one header"),
        ("{scheme: hmac, header: X, secret: {key: '{secret}'}}", "must hold {secret} and {timestamp}"),
        ("{scheme: hmac, header: X, secret: {key: '{timestamp}{secret}'}}", "says where it stands"),
        ("{scheme: hmac, header: X, secret: {encoding: pem}}", "'pem' is not one of utf8, base64, hex"),
        ("{scheme: ed25519, header: X, secret: {encoding: utf8}}", "'utf8' is not one of pem, base64, hex"),
        ("{scheme: ed25519, header: X, algorithm: sha1}", "unknown key 'algorithm' in a verify of scheme ed25519"),
        (f"{ITEMS[:-1]}, timestamp: {{header: T}}}}", "it proves nothing"),
        (
            "{scheme: hmac, path: $.s, each: '$.a[*]', unsigned: body, signed: '{timestamp}', timestamp: {header: T}}",
            "'each' and 'timestamp' do not go together",
        ),
        ("{scheme: hmac, header: X, signed: '{json:$.a..b}{body}'}", "is not a plain path"),
    ],
)
def test_what_does_not_fit_together_is_told(text: str, message: str) -> None:
    """With what is allowed, and what to say instead."""
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("ed25519", b"hunter2-no-hex"),
        ("ed25519", genuine.spki(genuine.EC_KEY).hex().encode()),
        ("ed25519", b"00" * 31),
        ("ecdsa", b"MDEy"),
        ("ecdsa", genuine.whpk(genuine.ED_KEY).removeprefix(b"whpk_")),
    ],
)
def test_what_is_no_public_key_refuses_the_start_without_being_shown(kind: str, secret: bytes) -> None:
    """It may be the private one."""
    with pytest.raises(ConfigurationError) as caught:
        source(f"verify: {KINDS[kind].verify}, dedupe: off", secret)
    assert "PLANT_WEBHOOK_SECRET: the secret of the source 'plant' is malformed: it is" in str(caught.value)
    assert secret.decode() not in str(caught.value)


def test_a_public_key_may_be_pem() -> None:
    """As a file holds it."""
    lines = genuine.spki(genuine.EC_KEY).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{lines[:64]}\n{lines[64:]}\n-----END PUBLIC KEY-----".encode()
    verify = KINDS["ecdsa"].verify.replace(", secret: {encoding: base64}", "")
    sent = KINDS["ecdsa"].sign({"id": "1"}, NOW, KINDS["ecdsa"].secret)
    assert source(f"verify: {verify}, dedupe: off", pem).verifier(Unverified(*sent), NOW).body == sent.body


def test_nobody_but_its_sender_signs_with_a_private_key() -> None:
    """A sender's key, passed in, signs as he does; the configured one does not."""
    kind = KINDS["ed25519"]
    plant = source(f"verify: {kind.verify}, dedupe: off", kind.secret)
    request = Unverified(b"{}", genuine.JSON)
    assert not plant.scheme.can_sign
    with pytest.raises(ValueError, match="only its sender can sign"):
        sign_request(plant, request, kind.secret, NOW)
    assert isinstance(plant.scheme, SignatureScheme)
    signed = plant.scheme.signed_by(request, lambda content, _: genuine.ED_KEY.sign(content).hex(), NOW)
    assert plant.verifier(signed, NOW).body == b"{}"


def test_an_address_that_is_signed_must_be_known() -> None:
    """The start is refused and names the setting; where only files are checked it is not needed."""
    declared = b"plant: {verify: {scheme: hmac, header: S, signed: '{url}{body}'}, dedupe: off}"
    with pytest.raises(ConfigurationError) as caught:
        load_sources({}, declared, lambda _: (b"secret",))
    assert "sources.yaml:1:1: the sender of the source 'plant' signs the address" in str(caught.value)
    assert "set PINBRIDGE_PUBLIC_URL" in str(caught.value)
    assert load_sources({}, declared, lambda _: (), secrets_are_required=False)["plant"].scheme.signs_url
    with_path = load_sources({}, declared, lambda _: (b"s",), public_url="https://a.example/x/")["plant"]
    assert with_path.url == "https://a.example/x/hooks/plant"


@pytest.mark.parametrize(
    ("declared", "is_covered"),
    [
        (f"verify: {VALUES}, id: $.signature.token", True),
        (f'verify: {VALUES}, id: "$.event-data.id"', False),
        (f'verify: {VALUES}, id: [$.signature.token, "$.event-data.id"]', False),
        (f'verify: {ITEMS}, each: "$.notificationItems[*]", id: $.NotificationRequestItem.pspReference', True),
        (f'verify: {ITEMS}, each: "$.notificationItems[*]", id: $.NotificationRequestItem.eventCode', False),
        (f"verify: {ITEMS}, id: $.NotificationRequestItem.pspReference", False),
        (f"verify: {KINDS['digest'].verify}, id: $.id", True),
        ("verify: {scheme: hmac, header: S}, id: $.id", True),
        ("verify: {scheme: hmac, header: S}, id: {header: X-Id}", False),
        ("verify: {scheme: token, query: t}, id: {header: X-Id}", True),
    ],
)
def test_an_id_is_covered_only_where_it_is_signed(declared: str, is_covered: bool) -> None:  # noqa: FBT001 - a case
    """Of a body that is not signed as a whole only the signed values count, and only in the items that are signed."""
    assert source(declared, genuine.HEX_SECRET).id_is_covered is is_covered


def test_a_token_in_the_address_does_not_reach_the_journal() -> None:
    """Whatever the field is called."""
    plant = source("verify: {scheme: token, query: k}, dedupe: off", b"hunter2-secret")
    headers = read_headers(plant, [(b"content-type", b"application/json")])
    request = Request(headers, read_format(headers), b"k=hunter2-secret&shop=1", b"{}")
    event = read_event(plant, request, max_body_bytes=1000, now=NOW)
    assert event.query == {"shop": "1"}
    assert "hunter2" not in repr(event)


@pytest.mark.parametrize(
    ("content_type", "body", "kept"),
    [
        ("application/json", b'{"k": {"t": "hunter2-secret"}, "n": 1}', b'{"k":{"t":""},"n":1}'),
        ("text/plain; format=flowed", b'{"k": {"t": "hunter2-secret"}, "n": 1}', b'{"k":{"t":""},"n":1}'),
        ("application/x-www-form-urlencoded", b"n=1&n=2&t=hunter2-secret", b"n=1&n=2&t="),
        ("Application/X-WWW-Form-URLencoded; charset=utf-8", b"t=hunter2-secret&n=1", b"t=&n=1"),
    ],
)
def test_a_token_in_the_body_does_not_reach_the_journal(content_type: str, body: bytes, kept: bytes) -> None:
    """It is emptied where it stood, whichever way the body is written; a multipart form is not written anew."""
    path = "$.k.t" if b"{" in body else "$.t"
    plant = source(f"verify: {{scheme: token, path: {path}}}, dedupe: off", b"hunter2-secret")
    assert plant.verifier(Unverified(body, {"content-type": content_type}), NOW).body == kept
    with pytest.raises(SenderError) as caught:
        plant.verifier(Unverified(body, {"content-type": "multipart/form-data; boundary=x"}), NOW)
    assert caught.value.status == 415


def test_what_proves_itself_in_its_body_must_not_be_compressed() -> None:
    """It would have to be decompressed for whoever sends it."""
    kind = KINDS["values"]
    plant = source(f"verify: {kind.verify}, dedupe: off", kind.secret)
    request = Unverified(b"x", {**genuine.JSON, "content-encoding": "gzip"})
    with pytest.raises(SenderError) as caught:
        plant.verifier(request, NOW)
    assert (caught.value.status, caught.value.code) == (415, "unsupported_encoding")


def test_a_time_in_a_signed_body_is_read_after_the_signature() -> None:
    """So that no parser meets what nobody has proved."""
    kind = KINDS["time in the body"]
    plant = source(f"verify: {kind.verify}, dedupe: off", kind.secret)
    with pytest.raises(SenderError) as caught:
        plant.verifier(Unverified(b"{broken", {**genuine.JSON, "x-sig": "00"}), NOW)
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize(("name", "is_loaded"), [("prefix", False), ("ed25519", True)])
def test_only_public_keys_load_the_library_for_them(name: str, is_loaded: bool) -> None:  # noqa: FBT001 - a case
    """A start without one does not pay for it."""
    kind = KINDS[name]
    script = (
        "import sys; from bridge.inbound import load_sources; "
        f"load_sources({{}}, {f'p: {{verify: {kind.verify}, dedupe: off}}'.encode()!r}, lambda _: ({kind.secret!r},)); "
        "print('cryptography' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(is_loaded)
