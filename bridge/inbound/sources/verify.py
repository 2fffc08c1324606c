"""The `verify` key of a source: from YAML to a scheme."""

from collections.abc import Mapping
from functools import partial

from bridge.errors import ConfigurationError
from bridge.inbound.locations import parse_header
from bridge.inbound.sources.reading import Collector, choice, collecting, fields, parsed, refuse, text
from bridge.inbound.sources.secrecy import misplaced, misplaced_secret, veiled
from bridge.inbound.verification import Scheme
from bridge.inbound.verification.credentials import AuthorizationScheme, NoScheme, TokenScheme
from bridge.inbound.verification.secret_forms import SECRET_ENCODINGS, SecretForm
from bridge.inbound.verification.signatures import ALGORITHMS, ENCODINGS, Elements, HmacScheme, Template
from bridge.inbound.verification.timestamps import READERS
from bridge.located import MappingNode, Node, ScalarNode

_SIMPLE: Mapping[str, Scheme] = {
    "bearer": AuthorizationScheme(name="Bearer"),
    "basic": AuthorizationScheme(name="Basic"),
    "none": NoScheme(),
}
_HMAC_KEYS = ("scheme", "algorithm", "header", "prefix", "elements", "encoding", "signed", "timestamp", "secret")
_KEYS = {"hmac": _HMAC_KEYS, "header": ("scheme", "header", "prefix")}
SCHEMES = (*_KEYS, *_SIMPLE)
_WORDS = (*SCHEMES, *_HMAC_KEYS, *ALGORITHMS, *ENCODINGS, *SECRET_ENCODINGS, *READERS)


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
        fields(node, "verify", _HMAC_KEYS)
        raise refuse(node.place, f"'verify' needs the key 'scheme': one of {', '.join(SCHEMES)}")
    word = choice(SCHEMES)(named)
    with collecting() as collect:
        given = collect.fields(node, f"a verify of scheme {word}", _KEYS.get(word, ("scheme",)), misplaced(variable))
        if word in _SIMPLE:
            return _SIMPLE[word]
        if "header" not in given:
            message = f"the scheme {word!r} needs the key 'header', the header that it reads"
            collect.problems.append(node.place.problem(message))
        return _read_hmac(node, given, collect, variable) if word == "hmac" else _read_token(given, collect)


def _read_token(given: Mapping[str, Node], collect: Collector) -> TokenScheme:
    return TokenScheme(
        header=collect.read(_header, given.get("header"), ""), prefix=collect.read(text, given.get("prefix"), "")
    )


def _read_hmac(node: Node, given: Mapping[str, Node], collect: Collector, variable: str) -> HmacScheme:
    timestamp = collect.fields(given["timestamp"], "timestamp", ("header", "format")) if "timestamp" in given else {}
    scheme = HmacScheme(
        header=collect.read(_header, given.get("header"), ""),
        algorithm=collect.read(choice(ALGORITHMS), given.get("algorithm"), "sha256"),
        encoding=collect.read(choice(tuple(ENCODINGS)), given.get("encoding"), "hex"),
        signed=collect.read(_template, given.get("signed"), Template.parse("{body}")),
        prefix=collect.read(text, given.get("prefix"), ""),
        elements=collect.read(_read_elements, given.get("elements"), None),
        timestamp_header=collect.read(_header, timestamp.get("header"), None),
        timestamp_format=collect.read(choice(tuple(READERS)), timestamp.get("format"), "unix_s"),
        secret=collect.read(partial(_read_secret, variable), given.get("secret"), SecretForm()),
    )
    # What does not fit together may only seem so while a part of it is misread.
    if not collect.problems:
        _check_timestamp(node, scheme)
    return scheme


def _check_timestamp(node: Node, scheme: HmacScheme) -> None:
    if scheme.signed.has_timestamp and not scheme.has_timestamp:
        raise refuse(node.place, "{timestamp} is signed, but neither 'timestamp' nor 'elements' says where it stands")
    if scheme.has_timestamp and not scheme.signs_time:
        raise refuse(node.place, "the timestamp is not part of 'signed', so it proves nothing; leave it out")


def _read_elements(node: Node) -> Elements:
    with collecting() as collect:
        given = collect.fields(node, "elements", ("separator", "key_separator", "signature", "timestamp"))
        elements = Elements(
            separator=collect.read(text, given.get("separator"), ","),
            key_separator=collect.read(text, given.get("key_separator"), "="),
            signature=collect.read(text, given.get("signature"), ""),
            timestamp=collect.read(text, given.get("timestamp"), None),
        )
        if not elements.separator or not elements.key_separator or elements.separator == elements.key_separator:
            raise refuse(node.place, "'separator' and 'key_separator' must differ, and neither may be empty")
        if "signature" not in given:
            raise refuse(node.place, "'elements' needs the key 'signature': what stands before a signature")
        return elements


def _read_secret(variable: str, node: Node) -> SecretForm:
    if isinstance(node, ScalarNode) and node.value is not None:
        raise ConfigurationError([misplaced_secret(node, variable)])
    with collecting() as collect:
        given = collect.fields(node, "secret", ("encoding", "strip"))
        return SecretForm(
            encoding=collect.read(choice(SECRET_ENCODINGS), given.get("encoding"), "utf8"),
            strip=collect.read(text, given.get("strip"), ""),
        )


def _header(node: Node) -> str:
    return parsed(parse_header, node).name


def _template(node: Node) -> Template:
    return parsed(Template.parse, node)
