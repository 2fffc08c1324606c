"""One source as it is written: its keys in `sources.yaml` over those of its provider in the catalogue.

What a declaration means for requests is decided in `sources`; here it is only read, with the
place of every mistake.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from bridge.errors import ConfigurationError, Problem
from bridge.inbound.handshakes import Handshake
from bridge.inbound.layouts import Layout
from bridge.inbound.locations import (
    HeaderPlace,
    Location,
    OutsidePlace,
    PathPlace,
    parse_header,
    parse_items,
    parse_path,
)
from bridge.inbound.sources.about import ABOUT
from bridge.inbound.sources.handshakes import read_handshakes
from bridge.inbound.sources.jwt import with_expected
from bridge.inbound.sources.laying import CLOUDEVENT, LAYOUT_KEYS, placed, read_is_json, read_layout
from bridge.inbound.sources.reading import (
    Collector,
    choice,
    collecting,
    duration_s,
    duration_text,
    fields,
    parsed,
    refuse,
    success,
    text,
)
from bridge.inbound.sources.secrecy import misplaced, veiled, veiled_syntax
from bridge.inbound.sources.verify import SCHEMES, read_scheme
from bridge.inbound.verification import DEFAULT_TOLERANCE_S, Scheme
from bridge.located import MappingNode, Node, Place, ScalarNode, parse_yaml
from bridge.located.fields import COMES_LATER, NO_OTHERS, describe, one_or_many
from bridge.settings import secret_variable, token_variable
from bridge.spelling import suggest
from bridge.units import parse_duration_s

KEYS = (
    "provider",
    "docs",
    "verify",
    "expect",
    "event",
    "id",
    "at",
    "dedupe",
    "tolerance",
    "deadline",
    "ack",
    "form_json",
    *LAYOUT_KEYS,
    "aliases",
    "handshake",
)

_LATER = dict.fromkeys(("version",), COMES_LATER)
_NOT_TOLD_APART = (
    "deliveries of the source {!r} cannot be told apart: it has no 'id' and signs no time; "
    "give it an 'id', or say 'dedupe: 10m' or 'dedupe: off'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What a provider insists on hearing instead of our own answer. `body` is None for our own JSON."""

    status: int
    body: bytes | None
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The keys of a source, read. `dedup_window_s` is None where the horizon holds, `deadline_s` where none is."""

    provider: str | None
    scheme: Scheme
    event: Location | None
    id: Location | None
    at: Location | None
    dedupes: bool
    dedup_window_s: float | None
    tolerance_s: int
    deadline_s: int | None
    form_json: str | None
    is_json: bool
    layout: Layout | None
    aliases: Mapping[str, str]
    ack: Ack | None
    handshakes: tuple[Handshake, ...]


@dataclass(frozen=True, slots=True)
class _Dedupe:
    """`dedupe` as it is written: on for the horizon, on for a window, or off."""

    is_on: bool = True
    window_s: float | None = None


def own_entries(file: str, data: bytes, problems: list[Problem]) -> dict[str, tuple[Place, MappingNode]]:
    """Give the sources that a file declares, by name, each with its place."""
    try:
        root = parse_yaml(file, data)
    except ConfigurationError as error:
        problems.extend(veiled_syntax(error.problems, data))
        return {}
    if isinstance(root, ScalarNode) and root.value is None:
        return {}
    if not isinstance(root, MappingNode):
        message = (
            f"this file is an object of sources by name, such as plant: {{provider: stripe}}, found {describe(root)}"
        )
        problems.append(root.place.problem(message))
        return {}
    entries = {}
    for entry in root.entries:
        node = _no_keys(entry.value)
        if isinstance(node, MappingNode):
            entries[entry.name] = (entry.key.place, node)
        else:
            message = f"the source {entry.name[:80]!r} is an object with keys such as provider, found {describe(node)}"
            problems.extend(veiled([node.place.problem(message)], node, KEYS))
    return entries


def _no_keys(node: Node) -> Node:
    """Take a name with nothing behind it for a source without keys of its own."""
    return MappingNode(node.place, ()) if isinstance(node, ScalarNode) and node.value is None else node


def declare(
    name: str, place: Place, own: MappingNode | None, known: Mapping[str, MappingNode], problems: list[Problem]
) -> Declaration | None:
    """Read a source's keys over its provider's; a source named like a provider is of that provider.

    Gives None where it cannot be read at all; `problems` then says why.
    """
    collect = Collector(problems)
    keys = _keys(own, collect, misplaced(secret_variable(name))) if own is not None else {}
    provider = collect.read(choice(tuple(known)), keys.get("provider"), name if name in known else "")
    if provider:
        keys = {**_keys(known[provider], collect, allowed=(*KEYS, *ABOUT)), **keys}
    if "verify" not in keys:
        if "provider" not in keys and not _misspells(own, ("verify", "provider")):
            words = ", ".join(SCHEMES)
            problems.append(place.problem(f"the source {name!r} needs 'verify' ({words}) or 'provider'"))
        return None
    declaration = _read(name, provider or None, keys, collect)
    if declaration is not None and not _can_tell_apart(declaration, keys) and not _misspells(own, ("id", "dedupe")):
        problems.append(place.problem(_NOT_TOLD_APART.format(name)))
    return declaration


def _misspells(own: MappingNode | None, keys: tuple[str, ...]) -> bool:
    """Tell whether one of the keys is meant by a word that is none; to ask for that key as well would mislead."""
    return own is not None and any(entry.name not in KEYS and suggest(entry.name, keys) for entry in own.entries)


def _read(name: str, provider: str | None, keys: Mapping[str, Node], collect: Collector) -> Declaration | None:
    scheme = collect.read(lambda node: read_scheme(node, secret_variable(name)), keys.get("verify"), None)
    dedupe = collect.read(_dedupe, keys.get("dedupe"), _Dedupe())
    layout = read_layout(keys, collect)
    event, event_id, at = (_read_location(key, keys, layout, collect) for key in ("event", "id", "at"))
    tolerance_s = collect.read(duration_s, keys.get("tolerance"), DEFAULT_TOLERANCE_S)
    deadline_s = collect.read(duration_s, keys.get("deadline"), None)
    form_json = collect.read(text, keys.get("form_json"), None)
    no_aliases: dict[str, str] = {}
    aliases = collect.read(_aliases, keys.get("aliases"), no_aliases)
    ack = collect.read(_ack, keys.get("ack"), None)
    none: tuple[Handshake, ...] = ()
    handshakes = collect.read(partial(read_handshakes, variable=token_variable(name)), keys.get("handshake"), none)
    if scheme is None:
        return None
    if "expect" in keys:
        scheme = collect.read(partial(with_expected, scheme), keys["expect"], scheme)
    if not scheme.needs_secret and any(echo.hmac for each in handshakes for echo in each.reply.echoes):
        message = "a reply with an HMAC needs a secret, and this 'verify' has none"
        collect.problems.append(keys["handshake"].place.problem(message))
    return Declaration(
        provider=provider,
        scheme=scheme,
        event=event,
        id=event_id,
        at=at,
        dedupes=dedupe.is_on,
        dedup_window_s=dedupe.window_s,
        tolerance_s=tolerance_s,
        deadline_s=deadline_s,
        form_json=form_json,
        is_json=collect.read(read_is_json, keys.get("body"), default=False)
        or (layout is not None and layout.cloudevents),
        layout=layout,
        aliases=aliases,
        ack=ack,
        handshakes=handshakes,
    )


def _can_tell_apart(declaration: Declaration, keys: Mapping[str, Node]) -> bool:
    return declaration.id is not None or "id" in keys or "dedupe" in keys or declaration.scheme.signs_time


def _keys(
    node: Node, collect: Collector, others: Mapping[str, str] = NO_OTHERS, *, allowed: Collection[str] = KEYS
) -> dict[str, Node]:
    found: list[Problem] = []
    keys = Collector(found).fields(node, "a source", allowed, {**_LATER, **others})
    collect.problems.extend(veiled(found, node, KEYS))
    return keys


def _dedupe(node: Node) -> _Dedupe:
    if duration_text(node) == "off":
        return _Dedupe(is_on=False)
    window_s = parsed(parse_duration_s, node, read=duration_text)
    if window_s < 1:
        raise refuse(node.place, "a window is at least 1s; 'off' lets every delivery count")
    return _Dedupe(window_s=window_s)


def _read_location(key: str, keys: Mapping[str, Node], layout: Layout | None, collect: Collector) -> Location | None:
    """Read where something stands; of CloudEvents that is known."""
    if key not in keys:
        return CLOUDEVENT.get(key) if layout is not None and layout.cloudevents else None
    return collect.read(lambda node: placed(_location(node), node, layout), keys[key], None)


def _location(node: Node) -> Location:
    nodes = one_or_many(node)
    if not nodes:
        raise refuse(
            node.place, "at least one place is wanted here, such as $.type or {header: Name}; found an empty list"
        )
    with collecting() as collect:
        places = [collect.read(_place, each, None) for each in nodes]
        return Location(tuple(place for place in places if place is not None))


def _place(node: Node) -> HeaderPlace | PathPlace | OutsidePlace:
    if not isinstance(node, MappingNode):
        return parsed(parse_path, node)
    given = fields(node, "a place", ("header", "inside", "outside"))
    if len(given) != 1:
        raise refuse(
            node.place, "a place is a path such as $.type, or one of {header: Name}, {inside: $.x}, {outside: $.x}"
        )
    if "header" in given:
        return parsed(parse_header, given["header"])
    if "inside" in given:
        return parsed(parse_path, given["inside"]).seen_in("inside")
    return OutsidePlace(parsed(parse_items, given["outside"]))


def _aliases(node: Node) -> dict[str, str]:
    if not isinstance(node, MappingNode):
        raise refuse(node.place, f"'aliases' is an object from one header's name to another's, found {describe(node)}")
    with collecting() as collect:
        return {
            collect.read(_header_name, entry.key, ""): collect.read(_header_name, entry.value, "")
            for entry in node.entries
        }


def _header_name(node: Node) -> str:
    return parsed(parse_header, node).name


def _ack(node: Node) -> Ack:
    with collecting() as collect:
        given = collect.fields(node, "ack", ("status", "body", "content_type"))
        status = collect.read(success("an ack"), given.get("status"), 200)
        body = collect.read(text, given.get("body"), None)
        content_type = collect.read(_content_type, given.get("content_type"), "text/plain; charset=utf-8")
        if body is None:
            return Ack(status=status, body=None, content_type="application/json")
        return Ack(status=status, body=body.encode(), content_type=content_type)


def _content_type(node: Node) -> str:
    content_type = text(node)
    if not content_type.isascii() or not content_type.isprintable():
        raise refuse(node.place, f"a content type is printable ASCII text, found {describe(node)}")
    return content_type
