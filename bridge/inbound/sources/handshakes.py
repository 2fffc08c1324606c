"""The `handshake` key of a source: from YAML to handshakes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from bridge.errors import ConfigurationError
from bridge.inbound.handshakes import AskedPlace, Condition, Handshake, QueryPlace, Reply, ReplyTemplate
from bridge.inbound.handshakes.handshake import METHODS
from bridge.inbound.handshakes.places import parse_query_name
from bridge.inbound.handshakes.replies import ReplyJson
from bridge.inbound.locations import HeaderPlace, PathPlace, parse_header, parse_path
from bridge.inbound.sources.reading import boolean, choice, collecting, parsed, refuse, success, text
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import describe, one_or_many

KEYS = ("when", "verified", "reply", "offers", "paste")
WHEN_KEYS = ("method", "header", "query", "body")
REPLY_KEYS = ("status", "headers", "text", "json")
MOST = 8
"""How many handshakes a source may have."""

_PARSERS: Mapping[str, Callable[[str], AskedPlace]] = {
    "header": parse_header,
    "query": parse_query_name,
    "body": parse_path,
}
_FREE_HEADERS = ("x-", "webhook-")
"""How the headers begin that a reply may set: none of them means anything to a browser."""

_When = tuple[str, tuple[Condition, ...]]
_NONE: tuple[Condition, ...] = ()
_SECRET_WORDS = ("token", "secret", "password", "apikey")


def read_handshakes(node: Node, variable: str) -> tuple[Handshake, ...]:
    """Read one handshake, or a list; `variable` is where the verify token is set. Raises `ConfigurationError`."""
    nodes = one_or_many(node)
    if not 1 <= len(nodes) <= MOST:
        raise refuse(node.place, f"a source has 1 to {MOST} handshakes, found {len(nodes)}")
    with collecting() as collect:
        found = [collect.read(partial(_read, variable=variable), each, None) for each in nodes]
        return tuple(each for each in found if each is not None)


def _read(node: Node, variable: str) -> Handshake:
    with collecting() as collect:
        given = collect.fields(node, "a handshake", KEYS)
        anything: _When = ("POST", ())
        method, conditions = collect.read(partial(_when, variable=variable), given.get("when"), anything)
        offers = collect.read(_offers, given.get("offers"), None)
        handshake = Handshake(
            method=method,
            conditions=conditions,
            is_verified=collect.read(boolean, given.get("verified"), offers is None),
            reply=collect.read(_reply, given.get("reply"), Reply()),
            offers=offers,
            is_pasted=collect.read(boolean, given.get("paste"), False),
        )
        if not collect.problems:
            _check(node, handshake)
        return handshake


def _check(node: Node, handshake: Handshake) -> None:
    """Refuse what does not fit together."""
    if handshake.method == "POST" and not handshake.conditions:
        raise refuse(
            node.place, "a handshake by POST needs 'when' with a header, query or body, or it takes all events"
        )
    if handshake.method != "POST" and handshake.looks_inside:
        raise refuse(node.place, f"a {handshake.method} has no body; its handshake looks at headers and the query only")
    if handshake.offers is not None and (handshake.is_verified or handshake.method != "POST"):
        raise refuse(node.place, "a key is offered by a POST that nothing can verify yet; leave 'verified' out")
    if handshake.is_pasted and handshake.offers is None:
        raise refuse(node.place, "'paste' belongs to a handshake that 'offers' a key")
    if not handshake.is_verified and any(echo.hmac for echo in handshake.reply.echoes):
        message = "without proof anyone could have what he likes signed by the secret; a reply with an HMAC is verified"
        raise refuse(node.place, message)


def _when(node: Node, variable: str) -> _When:
    with collecting() as collect:
        given = collect.fields(node, "when", WHEN_KEYS)
        method = collect.read(choice(METHODS), given.get("method"), "POST")
        conditions = [
            condition
            for kind, parse in _PARSERS.items()
            for condition in collect.read(partial(_conditions, kind, parse, variable), given.get(kind), _NONE)
        ]
        return method, tuple(conditions)


def _conditions(kind: str, parse: Callable[[str], AskedPlace], variable: str, node: Node) -> tuple[Condition, ...]:
    if not isinstance(node, MappingNode) or not node.entries:
        raise refuse(node.place, f"{kind!r} is an object of places and what stands there, found {describe(node)}")
    with collecting() as collect:
        read = partial(_condition, parse, variable)
        found = [collect.read(partial(read, entry.key), entry.value, None) for entry in node.entries]
        return tuple(each for each in found if each is not None)


def _condition(parse: Callable[[str], AskedPlace], variable: str, key: ScalarNode, node: Node) -> Condition:
    """Read what must stand at a place. No message repeats a value: it may be a token."""
    place = parsed(parse, replace(key, value=key.text))
    if isinstance(node, MappingNode):
        return _described(place, node, variable)
    if not isinstance(node, ScalarNode) or node.value is None:
        message = "a value, {exists: true}, {exists: false} or {equals: verify_token} is wanted here"
        raise refuse(node.place, f"{message}, found {describe(node)}")
    if isinstance(node.value, str) and any(word in _plain(place) for word in _SECRET_WORDS):
        problem = node.place.problem(f"a token does not stand here; write {{equals: verify_token}}, and set {variable}")
        raise ConfigurationError([replace(problem, hides_line=True)])
    if isinstance(place, PathPlace):
        return Condition(place, "equal", _json(node))
    return Condition(place, "equal", node.text)


def _described(place: AskedPlace, node: MappingNode, variable: str) -> Condition:
    with collecting() as collect:
        given = collect.fields(node, "a condition", ("exists", "equals"))
        if len(given) != 1:
            raise refuse(node.place, "a condition is {exists: true}, {exists: false} or {equals: verify_token}")
        if "exists" in given:
            return Condition(place, "there" if collect.read(boolean, given["exists"], True) else "missing")
        if text(given["equals"]) != "verify_token":
            message = (
                f"only 'verify_token' stands here, and {variable} is what it means; a plain value needs no 'equals'"
            )
            raise ConfigurationError([replace(given["equals"].place.problem(message), hides_line=True)])
        return Condition(place, "verify_token")


def _plain(place: AskedPlace) -> str:
    named = place.name if isinstance(place, HeaderPlace | QueryPlace) else ".".join(map(str, place.steps))
    return named.lower().replace("-", "").replace("_", "")


def _offers(node: Node) -> AskedPlace:
    if isinstance(node, MappingNode):
        with collecting() as collect:
            given = collect.fields(node, "a place", ("header",))
            if "header" in given:
                return parsed(parse_header, given["header"])
            raise refuse(node.place, "a key stands at a path such as $.token, or at {header: Name}")
    return parsed(parse_path, node)


def _reply(node: Node) -> Reply:
    with collecting() as collect:
        given = collect.fields(node, "a reply", REPLY_KEYS)
        if "text" in given and "json" in given:
            raise refuse(node.place, "a reply is 'text' or 'json', not both")
        no_headers: tuple[tuple[str, ReplyTemplate], ...] = ()
        return Reply(
            status=collect.read(success("a reply"), given.get("status"), 200),
            headers=collect.read(_headers, given.get("headers"), no_headers),
            text=collect.read(_template, given.get("text"), None),
            json=collect.read(_reply_json, given.get("json"), None),
        )


def _headers(node: Node) -> tuple[tuple[str, ReplyTemplate], ...]:
    if not isinstance(node, MappingNode):
        raise refuse(node.place, f"'headers' is an object of names and values, found {describe(node)}")
    with collecting() as collect:
        found = [collect.read(partial(_header, entry.key), entry.value, None) for entry in node.entries]
        return tuple(each for each in found if each is not None)


def _header(key: ScalarNode, node: Node) -> tuple[str, ReplyTemplate]:
    name = parsed(parse_header, replace(key, value=key.text)).name
    if not name.startswith(_FREE_HEADERS):
        raise refuse(key.place, "a reply sets headers that begin with X- or WebHook- only; others mean something here")
    template = _template(node)
    if not all(part.isascii() and part.isprintable() for part in template.parts if isinstance(part, str)):
        raise refuse(node.place, "a header holds printable ASCII text")
    return name, template


def _template(node: Node) -> ReplyTemplate:
    return parsed(ReplyTemplate.parse, node)


def _reply_json(node: Node) -> ReplyJson:
    """Read JSON of which every text is a template."""
    match node:
        case MappingNode():
            return {entry.name: _reply_json(entry.value) for entry in node.entries}
        case SequenceNode():
            return [_reply_json(each) for each in node.items]
        case ScalarNode(value=str()):
            return _template(node)
    return _json(node)


def _json(node: ScalarNode) -> bool | int | float | str | None:
    return float(node.value) if isinstance(node.value, Decimal) else node.value
