"""What there is to say of a source to whoever sets it up: one record, for the command line and for the docs' page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.inbound.sources import Source
from bridge.inbound.sources.about import ABOUT, CATEGORIES, About
from bridge.located import MappingNode
from bridge.located.tree import Plain
from bridge.settings import secret_variable, token_variable

YOURS = "own"
"""What stands for a category where `sources.yaml` alone knows the source."""

_KINDS = {
    "bearer": "bearer token",
    "basic": "user and password",
    "none": "nothing",
    "token": "token",
    "ed25519": "Ed25519",
    "ecdsa": "ECDSA",
    "jwt": "JWT",
}
_SIMPLE = {
    "bearer": "the header `Authorization`, with `Bearer` and the secret; nothing is signed",
    "basic": "the header `Authorization`, with `Basic` and the secret, which is user:password; nothing is signed",
    "none": "nothing: whoever reaches the address may send",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A source in words. `kind` is how it is verified in a word or two; what is not known, or not there, is empty.

    `category` is the word of what it is for, `purpose` says it in full, `words` are others to find it by. `variable`
    holds its secret, which is the sender's public key where `is_public_key` says so; `token_variable` its verify token;
    `takes_keys` tells that its key comes over the wire. `declaration` is what `sources.yaml` would say to describe
    the same. `facts` are the rows of a table, each with its heading.
    """

    name: str
    title: str
    category: str
    purpose: str
    words: str
    address: str
    variable: str
    token_variable: str
    is_public_key: bool
    takes_keys: bool
    kind: str
    facts: tuple[tuple[str, str], ...]
    setup: tuple[str, ...]
    note: str
    confidence: str
    unsure: str
    docs: str
    types: str
    declaration: str


def explain(
    source: Source, entry: Mapping[str, Plain], about: About | None, *, base: str, declaration: str = ""
) -> Explanation:
    """Put a source into words. `entry` are its keys with those of its provider, `base` the address of the bridge."""
    takes_secret = source.scheme.needs_secret and not source.handshakes.takes_keys
    names = {
        "{address}": f"{base}/hooks/{source.name}",
        "{secret}": secret_variable(source.name),
        "{verify_token}": token_variable(source.name),
    }
    return Explanation(
        name=source.name,
        title=about.title if about else source.name,
        category=about.category if about else YOURS,
        purpose=CATEGORIES[about.category] if about else "Your own",
        words=about.words if about else "",
        address=names["{address}"],
        variable=names["{secret}"] if takes_secret else "",
        token_variable=names["{verify_token}"] if source.handshakes.asks_token else "",
        is_public_key=takes_secret and not source.scheme.can_sign,
        takes_keys=source.handshakes.takes_keys,
        kind=_kind(entry.get("verify")),
        facts=tuple(_facts(source, entry, about)),
        setup=tuple(_filled(step, names) for step in about.setup) if about else (),
        note=about.note if about else "",
        confidence=about.confidence if about else "",
        unsure=about.unsure if about else "",
        docs=about.docs if about else _text(entry.get("docs")),
        types=about.types if about else "",
        declaration=declaration,
    )


def plain_keys(node: MappingNode) -> dict[str, Plain]:
    """Give the keys of an entry that decide something, as plain values."""
    return {entry.name: entry.value.plain() for entry in node.entries if entry.name not in ABOUT}


def without_words(text: str) -> str:
    """Give the text of an entry without what it says to people only, which `sources.yaml` has no place for."""
    kept: list[str] = []
    is_kept = True
    for line in text.splitlines():
        if not line.startswith((" ", "#")):
            is_kept = line.partition(":")[0] not in {*ABOUT, "docs"}
        if is_kept:
            kept.append(line)
    return "\n".join(kept)


def _filled(step: str, names: Mapping[str, str]) -> str:
    for placeholder, name in names.items():
        step = step.replace(placeholder, f"`{name}`")
    return step


