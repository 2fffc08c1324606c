"""`pinbridge init`: starter mappings with their samples, written into the user's folder.

Nothing that is there is ever written over. What remains to be done by hand is printed at the end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.cli.addresses import UNKNOWN_BASE
from bridge.cli.choosing import Ask, choose
from bridge.cli.output import print_json, print_table, stdout
from bridge.cli.shipped import (
    SCHEMA,
    Starter,
    minimal_starter,
    shipped_samples,
    shipped_schema,
    shipped_starters,
)
from bridge.configuration import read_sources
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.existence import is_file
from bridge.inbound import Source, Sources, load_sources, providers
from bridge.located import Place
from bridge.mappings import SOURCES_FILE
from bridge.notices import OWN_SOURCE
from bridge.settings import secret_variable
from bridge.spelling import suggest


@dataclass(slots=True)
class Written:
    """What became of each file: written, or left alone because one of its name was there."""

    written: list[Path] = field(default_factory=list)
    left_alone: list[Path] = field(default_factory=list)

    def add(self, path: Path, content: bytes) -> None:
        """Write a file where there is none. Raises `ConfigurationError` where the folder does not allow it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if not is_file(path):
                raise _unwritable(path, "something other than a file stands in its way") from None
            self.left_alone.append(path)
        except OSError as error:
            raise _unwritable(path, f"cannot be written: {error.strerror}") from error
        else:
            self.written.append(path)


