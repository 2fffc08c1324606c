"""What every kind of scheme takes and refuses, against an oracle that signs by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.genuine import PUBLIC_URL, Sent
from support.verification_kinds import KINDS, Kind

from bridge.errors import SenderError
from bridge.inbound.receive import read_headers
from bridge.inbound.signing import sign_request
from bridge.inbound.sources import Source, load_sources
from bridge.inbound.verification import Unverified

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
WRONG = {"bad_signature", "malformed_signature", "bad_credentials", "malformed_credentials"}
MISSING = {"missing_signature", "missing_credentials"}
TOLERANCE_S = 300


def load(kind: Kind) -> Source:
    """Make the source of a kind."""
    declared = f"plant: {{verify: {kind.verify}, dedupe: off}}".encode()
    return load_sources({}, declared, lambda _: (kind.secret,), public_url=PUBLIC_URL)["plant"]


SOURCES = {name: load(kind) for name, kind in KINDS.items()}
CAN_SIGN = sorted(name for name, source in SOURCES.items() if source.scheme.can_sign)
DOUBLED = sorted(name for name, kind in KINDS.items() if isinstance(kind.proof, str))
"""Those whose proof can come twice: of a name in a JSON object the last value counts."""

names = st.sampled_from(sorted(KINDS))
signing = st.sampled_from(sorted(name for name, kind in KINDS.items() if kind.signs_body))
timed = st.sampled_from(sorted(name for name, kind in KINDS.items() if kind.signs_time))
payloads = st.dictionaries(
    st.text("abcXYZ_é&= +", min_size=1, max_size=6), st.text("abc019 &=+%é\n", max_size=8), min_size=1, max_size=4
)
instants = st.datetimes(datetime(2001, 9, 9, 2), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware here
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


def check(name: str, sent: Sent, now: datetime = NOW, *, again: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Verify what was sent, with more headers behind its own, and give the verified body."""
    source = SOURCES[name]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in (*sent.headers.items(), *again)]
    return source.verifier(Unverified(sent.body, read_headers(source, raw), sent.query), now).body


def code(name: str, sent: Sent, now: datetime = NOW, *, again: tuple[tuple[str, str], ...] = ()) -> str:
    """Give the code of the refusal."""
    with pytest.raises(SenderError) as caught:
        check(name, sent, now, again=again)
    assert caught.value.status in {400, 401}
    return caught.value.code


def genuine(name: str, fields: dict[str, str] | None = None, now: datetime = NOW) -> Sent:
    """Give what a genuine sender sends."""
    kind = KINDS[name]
    return kind.sign({"id": "evt_1", "text": "é"} if fields is None else fields, now, kind.secret)


def proof_of(kind: Kind, sent: Sent) -> str:
    """Give the text that proves a request."""
    if isinstance(kind.proof, tuple):
        found: Any = reduce(lambda value, step: value[step], kind.proof, json.loads(sent.body))
        return str(found)
    if kind.proof.startswith("?"):
        return dict(parse_qsl(sent.query.decode()))[kind.proof[1:]]
    return sent.headers[kind.proof]


def with_proof(kind: Kind, sent: Sent, text: str) -> Sent:
    """Give the request with another text in that place."""
    if isinstance(kind.proof, tuple):
        payload = json.loads(sent.body)
        *outer, last = kind.proof
        holder: Any = reduce(lambda value, step: value[step], outer, payload)
        holder[last] = text
        return sent._replace(body=json.dumps(payload).encode())
    if kind.proof.startswith("?"):
        fields = {**dict(parse_qsl(sent.query.decode())), kind.proof[1:]: text}
        return sent._replace(query=urlencode(fields).encode())
    return sent._replace(headers={**sent.headers, kind.proof: text})


def kept(name: str, body: bytes) -> bytes:
    """Give what of a body is verified: all of it, with the secrets in it emptied."""
    if name != "token of items":
        return body
    payload = json.loads(body)
    for item in payload["value"]:
        item["clientState"] = ""
    return orjson.dumps(payload)


@given(names, payloads, instants, st.integers(-TOLERANCE_S + 1, TOLERANCE_S - 1))
def test_a_genuine_request_is_taken(name: str, fields: dict[str, str], at: datetime, off_s: int) -> None:
    """Of every kind, wherever the two clocks stand within the tolerance."""
    sent = genuine(name, fields, at)
    assert check(name, sent, at + timedelta(seconds=off_s)) == kept(name, sent.body)