def _facts(source: Source, entry: Mapping[str, Plain], about: About | None) -> Iterator[tuple[str, str]]:
    yield "proof", _proof(entry.get("verify"))
    if source.scheme.signs_url:
        yield "also needs", "`PINBRIDGE_PUBLIC_URL`, since the address is signed, to the letter"
    if "each" in entry:
        yield "brings", f"several events: each `{_text(entry['each'])}`"
    is_cloudevent = bool(entry.get("cloudevents"))
    default = {"event": "the CloudEvent's `type`", "id": "its `source` and `id`", "at": "its `time`"}
    for key, heading, joint in (
        ("event", "event type", " and, behind a dot, "),
        ("id", "delivery id", " and "),
        ("at", "event time", ", else "),
    ):
        place = _places(entry[key], joint) if key in entry else default[key] if is_cloudevent else "none"
        yield heading, place
    yield "counts once", _counted(source, entry)
    yield "answer within", _text(entry.get("deadline")) or "not known"
    yield "repeats", about.retries if about and about.retries else "not known"


def _kind(verify: Plain) -> str:
    scheme, keys = _scheme(verify)
    if scheme == "hmac":
        return f"HMAC-{_text(keys.get('algorithm', 'sha256')).upper()}"
    return _KINDS[scheme]


def _proof(verify: Plain) -> str:
    """Say what a request must carry."""
    scheme, keys = _scheme(verify)
    if scheme in _SIMPLE:
        return _SIMPLE[scheme]
    place = _carried_in(keys)
    if scheme == "token":
        behind = f", behind `{keys['prefix']}`" if keys.get("prefix") else ""
        return f"the secret in {place}{behind}; nothing is signed"
    signed = f"over `{_text(keys.get('signed', '{body}'))}`".replace("\n", "\\n")
    encoding = f", as {_text(keys.get('encoding', 'hex'))}"
    if scheme == "hmac":
        return f"{_kind(verify)} {signed}{encoding}, in {place}"
    if scheme in {"ed25519", "ecdsa"}:
        return f"{_kind(verify)} {signed}{encoding}, in {place}; the secret is the public key"
    return f"{_kind(verify)}, in {place}"


def _scheme(verify: Plain) -> tuple[str, Mapping[str, Plain]]:
    """Give the scheme and its keys; a word alone is a scheme without any."""
    keys = verify if isinstance(verify, dict) else {"scheme": verify}
    return _text(keys.get("scheme")), keys


def _carried_in(keys: Mapping[str, Plain]) -> str:
    """Say where the signature or the secret stands; several places are told with an "or" between."""
    words = {"header": "the header `{}`", "query": "the query's field `{}`", "path": "the body at `{}`"}
    for key, told in words.items():
        named = keys.get(key)
        if named is not None:
            return " or ".join(told.format(name) for name in (named if isinstance(named, list) else [named]))
    return "the request"


def _places(places: Plain, joint: str) -> str:
    listed = places if isinstance(places, list) else [places]
    return joint.join(_place(each) for each in listed)


def _place(place: Plain) -> str:
    if not isinstance(place, dict):
        return f"`{place}`"
    ((where, what),) = place.items()
    told = {"header": "the header `{}`", "outside": "`{}` of the whole body", "inside": "`{}` of what is wrapped"}
    return told.get(where, f"`{{}}` ({where})").format(what)


def _counted(source: Source, entry: Mapping[str, Plain]) -> str:
    if not source.dedupes:
        return "no: every delivery counts"
    within = f" within {_text(entry.get('dedupe'))}" if source.dedup_window_s is not None else ""
    if source.id is None:
        return (
            f"by its signed time and its body{within}"
            if source.scheme.signs_time and not within
            else f"by its body{within}"
        )
    if source.id_is_covered:
        return f"by its delivery id{within}"
    return f"by its delivery id, which is not signed, and its body{within}"


def _text(value: Plain) -> str:
    return "" if value is None else str(value)
