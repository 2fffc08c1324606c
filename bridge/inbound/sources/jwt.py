"""The `verify` key of a source whose requests carry a JSON Web Token, and its `expect`: from YAML to a scheme."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from bridge.inbound.sources.reading import Collector, choice, collecting, fields, refuse, text
from bridge.inbound.verification import Scheme
from bridge.inbound.verification.jwt_scheme import (
    ALGORITHMS,
    ASYMMETRIC,
    HASH_ENCODINGS,
    SYMMETRIC,
    BodyHash,
    JwtScheme,
    Key,
    Scalar,
)
from bridge.inbound.verification.places import InHeaders, InQuery, Place
from bridge.inbound.verification.wanted import Lookup
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import describe, one_or_many

JWT_KEYS = ("scheme", "header", "query", "prefix", "algorithm", "key", "claims", "expect", "body_hash", "timestamp")
JWT_WORDS = (*JWT_KEYS, *ALGORITHMS, *HASH_ENCODINGS, "secret", "public_key", "jwks", "claim", "iat")

_Claims = Mapping[str, tuple[Scalar, ...]]


def read_jwt(node: Node, given: Mapping[str, Node], collect: Collector, place: Place) -> JwtScheme:
    """Read the keys of such a `verify`, of which the place of the token is read already."""
    read = collect.read
    no_names: tuple[str, ...] = ()
    no_claims: _Claims = {}
    scheme = JwtScheme(
        place=place if isinstance(place, InHeaders | InQuery) else InHeaders(("",)),
        prefix=read(text, given.get("prefix"), ""),
        algorithms=read(_algorithms, given.get("algorithm"), ("HS256",)),
        key=read(_key, given.get("key"), "secret"),
        claims=read(_claims, given.get("claims"), no_claims),
        expected=read(_names, given.get("expect"), no_names),
        body_hash=read(_body_hash, given.get("body_hash"), None),
        signs_time=read(choice(("iat",)), given.get("timestamp"), "") == "iat",
    )
    if not collect.problems:
        _check(node, given, scheme, collect)
    return scheme


def with_expected(scheme: Scheme, node: Node) -> Scheme:
    """Give the scheme with what the source expects of its tokens, instead of what it says of those claims itself."""
    claims = _claims(node)
    if not isinstance(scheme, JwtScheme):
        raise refuse(node.place, "'expect' is for sources whose 'verify' has the scheme 'jwt'")
    return replace(scheme, claims={**scheme.claims, **claims})


def _check(node: Node, given: Mapping[str, Node], scheme: JwtScheme, collect: Collector) -> None:
    """See whether the keys fit together."""
    is_shared = scheme.key == "secret"
    allowed = SYMMETRIC if is_shared else ASYMMETRIC
    where = given.get("algorithm", node).place
    if not set(scheme.algorithms) <= set(allowed):
        key = "the secret itself" if is_shared else "a public key"
        collect.problems.append(where.problem(f"a token whose key is {key} has one of {', '.join(allowed)}"))
    if isinstance(scheme.key, Lookup) and "aud" not in {*scheme.claims, *scheme.expected}:
        message = (
            "a sender whose keys are published signs for many; say in 'claims' whom a token must be meant for: {aud: …}"
        )
        collect.problems.append(node.place.problem(message))


def _algorithms(node: Node) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode):
        return (choice(ALGORITHMS)(node),)
    if not node.items:
        raise refuse(node.place, f"one of {', '.join(ALGORITHMS)} is wanted here, or several, found {describe(node)}")
    with collecting() as collect:
        return tuple(collect.read(choice(ALGORITHMS), item, "") for item in node.items)


def _key(node: Node) -> Key:
    if not isinstance(node, MappingNode):
        words: dict[str, Literal["secret", "public_key"]] = {"secret": "secret", "public_key": "public_key"}
        return words[choice(tuple(words))(node)]
    given = fields(node, "key", ("jwks",))
    if "jwks" not in given:
        raise refuse(
            node.place, "'key' is secret, public_key, or {jwks: https://…}, where its set of keys is published"
        )
    url = text(given["jwks"])
    host = urlsplit(url).hostname
    if not url.startswith("https://") or not host:
        raise refuse(given["jwks"].place, "a set of keys is published at an https address: {jwks: https://…}")
    return Lookup(provider=host, what="the set of keys", url=url)


def _claims(node: Node) -> _Claims:
    if not isinstance(node, MappingNode):
        raise refuse(node.place, f"what a token must say is an object such as {{aud: …}}, found {describe(node)}")
    with collecting() as collect:
        nothing: tuple[Scalar, ...] = ()
        return {entry.name: collect.read(_values, entry.value, nothing) for entry in node.entries}


def _values(node: Node) -> tuple[Scalar, ...]:
    items = one_or_many(node)
    values = [item.value for item in items if isinstance(item, ScalarNode)]
    if (
        not values
        or len(values) < len(items)
        or not all(isinstance(value, str | int) and value != "" for value in values)
    ):
        raise refuse(node.place, f"a text, a whole number, true or false is wanted, or several, found {describe(node)}")
    return tuple(value for value in values if isinstance(value, str | int))


def _names(node: Node) -> tuple[str, ...]:
    with collecting() as collect:
        return tuple(collect.read(text, item, "") for item in one_or_many(node))


def _body_hash(node: Node) -> BodyHash:
    with collecting() as collect:
        given = collect.fields(node, "body_hash", ("claim", "encoding"))
        if "claim" not in given:
            raise refuse(node.place, "'body_hash' needs the key 'claim': which claim is the body's SHA-256")
        return BodyHash(
            claim=collect.read(text, given["claim"], ""),
            encoding=collect.read(choice(HASH_ENCODINGS), given.get("encoding"), "hex"),
        )