def list_starters(folder: Path, *, as_json: bool) -> None:
    """Print what there is to begin with, for each source that is known."""
    known, starters = _known(folder), shipped_starters()
    rows = [
        (" ".join(sorted(starter.sources)), starter.name, starter.description)
        for source in sorted(known)
        for starter in _of([source], starters)
    ]
    rows += [
        (" ".join(sorted(starter.sources)), starter.name, starter.description)
        for starter in starters
        if len(starter.sources) > 1 and starter.sources <= known.keys()
    ]
    if as_json:
        print_json([{"source": source, "starter": name, "description": what} for source, name, what in rows])
        return
    print_table(("SOURCE", "WRITES", "WHICH SHOWS"), rows, empty="no source is known")
    stdout.print(
        f"\npinbridge init SOURCE… writes them, with samples, into {folder} (PINBRIDGE_MAPPINGS)", markup=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What to write: starters of `sources`, of several the named `mappings`, or those that `ask` gives, else all.

    `public_url` is the bridge's address as senders know it, None where it is not known.
    """

    sources: Sequence[str]
    mappings: Sequence[str]
    ask: Ask | None
    folder: Path
    public_url: str | None


def init(beginning: Beginning, *, as_json: bool) -> None:
    """Write the starters of some sources, and print what was written and what is still to do.

    Raises `ConfigurationError` for an unknown source or mapping, before anything is written, and for a
    folder that cannot be written to.
    """
    folder = beginning.folder
    known, shipped = _known(folder), shipped_starters()
    sources = [_find(name, known) for name in dict.fromkeys(beginning.sources)]
    offered = _of([source.name for source in sources], shipped)
    starters = {starter.name: starter for starter in choose(offered, beginning.mappings, beginning.ask)}
    files = _write(folder, sources, starters)
    to_do = [*_lines_to_do(beginning, sources, starters)]
    if as_json:
        written: dict[str, Json] = {"written": [*map(str, files.written)], "left_alone": [*map(str, files.left_alone)]}
        print_json({**written, "to_do": [{"what": what, "line": line} for what, line in to_do]})
    else:
        _print_for_people(files, to_do)


def _print_for_people(files: Written, to_do: Sequence[tuple[str, str]]) -> None:
    for path in files.written:
        stdout.print(f"written     {path}", markup=False)
    for path in files.left_alone:
        stdout.print(f"left alone  {path}, which is there already", markup=False)
    stdout.print("\nStill to do:")
    for number, (what, line) in enumerate(to_do, 1):
        stdout.print(f"{number:>3}. {what}\n       {line}", markup=False)


def catalogue_places() -> dict[str, Place]:
    """Name every provider, as a mapping does that names them all."""
    return {name: entry.place for name, entry in providers().items()}


def _known(folder: Path) -> Sources:
    """Give the sources of the catalogue and of the folder's `sources.yaml`."""
    declared = read_sources(folder)
    named = catalogue_places() | {OWN_SOURCE: Place(OWN_SOURCE, 0, 0)}
    return load_sources(named, declared, lambda _: (), file=str(folder / SOURCES_FILE), secrets_are_required=False)


def _find(name: str, known: Sources) -> Source:
    if name not in known:
        advice = (
            suggest(name, known) or "; `pinbridge sources` lists them, and another is first described in sources.yaml"
        )
        raise ConfigurationError([Problem(file=name[:80], message=f"no source has this name{advice}")])
    return known[name]


def find_source(name: str, folder: Path) -> Source:
    """Give a source of the catalogue or of the folder's `sources.yaml`, with no secret.

    Raises `ConfigurationError` where none has this name.
    """
    return _find(name, _known(folder))


def _of(names: Sequence[str], shipped: Sequence[Starter]) -> list[Starter]:
    """Give what takes from these sources and no others, and for a source without any a minimal mapping."""
    starters = [starter for starter in shipped if starter.sources <= {*names}]
    fed = {source for starter in starters for source in starter.sources}
    return starters + [minimal_starter(name) for name in names if name not in fed]


def _write(folder: Path, sources: Sequence[Source], starters: dict[str, Starter]) -> Written:
    files = Written()
    for starter in starters.values():
        files.add(folder / starter.name, starter.text.encode())
    for source in sources:
        for path, content in shipped_samples(source.name):
            files.add(folder / path, content)
    files.add(folder / SCHEMA, shipped_schema())
    return files


def _lines_to_do(
    beginning: Beginning, sources: Sequence[Source], starters: dict[str, Starter]
) -> Iterator[tuple[str, str]]:
    """Say what is left, each with the line to enter or to run."""
    for source in sources:
        if not source.is_own:
            yield from _lines_of(source, beginning.public_url or UNKNOWN_BASE)
    signing = [source.name for source in sources if source.scheme.signs_url]
    if signing and beginning.public_url is None:
        told = f"tell the bridge its own address, which is signed ({', '.join(signing)})"
        yield told, f"export PINBRIDGE_PUBLIC_URL={UNKNOWN_BASE}"
    for starter in starters.values():
        for variable in starter.pin_variables:
            yield f"fill in the pin that {starter.name} writes, as Pindown shows its id", f"export {variable}=p-…"
    yield "check the files", "pinbridge validate"
    yield "see what a payload becomes, without sending anything", _try_line(beginning.folder, sources, starters)
    yield "run the mappings' own tests", "pinbridge test"
    yield "run the bridge; without a key, try `pinbridge serve --sandbox`", "PINDOWN_API_KEY=pk_… pinbridge serve"


def _lines_of(source: Source, base: str) -> Iterator[tuple[str, str]]:
    """Say what is to do for one source: the address, what proves its sender, and the steps at the provider."""
    yield f"at {source.name}, enter the address of the webhook", f"{base}/hooks/{source.name}"
    if source.provider is not None:
        yield f"see every step at {source.name}, and how it is verified", f"pinbridge sources {source.name}"
    if source.lacks_secret:
        told = "secret" if source.scheme.can_sign else "public key"
        yield f"tell the bridge the {told} of {source.name}", f"export {secret_variable(source.name)}=…"
    if source.handshakes.asks_token:
        told = f"make up a verify token, for the bridge and for {source.name}'s form"
        yield told, f"export {source.handshakes.token_variable}=…"
    if source.handshakes.takes_keys:
        yield f"once {source.name} has offered its key, approve it", "pinbridge keys"


def _try_line(folder: Path, sources: Sequence[Source], starters: dict[str, Starter]) -> str:
    """Name the first starter whose tests send a sample, and the first one that they send."""
    for starter in starters.values():
        sent = {starter.text.find(str(path)): path for each in sources for path, _ in shipped_samples(each.name)}
        sent.pop(-1, None)
        if sent:
            return f"pinbridge try {folder / starter.name} {folder / sent[min(sent)]}"
    return f"pinbridge try {folder / next(iter(starters))} PAYLOAD"


def _unwritable(path: Path, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=str(path), message=message)])
