"""The `verify` key of a source: from YAML to a scheme."""

from collections.abc import Mapping

from bridge.inbound.credentials import AuthorizationScheme, NoScheme, TokenScheme
from bridge.inbound.locations import parse_header
from bridge.inbound.reading import choice, fields, parsed, refuse, text
from bridge.inbound.secret_forms import SECRET_ENCODINGS, SecretForm
from bridge.inbound.signatures import ALGORITHMS, ENCODINGS, Elements, HmacScheme, Template
from bridge.inbound.timestamps import READERS
from bridge.inbound.verification import Scheme
from bridge.located import Node, ScalarNode

_SIMPLE: Mapping[str, Scheme] = {
    "bearer": AuthorizationScheme(name="Bearer"),
    "basic": AuthorizationScheme(name="Basic"),
    "none": NoScheme(),
}
_HMAC_KEYS = ("scheme", "algorithm", "header", "prefix", "elements", "encoding", "signed", "timestamp", "secret")
_KEYS = {"hmac": _HMAC_KEYS, "header": ("scheme", "header", "prefix")}
SCHEMES = (*_KEYS, *_SIMPLE)


def read_scheme(node: Node) -> Scheme:
    """Read a word (`bearer`, `basic`, `none`) or a mapping with the key `scheme`.

    Raises `ConfigurationError` with the place of what is wrong.
    """
    if isinstance(node, ScalarNode):
        word = choice(SCHEMES)(node)
        if word in _SIMPLE:
            return _SIMPLE[word]
        raise refuse(node.place, f"the scheme {word!r} needs keys: write {{scheme: {word}, header: …}}")
    given = fields(node, "verify", _HMAC_KEYS)
    if "scheme" not in given:
        raise refuse(node.place, f"verify has no `scheme`; write one of {', '.join(SCHEMES)}")
    word = choice(SCHEMES)(given["scheme"])
    allowed = _KEYS.get(word, ("scheme",))
    given = fields(node, f"a verify of scheme {word}", allowed)
    if word in _SIMPLE:
        return _SIMPLE[word]
    if "header" not in given:
        raise refuse(node.place, f"the scheme {word!r} needs `header`, the header that it reads")
    return _read_hmac(node, given) if word == "hmac" else _read_token(given)


def _read_token(given: Mapping[str, Node]) -> TokenScheme:
    return TokenScheme(header=_header(given["header"]), prefix=_text(given, "prefix", ""))


def _read_hmac(node: Node, given: Mapping[str, Node]) -> HmacScheme:
    timestamp = fields(given["timestamp"], "timestamp", ("header", "format")) if "timestamp" in given else {}
    scheme = HmacScheme(
        header=_header(given["header"]),
        algorithm=_choice(given, "algorithm", ALGORITHMS, "sha256"),
        encoding=_choice(given, "encoding", tuple(ENCODINGS), "hex"),
        signed=parsed(Template.parse, given["signed"]) if "signed" in given else Template.parse("{body}"),
        prefix=_text(given, "prefix", ""),
        elements=_read_elements(given["elements"]) if "elements" in given else None,
        timestamp_header=_header(timestamp["header"]) if "header" in timestamp else None,
        timestamp_format=_choice(timestamp, "format", tuple(READERS), "unix_s"),
        secret=_read_secret(given["secret"]) if "secret" in given else SecretForm(),
    )
    if scheme.signed.has_timestamp and not scheme.has_timestamp:
        raise refuse(node.place, "{timestamp} is signed, but neither `timestamp` nor `elements` says where it stands")
    if scheme.has_timestamp and not scheme.signs_time:
        raise refuse(node.place, "the timestamp is not part of `signed`, so it proves nothing; leave it out")
    return scheme


def _read_elements(node: Node) -> Elements:
    given = fields(node, "elements", ("separator", "key_separator", "signature", "timestamp"))
    if "signature" not in given:
        raise refuse(node.place, "elements need `signature`, the key that stands before a signature")
    separator = _text(given, "separator", ",")
    key_separator = _text(given, "key_separator", "=")
    if not separator or not key_separator or separator == key_separator:
        raise refuse(node.place, "the two separators must differ, and neither may be empty")
    return Elements(
        separator=separator,
        key_separator=key_separator,
        signature=text(given["signature"]),
        timestamp=text(given["timestamp"]) if "timestamp" in given else None,
    )


def _read_secret(node: Node) -> SecretForm:
    given = fields(node, "secret", ("encoding", "strip"))
    return SecretForm(encoding=_choice(given, "encoding", SECRET_ENCODINGS, "utf8"), strip=_text(given, "strip", ""))


def _header(node: Node) -> str:
    return parsed(parse_header, node).name


def _text(given: Mapping[str, Node], key: str, default: str) -> str:
    return text(given[key]) if key in given else default


def _choice(given: Mapping[str, Node], key: str, allowed: tuple[str, ...], default: str) -> str:
    return choice(allowed)(given[key]) if key in given else default
