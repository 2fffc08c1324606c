"""What is said of a source to whoever sets it up: how it is proved, where things stand, what counts once."""

import pytest

from bridge.inbound import load_sources
from bridge.inbound.explaining import Explanation, explain, plain_keys
from bridge.inbound.sources.declarations import own_entries


def explained(keys: str) -> Explanation:
    """Explain a source of one's own."""
    text = f"plant: {{{keys}}}".encode()
    (_, entry) = own_entries("sources.yaml", text, [])["plant"]
    source = load_sources({}, text, lambda _: (), secrets_are_required=False)["plant"]
    return explain(source, plain_keys(entry), None, base="https://hooks.example")


@pytest.mark.parametrize(
    ("verify", "kind", "proof"),
    [
        ("none", "nothing", "nothing: whoever reaches the address may send"),
        ("{scheme: none}", "nothing", "nothing: whoever reaches the address may send"),
        (
            "{scheme: bearer}",
            "bearer token",
            "the header `Authorization`, with `Bearer` and the secret; nothing is signed",
        ),
        (
            "{scheme: token, query: k, prefix: T-}",
            "token",
            "the secret in the query's field `k`, behind `T-`; nothing is signed",
        ),
        (
            "{scheme: hmac, algorithm: sha1, header: [A, B], encoding: base64}",
            "HMAC-SHA1",
            "HMAC-SHA1 over `{body}`, as base64, in the header `A` or the header `B`",
        ),
        (
            "{scheme: ecdsa, path: $.s, signed: '{json:$.a}', unsigned: body}",
            "ECDSA",
            "ECDSA over `{json:$.a}`, as hex, in the body at `$.s`; the secret is the public key",
        ),
        ("{scheme: jwt, header: X-Token}", "JWT", "JWT, in the header `X-Token`"),
    ],
)
def test_how_a_source_is_proved_is_said_in_words(verify: str, kind: str, proof: str) -> None:
    """The same words, whether a scheme is written alone or as a key."""
    told = explained(f"verify: {verify}, dedupe: off")
    assert (told.kind, dict(told.facts)["proof"]) == (kind, proof)


@pytest.mark.parametrize(
    ("keys", "counted"),
    [
        ("verify: bearer, id: $.id", "by its delivery id"),
        (
            "verify: {scheme: hmac, header: S}, id: {header: X-Id}",
            "by its delivery id, which is not signed, and its body",
        ),
        (
            "verify: {scheme: hmac, header: S, signed: '{timestamp}{body}', timestamp: {header: T}}",
            "by its signed time and its body",
        ),
        ("verify: bearer, dedupe: 10m", "by its body within 10m"),
        ("verify: bearer, dedupe: off", "no: every delivery counts"),
    ],
)
def test_what_counts_once_is_said_in_words(keys: str, counted: str) -> None:
    """As docs/sources.md has it, under "Duplicates"."""
    assert dict(explained(keys).facts)["counts once"] == counted
