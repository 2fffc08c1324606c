"""What the authors wrote, read and compiled: the mappings, and the sources that they name.

Reading and compiling are two steps, so that whoever follows a folder can make sure between them
that it did not change while it was read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.errors import ConfigurationError, Problem
from bridge.inbound import Keys, Source, Sources, declared_sources, load_sources, providers
from bridge.inbound import load_source as make_source
from bridge.located import Place
from bridge.mappings import SOURCES_FILE, Loader, MappingSet, read_bounded, read_mappings
from bridge.settings import source_secrets, verify_tokens
from bridge.spelling import suggest

Refuse = Callable[[MappingSet], Iterable[Problem]]


def _take_all(_mappings: MappingSet) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A folder of mappings, compiled, and every source that sends to them."""

    mappings: MappingSet
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The folder's files as they were read: mappings by path, `sources.yaml`, and what could not be read."""

    mappings: Mapping[str, bytes]
    sources: bytes | None
    problems: tuple[Problem, ...]


def load_configuration(
    folder: Path,
    environ: Mapping[str, str],
    *,
    only: Collection[Path] | None = None,
    secrets_are_required: bool = True,
    refuse: Refuse = _take_all,
) -> Configuration:
    """Read mappings, those in `only` where it is given, with `sources.yaml` and secrets.

    `refuse` says what is wrong with good mappings in this place. Raises `ConfigurationError` with every problem found,
    in the mappings and in the sources.
    """
    loader = ConfigurationLoader(folder, environ, secrets_are_required=secrets_are_required, refuse=refuse)
    return loader.compile(read_folder(folder, only))


def load_source(folder: Path, environ: Mapping[str, str], name: str, *, public_url: str | None = None) -> Source:
    """Give one source with its secrets, whatever is wrong with the mappings and with the other sources.

    Raises `ConfigurationError` where nothing names it, where its own declaration is wrong, or without its secret.
    """
    written = read_folder(folder)
    loader = Loader(environ, shown_in=folder)
    unread: tuple[Problem, ...] = ()
    try:
        loader.load(written.mappings, problems=written.problems)
    except ConfigurationError as error:
        unread = error.problems
    named = dict(loader.source_places)
    if unread and name in providers():
        named.setdefault(name, Place(str(folder), 0, 0))  # a mapping that is broken may name it
    file = str(folder / SOURCES_FILE)
    secrets = partial(source_secrets, environ)
    found = make_source(name, named.get(name), written.sources, secrets, file=file, public_url=public_url)
    if found is not None:
        return found
    known = sorted({*named, *declared_sources(written.sources)})
    if known:
        message = f"no source has this name; there are {', '.join(known)}{suggest(name, known)}"
    else:
        message = f"no source has this name: nothing in the folder {folder} names any"
    raise ConfigurationError([Problem(file=name, message=message)])


def read_folder(folder: Path, only: Collection[Path] | None = None) -> Written:
    """Read what stands in the folder now; whatever cannot be read is told with the rest, by `compile`."""
    problems: list[Problem] = []
    mappings: dict[str, bytes] = {}
    sources: bytes | None = None
    try:
        mappings, problems = read_mappings(folder, only)
    except ConfigurationError as error:
        problems.extend(error.problems)
    try:
        sources = read_sources(folder)
    except ConfigurationError as error:
        problems.extend(error.problems)
    return Written(mappings=mappings, sources=sources, problems=tuple(problems))


def read_sources(folder: Path) -> bytes | None:
    """Read `sources.yaml`; None where there is none.

    Raises `ConfigurationError` where it cannot be read, and for one of another suffix, which would declare nothing.
    """
    misnamed = folder / "sources.yml"
    declared = folder / SOURCES_FILE
    try:
        if misnamed.is_file():
            raise ConfigurationError([Problem(file=str(misnamed), message=f"is not read; name it {SOURCES_FILE}")])
        return read_bounded(declared) if declared.is_file() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError([Problem(file=str(declared), message=f"cannot be read: {error.strerror}")]) from error


class ConfigurationLoader:
    """Compiles one folder again and again: of the mappings only what is new, secrets and sources each time.

    `refuse` says what is wrong with good mappings in this place. `keys` are what comes over the wire; its sources look
    there whenever a request comes. `public_url` is the bridge's address as senders know it, which some of them sign.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        *,
        secrets_are_required: bool = True,
        public_url: str | None = None,
        refuse: Refuse = _take_all,
    ) -> None:
        self.folder = folder
        self.keys = Keys()
        self._refuse = refuse
        self._environ = environ
        self._secrets_are_required = secrets_are_required
        self._public_url = public_url
        self._mappings = Loader(environ, shown_in=folder)
        self._loaded = Configuration(mappings=MappingSet(()), sources={})
        self._declared: bytes | None = None

    def compile(self, written: Written, *, after_each: Callable[[], None] = lambda: None) -> Configuration:
        """Give the configuration, the very one of before where nothing in it differs.

        Raises `ConfigurationError` with every problem found, in the mappings and in the sources. `after_each` is
        called after each mapping that had to be compiled.
        """
        problems: list[Problem] = []
        warnings: tuple[Problem, ...] = ()
        mappings: MappingSet | None = None
        try:
            mappings = self._mappings.load(written.mappings, problems=written.problems, after_each=after_each)
            problems.extend(self._refuse(mappings))
        except ConfigurationError as error:
            problems.extend(error.problems)
            warnings = error.warnings
        try:
            sources = load_sources(
                self._mappings.source_places,
                written.sources,
                partial(source_secrets, self._environ),
                tokens=partial(verify_tokens, self._environ),
                keys=self.keys,
                file=str(self.folder / SOURCES_FILE),
                secrets_are_required=self._secrets_are_required,
                public_url=self._public_url,
            )
        except ConfigurationError as error:
            problems.extend(error.problems)
        if problems or mappings is None:
            raise ConfigurationError(problems, mappings.warnings if mappings else warnings)
        return self._take(Configuration(mappings=mappings, sources=sources), written.sources)

    def _take(self, configuration: Configuration, declared: bytes | None) -> Configuration:
        """Keep the newest; sources follow from the mappings, what is declared, and the secrets."""
        before = self._loaded
        same = configuration.mappings is before.mappings and declared == self._declared
        if not (same and _secrets(configuration) == _secrets(before)):
            self._loaded, self._declared = configuration, declared
        return self._loaded


def _secrets(configuration: Configuration) -> dict[str, tuple[tuple[bytes, ...], ...]]:
    return {name: (source.secrets, source.handshakes.tokens) for name, source in configuration.sources.items()}
