"""The `verify` key of a source: from YAML to a scheme."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal

from bridge.errors import ConfigurationError
from bridge.inbound.layouts import Items
from bridge.inbound.locations import PathPlace, parse_header, parse_path
from bridge.inbound.sources.jwt import JWT_KEYS, JWT_WORDS, read_jwt
from bridge.inbound.sources.laying import read_items
from bridge.inbound.sources.reading import Collector, choice, collecting, fields, parsed, refuse, text
from bridge.inbound.sources.secrecy import misplaced, misplaced_secret, veiled
from bridge.inbound.verification import Scheme
from bridge.inbound.verification.content import Template
from bridge.inbound.verification.credentials import AuthorizationScheme, NoScheme, TokenScheme
from bridge.inbound.verification.elements import Elements
from bridge.inbound.verification.encodings import ENCODERS
from bridge.inbound.verification.hmacs import ALGORITHMS, Hmac
from bridge.inbound.verification.places import InHeaders, InPayload, InQuery, Place
from bridge.inbound.verification.public_keys import PUBLIC_KEY_ENCODINGS, PublicKey
from bridge.inbound.verification.secret_forms import SECRET_ENCODINGS, KeyTemplate, SecretForm
from bridge.inbound.verification.signatures import SignatureScheme
from bridge.inbound.verification.timestamps import READERS, Timestamp
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import describe

_SIMPLE: Mapping[str, Scheme] = {
    "bearer": AuthorizationScheme(name="Bearer"),
    "basic": AuthorizationScheme(name="Basic"),
    "none": NoScheme(),
}
_PLACES = ("header", "query", "path")
_SIGNATURE_KEYS = (
    *_PLACES,
    "each",
    "prefix",
    "elements",
    "encoding",
    "signed",
    "unsigned",
    "digest",
    "timestamp",
    "secret",
)
_KEYS = {
    "hmac": ("scheme", "algorithm", *_SIGNATURE_KEYS),
    "ed25519": ("scheme", *_SIGNATURE_KEYS),
    "ecdsa": ("scheme", *_SIGNATURE_KEYS),
    "token": ("scheme", *_PLACES, "each", "prefix"),
    "jwt": JWT_KEYS,
}
SCHEMES = (*_KEYS, *_SIMPLE)
_WORDS = (
    *SCHEMES,
    *_KEYS["hmac"],
    *ALGORITHMS,
    *ENCODERS,
    *SECRET_ENCODINGS,
    *PUBLIC_KEY_ENCODINGS,
    *READERS,
    *JWT_WORDS,
    "body",
)
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_MAX_NUMBER = 100
"""How many headers `X-Signature-*` stands for; DocuSign sends as many at most."""


def read_scheme(node: Node, variable: str = "<SOURCE>_WEBHOOK_SECRET") -> Scheme:
    """Read a word (`bearer`, `basic`, `none`) or a mapping with the key `scheme`.

    Raises `ConfigurationError` with the place of what is wrong, and with nothing that may be a secret, for which
    there is an environment `variable`.
    """
    try:
        return _read(node, variable)
    except ConfigurationError as error:
        raise ConfigurationError(veiled(error.problems, node, _WORDS)) from None  # the cause may show the secret


def _read(node: Node, variable: str) -> Scheme:
    if isinstance(node, ScalarNode):
        word = choice(SCHEMES)(node)
        if word in _SIMPLE:
            return _SIMPLE[word]
        raise refuse(node.place, f"the scheme {word!r} needs keys: write {{scheme: {word}, header: …}}")
    named = node.get("scheme") if isinstance(node, MappingNode) else None
    if named is None:
        fields(node, "verify", _KEYS["hmac"])
        raise refuse(node.place, f"'verify' needs the key 'scheme': one of {', '.join(SCHEMES)}")
    word = choice(SCHEMES)(named)
    with collecting() as collect:
        given = collect.fields(node, f"a verify of scheme {word}", _KEYS.get(word, ("scheme",)), misplaced(variable))
        if word in _SIMPLE:
            return _SIMPLE[word]
        place = _read_place(node, given, collect, word)
        if word == "jwt":
            return read_jwt(node, given, collect, place)
        each = collect.read(read_items, given.get("each"), None)
        if each is not None and not isinstance(place, InPayload):
            collect.problems.append(given["each"].place.problem("'each' needs the key 'path', a place in each item"))
        if word == "token":
            return TokenScheme(place=place, prefix=collect.read(text, given.get("prefix"), ""), each=each)
        return _Signature(node, given, collect, variable).read(word, place, each)


def _read_place(node: Node, given: Mapping[str, Node], collect: Collector, word: str) -> Place:
    """Read where signature or token stands: in one place of three."""
    found = [key for key in _PLACES if key in given]
    if len(found) != 1:
        places = "'header' and 'query'" if word == "jwt" else "'header', 'query' and 'path'"
        message = f"the scheme {word!r} needs one of the keys {places}: where it finds its proof"
        collect.problems.append(node.place.problem(message))
    reader = partial(_place, found[0]) if found else None
    nowhere: Place = InHeaders(("",))
    return collect.read(reader, given[found[0]], nowhere) if reader else nowhere


def _place(kind: str, node: Node) -> Place:
    match kind:
        case "header":
            return _headers(node)
        case "query":
            return InQuery(_field(node))
        case _:
            return InPayload(_path(node))


def _headers(node: Node) -> InHeaders:
    """Read one header, several, or numbered ones (`X-Signature-*`)."""
    if isinstance(node, SequenceNode) and node.items:
        with collecting() as collect:
            return InHeaders(tuple(collect.read(_header, item, "") for item in node.items))
    name = text(node)
    if name.endswith("-*"):
        stem = parsed(lambda written: parse_header(written[:-2]).name, node)
        return InHeaders(tuple(f"{stem}-{number}" for number in range(1, _MAX_NUMBER + 1)))
    return InHeaders((_header(node),))


class _Signature:
    """Reads the keys of a scheme that signs."""

    def __init__(self, node: Node, given: Mapping[str, Node], collect: Collector, variable: str) -> None:
        self._node = node
        self._given = given
        self._collect = collect
        self._variable = variable

    def read(self, word: str, place: Place, each: Items | None) -> SignatureScheme:
        """Read them all, and see whether they fit together."""
        read, given = self._collect.read, self._given
        scheme = SignatureScheme(
            place=place,
            each=each,
            proof=self._proof(word),
            signed=read(_template, given.get("signed"), Template.parse("{body}")),
            prefix=read(text, given.get("prefix"), ""),
            elements=read(_read_elements, given.get("elements"), None),
            timestamp=self._timestamp(),
            digest=read(_digest, given.get("digest"), None),
        )
        says_unsigned = read(choice(("body",)), given.get("unsigned"), "") == "body"
        # What does not fit together may only seem so while a part of it is misread.
        if not self._collect.problems:
            signed = self._given.get("signed", self._node)
            _check_body(signed, scheme, says_unsigned=says_unsigned)
            _check_timestamp(signed, scheme)
        return scheme

    def _proof(self, word: str) -> Hmac | PublicKey:
        read, given = self._collect.read, self._given
        encoding = read(choice(tuple(ENCODERS)), given.get("encoding"), "hex")
        if word == "hmac":
            algorithm = read(choice(ALGORITHMS), given.get("algorithm"), "sha256")
            secret = read(partial(_read_secret, self._variable, SECRET_ENCODINGS), given.get("secret"), SecretForm())
            return Hmac(algorithm=algorithm, encoding=encoding, secret=secret)
        kind: Literal["ed25519", "ecdsa"] = "ed25519" if word == "ed25519" else "ecdsa"
        default = SecretForm(encoding="pem")
        secret = read(partial(_read_secret, self._variable, PUBLIC_KEY_ENCODINGS), given.get("secret"), default)
        return PublicKey(kind=kind, encoding=encoding, secret=secret)

    def _timestamp(self) -> Timestamp | None:
        elements = self._given.get("elements")
        is_element = isinstance(elements, MappingNode) and elements.get("timestamp") is not None
        if "timestamp" not in self._given:
            return Timestamp() if is_element else None
        node, known = self._given["timestamp"], len(self._collect.problems)
        given = self._collect.fields(node, "timestamp", (*_PLACES, "format"))
        time_format = self._collect.read(choice(tuple(READERS)), given.get("format"), "unix_s")
        found = [key for key in _PLACES if key in given]
        place = self._collect.read(partial(_place, found[0]), given[found[0]], None) if found else None
        # A misspelt key may be the one that is missed.
        if len(found) + is_element != 1 and len(self._collect.problems) == known:
            message = "the timestamp stands in one place: 'header', 'query', 'path', or 'timestamp' of 'elements'"
            self._collect.problems.append(node.place.problem(message))
        if isinstance(place, InHeaders) and len(place.names) > 1:
            self._collect.problems.append(given["header"].place.problem("the timestamp stands in one header"))
        return Timestamp(place=place, format=time_format)


def _check_timestamp(node: Node, scheme: SignatureScheme) -> None:
    if scheme.timestamp is None:
        if scheme.signed.has_timestamp or scheme.proof.secret.key is not None:
            message = "{timestamp} is signed, but neither 'timestamp' nor 'elements' says where it stands"
            raise refuse(node.place, message)
        return
    if not scheme.signs_time:
        raise refuse(node.place, "the timestamp is not part of 'signed', so it proves nothing; leave it out")
    if scheme.each is not None:
        raise refuse(node.place, "'each' and 'timestamp' do not go together")


def _check_body(node: Node, scheme: SignatureScheme, *, says_unsigned: bool) -> None:
    if scheme.digest is not None and not scheme.signed.signs(scheme.digest):
        raise refuse(node.place, "the digest is not part of 'signed', so it proves nothing")
    if not scheme.signs_body and not says_unsigned:
        shown = node.text if isinstance(node, ScalarNode) else ""
        message = (
            f"{shown!r} leaves the body unsigned; {{body}} must stand in it, or {{form:sorted}}, or {{sha256:body}}"
        )
        raise refuse(node.place, f"{message}; where the sender signs no more, say 'unsigned: body'")
    if scheme.signs_body and says_unsigned:
        raise refuse(node.place, "the body is part of 'signed'; leave 'unsigned: body' out")


def _read_elements(node: Node) -> Elements:
    with collecting() as collect:
        given = collect.fields(node, "elements", ("separator", "key_separator", "signature", "timestamp"))
        elements = Elements(
            separator=collect.read(text, given.get("separator"), ","),
            key_separator=collect.read(text, given.get("key_separator"), "="),
            signatures=collect.read(_texts, given.get("signature"), ("",)),
            timestamp=collect.read(text, given.get("timestamp"), None),
        )
        if not elements.separator or not elements.key_separator or elements.separator == elements.key_separator:
            raise refuse(node.place, "'separator' and 'key_separator' must differ, and neither may be empty")
        if "signature" not in given:
            raise refuse(node.place, "'elements' needs the key 'signature': what stands before a signature")
        return elements


def _read_secret(variable: str, encodings: tuple[str, ...], node: Node) -> SecretForm:
    if isinstance(node, ScalarNode) and node.value is not None:
        raise ConfigurationError([misplaced_secret(node, variable)])
    keys = ("encoding", "strip", "key") if encodings == SECRET_ENCODINGS else ("encoding", "strip")
    with collecting() as collect:
        given = collect.fields(node, "secret", keys)
        return SecretForm(
            encoding=collect.read(choice(encodings), given.get("encoding"), encodings[0]),
            strip=collect.read(_texts, given.get("strip"), ()),
            key=collect.read(_key, given.get("key"), None),
        )


def _texts(node: Node) -> tuple[str, ...]:
    """Read one text, or a list of them."""
    if not isinstance(node, SequenceNode):
        return (text(node),)
    if not node.items:
        raise refuse(node.place, f"a text is wanted here, or several, found {describe(node)}")
    with collecting() as collect:
        return tuple(collect.read(text, item, "") for item in node.items)


def _digest(node: Node) -> InHeaders | InQuery:
    given = fields(node, "digest", ("header", "query"))
    if len(given) != 1:
        raise refuse(node.place, "'digest' has one of the keys 'header' and 'query': where the body's SHA-256 stands")
    return InHeaders((_header(given["header"]),)) if "header" in given else InQuery(_field(given["query"]))


def _field(node: Node) -> str:
    name = text(node)
    if _FIELD.fullmatch(name) is None:
        raise refuse(node.place, f"{name[:100]!r} names no field of a query string; write letters, digits and _ . -")
    return name


def _path(node: Node) -> PathPlace:
    return parsed(parse_path, node)


def _header(node: Node) -> str:
    return parsed(parse_header, node).name


def _template(node: Node) -> Template:
    return parsed(Template.parse, node)


def _key(node: Node) -> KeyTemplate:
    return parsed(KeyTemplate.parse, node)
