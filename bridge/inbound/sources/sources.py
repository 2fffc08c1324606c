"""The sources of this start: what mappings name, `sources.yaml` declares and the catalogue knows.

Everything that can be decided once is decided here (keys, which headers matter, what makes a
delivery unique), so that a request only looks things up. Every mistake is reported with its
place, all in one go.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType

from bridge.errors import ConfigurationError, Problem
from bridge.inbound.catalogue import providers
from bridge.inbound.handshakes import Handshakes, Keys
from bridge.inbound.handshakes.keys import keyed
from bridge.inbound.layouts import Layout
from bridge.inbound.locations import Location
from bridge.inbound.sources.declarations import Ack, Declaration, declare, own_entries
from bridge.inbound.verification import Scheme, Verifier
from bridge.located import MappingNode, Place, parse_yaml
from bridge.located.fields import BoundedProblems
from bridge.notices import OWN_SOURCE
from bridge.settings import secret_variable, token_variable
from bridge.spelling import suggest

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)

UNREGISTERED = "http://localhost"
"""Stands in for the public address where none is set."""

WITHOUT_ANY = "has no secret"
"""What is said of a source that can verify nobody; whoever knows more can add to that."""

Secrets = Callable[[str], tuple[bytes, ...]]
"""Gives the secrets of a source by its name, none where none is set; may raise `ConfigurationError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sender of webhooks, ready to verify. Neither secrets nor keys show in its text form.

    `secrets` are as configured, `url` is its address as senders know it. `dedupes` is false for
    `dedupe: off`; `dedup_window_s` is None where the horizon holds. `id_is_covered` tells that the
    delivery id cannot be forged apart from what is signed. It wants an answer within `deadline_s`,
    None where that is not known.
    `aliases` gives headers that count under another name where that is missing. `is_json` tells that its bodies are
    JSON whatever their content type says; `layout` how events are laid out in them, None where a body is an event.
    """

    name: str
    provider: str | None
    scheme: Scheme
    secrets: tuple[bytes, ...] = field(repr=False)
    verifier: Verifier = field(repr=False)
    url: str
    event: Location | None
    id: Location | None
    id_is_covered: bool
    at: Location | None
    dedupes: bool
    dedup_window_s: float | None
    tolerance_s: float
    deadline_s: float | None
    form_json: str | None
    is_json: bool
    layout: Layout | None
    aliases: Mapping[str, str]
    ack: Ack | None
    handshakes: Handshakes
    single_headers: frozenset[str]
    credential_headers: frozenset[str]

    @property
    def is_own(self) -> bool:
        """Tell whether it is the bridge itself, to which nobody sends."""
        return self.name == OWN_SOURCE

    @property
    def lacks_secret(self) -> bool:
        """Tell whether it can verify nobody for want of a secret, and nobody brings one."""
        return self.scheme.needs_secret and not self.secrets and not self.handshakes.takes_keys


Sources = Mapping[str, Source]
"""Sources by name; a name is also the last part of the address, `/hooks/<name>`."""


def no_secrets(_source: str) -> tuple[bytes, ...]:
    """Give none, for any source."""
    return ()


def load_sources(  # noqa: PLR0913 - what sources are made of, each by its name
    named: Mapping[str, Place],
    sources_yaml: bytes | None,
    secrets: Secrets,
    *,
    tokens: Secrets = no_secrets,
    keys: Keys | None = None,
    file: str = "sources.yaml",
    secrets_are_required: bool = True,
    public_url: str | None = None,
) -> Sources:
    """Make every source that mappings name (with the place of one mention) or `sources.yaml` declares.

    `tokens` are what their verify tokens must be, `keys` those that come over the wire.
    `file` is what messages call `sources.yaml`: with the folder that it stands in, as an editor finds it.
    Raises `ConfigurationError` with every problem: a source that nobody knows, or without a
    secret, a wrong key or value, a source whose deliveries could not be told apart. Where
    secrets are not required (a check of the files alone) a source without one refuses every delivery.
    `public_url` is the address at which senders reach the bridge, without `/hooks/…`; a source whose sender signs
    it needs it as it needs a secret.
    """
    making = _Making(secrets, tokens, keys or Keys(), are_required=secrets_are_required, public_url=public_url)
    own = own_entries(file, sources_yaml or b"", making.problems)
    for name in sorted({*named, *own}):
        place, node = own.get(name) or (named[name], None)
        making.make(name, place, node, own)
    return making.sources()


def load_source(  # noqa: PLR0913 - as `load_sources`, for one of them
    name: str,
    place: Place | None,
    sources_yaml: bytes | None,
    secrets: Secrets,
    *,
    file: str = "sources.yaml",
    public_url: str | None = None,
) -> Source | None:
    """Make one source, whatever is wrong with others; `place` is where a mapping names it, None where none does.

    Gives None where nothing names it. Raises `ConfigurationError` as `load_sources` does.
    """
    making = _Making(secrets, no_secrets, Keys(), are_required=True, public_url=public_url)
    misread: list[Problem] = []
    own = own_entries(file, sources_yaml or b"", misread)
    if not own:
        making.problems.extend(misread)
    found, node = own.get(name) or (place, None)
    if found is not None:
        making.make(name, found, node, own)
    return making.sources().get(name)


def declared_sources(sources_yaml: bytes | None) -> frozenset[str]:
    """Name the sources that `sources.yaml` declares; none where it cannot be read."""
    return frozenset(own_entries("sources.yaml", sources_yaml or b"", []))


@dataclass(slots=True)
class _Making:
    """Makes sources one by one, and keeps what is wrong with them."""

    secrets: Secrets
    tokens: Secrets
    keys: Keys
    _: KW_ONLY
    are_required: bool
    public_url: str | None
    problems: list[Problem] = field(default_factory=BoundedProblems)
    _made: dict[str, Source] = field(default_factory=dict)

    def make(self, name: str, place: Place, node: MappingNode | None, own: Collection[str]) -> None:
        """Make a source of what `sources.yaml` says of it, or of its provider in the catalogue."""
        if name == OWN_SOURCE:
            self._make_own(place, node)
            return
        if node is None and _NAME.fullmatch(name) and name not in providers():
            advice = suggest(name, [*own, *providers(), OWN_SOURCE])
            message = f"the source {name!r} is neither in the catalogue nor in sources.yaml{advice}"
            self.problems.append(place.problem(message))
            return
        source = self._load(name, place, node, self.secrets)
        if source is None:
            return
        if self.are_required and self.public_url is None and source.scheme.signs_url:
            message = f"the sender of the source {name!r} signs the address that it posts to; set PINBRIDGE_PUBLIC_URL "
            advice = "to what stands before /hooks/ there, such as https://hooks.example.com"
            self.problems.append(place.problem(message + advice))
        if self.are_required and (lacking := source.scheme.lacks):
            wanted = ", ".join(f"{claim}: …" for claim in lacking)
            message = (
                f"the source {name!r} needs 'expect: {{{wanted}}}' in sources.yaml: its provider signs for everybody"
            )
            self.problems.append(place.problem(f"{message}, and that alone tells what is meant for you"))
        if self.are_required and source.lacks_secret:
            variable = secret_variable(name)
            advice = f"set {variable} (or {variable}_FILE), or say 'verify: none' in sources.yaml"
            self.problems.append(place.problem(f"the source {name!r} {WITHOUT_ANY}; {advice}"))
        self._made[name] = source

    def _make_own(self, place: Place, node: MappingNode | None) -> None:
        if node is not None:
            message = f"{OWN_SOURCE!r} is the bridge itself, which tells what happens to it; name this source otherwise"
            self.problems.append(place.problem(message))
        elif (source := self._load(OWN_SOURCE, place, _own_entry(), no_secrets)) is not None:
            self._made[OWN_SOURCE] = source

    def sources(self) -> Sources:
        """Give them; raises `ConfigurationError` where anything is wrong."""
        if self.problems:
            raise ConfigurationError(self.problems)
        return MappingProxyType(self._made)

    def _load(self, name: str, place: Place, node: MappingNode | None, secrets: Secrets) -> Source | None:
        if _NAME.fullmatch(name) is None:
            message = f"{name[:80]!r} cannot name a source; write lower-case letters, digits and dashes, at most 63"
            self.problems.append(place.problem(message))
            return None
        declaration = declare(name, place, node, providers(), self.problems)
        if declaration is None:
            return None
        try:
            return self._bind(name, declaration, secrets(name))
        except ConfigurationError as error:
            self.problems.extend(error.problems)
            return None

    def _bind(self, name: str, declaration: Declaration, secrets: tuple[bytes, ...]) -> Source:
        url = f"{(self.public_url or UNREGISTERED).rstrip('/')}/hooks/{name}"
        bind = partial(declaration.scheme.bind, tolerance_s=declaration.tolerance_s, url=url)
        handshakes = Handshakes.of(
            name,
            declaration.handshakes,
            secret=next(iter(secrets), b""),
            tokens=self.tokens(name) if declaration.handshakes else (),
            variable=token_variable(name),
        )
        try:
            verifier = bind(secrets)
        except ValueError as error:
            message = f"the secret of the source {name!r} is malformed: {error}"
            raise ConfigurationError([Problem(file=secret_variable(name), message=message)]) from error
        if handshakes.takes_keys:
            verifier = keyed(name, bind, secrets, self.keys)
        return _source(name, declaration, secrets, verifier, handshakes, url)


@lru_cache(maxsize=1)
def _own_entry() -> MappingNode:
    """Declare the bridge's own source; its events are made here, so there is nothing to verify."""
    entry = parse_yaml(OWN_SOURCE, b"{verify: none, event: $.type, id: $.id, at: $.at}")
    assert isinstance(entry, MappingNode)  # noqa: S101 - it is written in the line above
    return entry


def _source(  # noqa: PLR0913, PLR0917 - what a source is made of
    name: str,
    declaration: Declaration,
    secrets: tuple[bytes, ...],
    verifier: Verifier,
    handshakes: Handshakes,
    url: str,
) -> Source:
    scheme = declaration.scheme
    locations = (declaration.event, declaration.id, declaration.at)
    located = frozenset().union(*(location.headers for location in locations if location))
    each = declaration.layout.each if declaration.layout is not None else None
    located |= declaration.layout.headers if declaration.layout is not None else frozenset()
    return Source(
        name=name,
        provider=declaration.provider,
        scheme=scheme,
        secrets=secrets,
        verifier=verifier,
        url=url,
        event=declaration.event,
        id=declaration.id,
        id_is_covered=declaration.id is not None and all(scheme.covers(place, each) for place in declaration.id.places),
        at=declaration.at,
        dedupes=declaration.dedupes,
        dedup_window_s=declaration.dedup_window_s,
        tolerance_s=declaration.tolerance_s,
        deadline_s=declaration.deadline_s,
        form_json=declaration.form_json,
        is_json=declaration.is_json,
        layout=declaration.layout,
        aliases=declaration.aliases,
        ack=declaration.ack,
        handshakes=handshakes,
        single_headers=scheme.headers | located | handshakes.headers | frozenset(declaration.aliases),
        credential_headers=_credential_headers(scheme, declaration.aliases) | handshakes.key_headers,
    )


def _credential_headers(scheme: Scheme, aliases: Mapping[str, str]) -> frozenset[str]:
    also = {name for name, meaning in aliases.items() if meaning in scheme.credential_headers}
    return scheme.credential_headers | also
