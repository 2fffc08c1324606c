"""Laws of verification, for every scheme that signs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SenderError
from bridge.inbound.signing import sign
from bridge.inbound.sources import Source, load_sources
from bridge.inbound.sources.verify import read_scheme
from bridge.inbound.verification import Unverified, verify
from bridge.located import Place, parse_yaml

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SECRET = b"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
OWN = b"""
plant:
  verify: {scheme: hmac, algorithm: sha512, header: X-Sig, encoding: base64url, prefix: v0=,
           signed: "v0:{timestamp}:{body}", timestamp: {header: X-Time, format: unix_ms}}
iso:
  verify: {scheme: hmac, algorithm: sha1, header: X-Sig, signed: "{body}{header:X-Time}",
           timestamp: {header: X-Time, format: iso8601}}
"""
NAMED = {name: Place("m.yaml", 1, 1) for name in ("stripe", "github", "standard-webhooks", "shopify")}
SOURCES = load_sources(NAMED, OWN, lambda _: (SECRET,))

bodies = st.binary(max_size=300)
sources = st.sampled_from(sorted(SOURCES)).map(SOURCES.__getitem__)
instants = st.datetimes(datetime(2001, 9, 9, 2), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware here


def signed(source: Source, body: bytes, now: datetime = NOW) -> dict[str, str]:
    """Sign with the source's own secret."""
    return sign(source, body, source.secrets[0], now)


def check(source: Source, body: bytes, headers: dict[str, str], now: datetime = NOW) -> bytes:
    """Verify, and give what was verified."""
    return source.verifier(Unverified(body, headers), now).body


@given(sources, bodies, instants, st.integers(-299, 299))
def test_what_is_signed_verifies_within_the_tolerance(source: Source, body: bytes, at: datetime, off_s: int) -> None:
    """verify(sign(x)) = x, wherever the two clocks stand within the tolerance."""
    assert check(source, body, signed(source, body, at), at + timedelta(seconds=off_s)) == body


@given(sources, bodies, instants, st.integers(302, 10**8), st.sampled_from([1, -1]))
def test_a_replay_beyond_the_tolerance_fails(source: Source, body: bytes, at: datetime, off_s: int, way: int) -> None:
    """Where the time is signed, a genuine request is refused when it is too old or ahead."""
    headers = signed(source, body, at)
    later = at + timedelta(seconds=off_s * way)
    if source.scheme.signs_time:
        with pytest.raises(SenderError):
            check(source, body, headers, later)
    else:
        assert check(source, body, headers, later) == body


@given(sources, st.binary(min_size=1, max_size=300), st.data())
def test_any_flipped_bit_of_the_body_fails(source: Source, body: bytes, data: st.DataObject) -> None:
    """One bit anywhere in the body is noticed."""
    place = data.draw(st.integers(0, len(body) * 8 - 1))
    flipped = bytearray(body)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(SenderError) as caught:
        check(source, bytes(flipped), signed(source, body))
    assert (caught.value.status, caught.value.code) == (401, "bad_signature")


@given(sources, bodies, st.data())
def test_any_flipped_bit_of_what_proves_it_fails(source: Source, body: bytes, data: st.DataObject) -> None:
    """One bit anywhere in the signature, the timestamp or a signed header is noticed."""
    headers = signed(source, body)
    name = data.draw(st.sampled_from(sorted(headers.keys() & source.scheme.headers)))
    place = data.draw(st.integers(0, len(headers[name]) * 8 - 1))
    flipped = bytearray(headers[name], "latin-1")
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(SenderError) as caught:
        check(source, body, {**headers, name: flipped.decode("latin-1")})
    assert caught.value.status == 401


@given(sources, bodies, st.data())
def test_a_truncated_or_lengthened_signature_fails(source: Source, body: bytes, data: st.DataObject) -> None:
    """Neither a part of a signature nor one with something behind it passes."""
    headers = signed(source, body)
    (name,) = source.scheme.credential_headers
    whole = headers[name]
    cut = data.draw(st.integers(0, len(whole) - 1))
    junk = data.draw(st.text("=A0 \n", min_size=1, max_size=5))
    for wrong in (whole[:cut], whole + junk):
        # A space may part the elements of a list; behind it stands another element, not junk.
        if wrong.rstrip(" ") == whole and source.name == "standard-webhooks":
            continue
        if wrong.startswith(f"{whole} ") and source.name == "standard-webhooks":
            continue
        with pytest.raises(SenderError):
            check(source, body, {**headers, name: wrong})


@given(sources, bodies, st.binary(min_size=1, max_size=40).filter(lambda secret: secret != SECRET))
def test_another_secret_fails(source: Source, body: bytes, other: bytes) -> None:
    """Who does not know the secret cannot sign."""
    key = b"whsec_" + other.hex().encode() if len(other) % 2 == 0 else b"whsec_" + other.hex().encode() * 2
    try:
        headers = sign(source, body, key, NOW)
    except ValueError:
        return
    with pytest.raises(SenderError):
        check(source, body, headers)


@given(st.sampled_from(sorted(SOURCES)), st.dictionaries(st.sampled_from(["x-sig", "stripe-signature"]), st.text()))
def test_whatever_headers_say_the_answer_is_a_refusal(name: str, headers: dict[str, str]) -> None:
    """Random text in the headers gives a 401, never another error."""
    latin = {key: value.encode("latin-1", "replace").decode("latin-1") for key, value in headers.items()}
    with pytest.raises(SenderError) as caught:
        check(SOURCES[name], b"{}", latin)
    assert caught.value.status == 401


@given(bodies, st.sampled_from(["bearer", "basic", "{scheme: token, header: X-Key}"]), st.text("abc:é", min_size=1))
def test_credentials_verify_with_their_own_secret_only(body: bytes, text: str, word: str) -> None:
    """verify(sign(x)) holds for static credentials too, and with another secret it does not."""
    scheme = read_scheme(parse_yaml("s.yaml", text.encode()))
    secret = f"u:{word}".encode()
    headers = scheme.sign(Unverified(body, {}), secret, NOW).headers
    assert verify(scheme, Unverified(body, headers), (b"u:other", secret), NOW).body == body
    with pytest.raises(SenderError):
        verify(scheme, Unverified(body, headers), (secret + b"x",), NOW)