@given(st.sampled_from(CAN_SIGN), payloads, instants)
def test_what_the_bridge_signs_is_taken(name: str, fields: dict[str, str], at: datetime) -> None:
    """Signed anew over what a sender sent at another time, with the header that nobody but he can make up."""
    sent = genuine(name, fields)
    request = sign_request(SOURCES[name], Unverified(*sent), KINDS[name].secret, at)
    verified = check(name, Sent(request.body, dict(request.headers), request.query), at)
    assert verified == kept(name, request.body)


@given(names, payloads)
def test_another_secret_is_refused(name: str, fields: dict[str, str]) -> None:
    """Who does not know the secret cannot prove anything."""
    kind = KINDS[name]
    assert code(name, kind.sign(fields, NOW, kind.other)) in WRONG


@given(signing, payloads, st.data())
def test_any_flipped_bit_of_the_body_is_refused(name: str, fields: dict[str, str], data: st.DataObject) -> None:
    """One bit anywhere, wherever the sender signs the body."""
    sent = genuine(name, fields)
    place = data.draw(st.integers(0, len(sent.body) * 8 - 1))
    flipped = bytearray(sent.body)
    flipped[place // 8] ^= 1 << place % 8
    if "form" in sent.headers["content-type"]:
        assume(_joined(bytes(flipped)) != _joined(sent.body))
    assert code(name, sent._replace(body=bytes(flipped))) in {"bad_signature", "bad_form"}


@given(signing, payloads)
def test_another_writing_of_the_body_is_refused(name: str, fields: dict[str, str]) -> None:
    """What means the same is not what was signed; nor is nothing."""
    sent = genuine(name, fields)
    others = [b"", sent.body + b"\n", b"\xef\xbb\xbf" + sent.body]
    if "json" in sent.headers["content-type"]:
        payload = json.loads(sent.body)
        others += [json.dumps(payload, separators=(",", ":")).encode(), json.dumps(payload, indent=1).encode()]
    for body in others:
        assert code(name, sent._replace(body=body)) == "bad_signature"


@given(timed, payloads, instants, st.integers(TOLERANCE_S + 2, 10**8))
def test_a_stale_or_future_time_is_refused(name: str, fields: dict[str, str], at: datetime, off_s: int) -> None:
    """Either way, with the code that says which."""
    sent = genuine(name, fields, at)
    assert code(name, sent, at + timedelta(seconds=off_s)) == "stale_timestamp"
    assert code(name, sent, at - timedelta(seconds=off_s)) == "future_timestamp"


@given(names, payloads)
def test_without_proof_nobody_is_taken(name: str, fields: dict[str, str]) -> None:
    """Missing and empty are the same."""
    kind, sent = KINDS[name], genuine(name, fields)
    empty = with_proof(kind, sent, "")
    if name == "numbered headers":
        empty = empty._replace(headers={**empty.headers, "x-sig-1": ""})
    assert code(name, empty) in MISSING
    if isinstance(kind.proof, str) and not kind.proof.startswith("?"):
        without = {each: value for each, value in empty.headers.items() if each != kind.proof}
        assert code(name, sent._replace(headers=without)) in MISSING


@given(st.sampled_from(DOUBLED), payloads, st.booleans())
def test_a_doubled_proof_is_refused(name: str, fields: dict[str, str], is_empty: bool) -> None:  # noqa: FBT001 - drawn
    """No scheme chooses between two."""
    kind, sent = KINDS[name], genuine(name, fields)
    assert isinstance(kind.proof, str)
    text = "" if is_empty else proof_of(kind, sent)
    if kind.proof.startswith("?"):
        more = urlencode({kind.proof[1:]: "x" if is_empty else text}).encode()
        assert code(name, sent._replace(query=sent.query + b"&" + more)) in {
            "malformed_signature",
            "malformed_credentials",
        }
    else:
        assert code(name, sent, again=((kind.proof, text),)) == "duplicate_header"


def _misshapen(kind: Kind, proof: str) -> Iterator[str]:
    yield from (
        proof[:-1],
        proof[: len(proof) // 2],
        proof + "=",
        proof + "==",
        proof + "A",
        proof + "=junk",
        proof + "\n",
    )
    yield from (proof.swapcase(), proof + "\xe9")
    if kind.label == "" and kind.prefix == "":
        yield from (proof[1:], proof * 2, f" {proof}", f"{proof} ", f"sha256={proof}")
    if kind.prefix:
        bare = proof.removeprefix(kind.prefix)
        yield from (bare, kind.prefix.upper() + bare, f" {proof}", kind.prefix + proof, f"sha9={bare}")


@given(names, payloads)
def test_a_misshapen_proof_is_refused(name: str, fields: dict[str, str]) -> None:
    """Truncated, padded, in another case, with junk behind its padding, with another prefix or none."""
    kind, sent = KINDS[name], genuine(name, fields)
    proof = proof_of(kind, sent)
    for wrong in _misshapen(kind, proof):
        if wrong != proof:
            assert code(name, with_proof(kind, sent, wrong)) in WRONG | MISSING, wrong


@given(st.sampled_from(sorted(name for name, kind in KINDS.items() if kind.label)), payloads)
def test_another_label_is_not_fallen_back_to(name: str, fields: dict[str, str]) -> None:
    """A signature under a key that is none, or in another case, does not count."""
    kind, sent = KINDS[name], genuine(name, fields)
    key, separator = kind.label[:-1], kind.label[-1]
    for other in (key.upper(), f"{key}x", f"x{key}", ""):
        text = proof_of(kind, sent).replace(kind.label, other + separator)
        assert code(name, with_proof(kind, sent, text)) == "missing_signature"


@given(names, st.binary(max_size=60), st.binary(max_size=60), st.text("abc=,;1v ", max_size=30))
def test_whatever_is_sent_the_answer_is_a_refusal(name: str, body: bytes, query: bytes, text: str) -> None:
    """Random bytes give a refusal of the sender, never another error."""
    sent = genuine(name)
    headers = {each: text if each != "content-type" else value for each, value in sent.headers.items()}
    assert code(name, Sent(body, headers, query))


def _joined(body: bytes) -> str:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        return ""
    return "".join(name + value for name, value in sorted(set(pairs)))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("name", ["items", "token of items"])
def test_every_item_of_a_batch_must_be_genuine(name: str, place: int) -> None:
    """Adyen's own helper looks at the first item alone; here each counts, and an empty list proves nothing."""
    kind, sent = KINDS[name], genuine(name)
    assert isinstance(kind.proof, tuple)
    steps = (kind.proof[0], place, *kind.proof[2:])
    here = kind._replace(proof=steps)
    for wrong in (proof_of(here, sent)[:-1] + "!", ""):
        assert code(name, with_proof(here, sent, wrong)) in WRONG | MISSING
    payload = json.loads(sent.body)
    payload[steps[0]] = []
    assert code(name, sent._replace(body=json.dumps(payload).encode())) == "missing_signature"


@pytest.mark.parametrize(
    ("old", "new"), [(b"psp-2", b"psp-3"), (b"102", b"103"), (b'"true"', b'"false"'), (b"EUR", b"USD")]
)
def test_every_signed_value_of_an_item_counts(old: bytes, new: bytes) -> None:
    """Whichever of them is changed, in whichever item."""
    sent = genuine("items")
    assert code("items", sent._replace(body=sent.body.replace(old, new))) == "bad_signature"


def test_a_value_that_may_be_written_in_two_ways_is_refused() -> None:
    """A fraction, an object or a list has no one text that could have been signed."""
    sent = genuine("items")
    for other in (b"1.5", b"{}", b"[1]"):
        assert code("items", sent._replace(body=sent.body.replace(b"102", other))) == "malformed_signature"


def test_a_json_body_needs_its_hash_in_the_signed_address() -> None:
    """Twilio signs the address alone where the body is no form; without `bodySHA256` nothing covers it."""
    sent = genuine("digest")
    form = {**sent.headers, "content-type": "application/x-www-form-urlencoded"}
    assert code("digest", sent._replace(headers=form, body=b"&")) == "bad_signature"
    signed = genuine("sorted form", {})
    assert code("sorted form", signed._replace(headers={**signed.headers, "content-type": "application/json"})) == (
        "bad_signature"
    )


def test_the_time_must_be_one_of_the_listed_headers() -> None:
    """Else an old signature would pass under any time."""
    sent = genuine("listed headers")
    listed = {**sent.headers, "x-list": "x-topic,x-list"}
    assert code("listed headers", sent._replace(headers=listed)) == "missing_timestamp"
