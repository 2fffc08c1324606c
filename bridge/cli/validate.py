"""`pinbridge validate`: read mappings and sources, and name every mistake."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bridge.app import now
from bridge.cli.folders import by_folder
from bridge.cli.output import print_json, stdout
from bridge.cli.problems import print_problems
from bridge.cli.refusing import refusal
from bridge.configuration import Configuration, Refuse, load_configuration
from bridge.errors import ConfigurationError, Problem, StoreUnusable
from bridge.events import Json
from bridge.existence import is_file, is_there
from bridge.inbound import Sources
from bridge.mappings import Mapping as CompiledMapping
from bridge.mappings import MappingSet, RenderError, mapping_files, overlaps, read_bounded
from bridge.mappings.rendering import Clock
from bridge.rehearsal.rows import Rows
from bridge.settings import Settings, secret_variable
from bridge.state import Held, PinState, show
from bridge.store import active_pins, foresee, open_readonly

GOOD, WRONG, UNREADABLE = 0, 1, 2
"""The exit codes."""


@dataclass(slots=True)
class _Found:
    """What came of all the files so far."""

    mappings: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def validate(paths: Sequence[Path], settings: Settings, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print what is wrong and what is odd with folders of mappings, and single files; give the exit code.

    A warning, and no fault of the files, is a secret that is not set, and a pin that cannot be
    drawn before its first event: it would start parked; and, for the folder that is served, what a changed definition
    would lose.
    """
    configured = settings.mappings
    unreadable = [problem for path in paths for problem in _unreadable(path, configured)]
    found = _Found(problems=list(unreadable))
    missing = {problem.file for problem in unreadable}
    refuse = refusal(settings, environ)
    for folder, only in by_folder([path for path in paths if str(path) not in missing], configured):
        configuration = _check(folder, only, environ, refuse, found)
        if configuration is not None and settings.public_url is None:
            found.warnings.extend(_needing_address(configuration.sources))
        if configuration is not None and only is None and folder == configured:
            found.warnings.extend(_losses(configuration.mappings, settings.database))
    _report(found, as_json=as_json)
    return UNREADABLE if unreadable else WRONG if found.problems else GOOD


def _unreadable(path: Path, configured: Path) -> Iterator[Problem]:
    """Look for what cannot be read: the path itself, or the first such thing in a folder; loading tells the others."""
    looked_at = path
    try:
        next(path.iterdir(), None) if path.is_dir() else path.open("rb").close()
        for looked_at in mapping_files(path) if path.is_dir() else ():
            read_bounded(looked_at)
    except OSError as error:
        advice = (
            "; PINBRIDGE_MAPPINGS names the folder of mappings" if path == configured and not is_there(path) else ""
        )
        yield Problem(file=str(error.filename or looked_at), message=f"cannot be read: {error.strerror}{advice}")


def _check(
    folder: Path, only: list[Path] | None, environ: Mapping[str, str], refuse: Refuse, found: _Found
) -> Configuration | None:
    """Load a folder, and note what came of it; gives it where nothing is wrong."""
    try:
        configuration = load_configuration(folder, environ, only=only, secrets_are_required=False, refuse=refuse)
    except ConfigurationError as error:
        found.problems = [*dict.fromkeys([*found.problems, *error.problems])]
        found.warnings.extend(error.warnings)
        return None
    if only is None and not configuration.mappings.mappings:
        found.warnings.append(Problem(file=str(folder), message="there is no mapping in this folder"))
    found.warnings.extend(_warnings(configuration))
    found.mappings.extend(configuration.mappings.mappings)
    found.sources.extend(sorted(configuration.mappings.source_places))
    if not only:
        found.unused.extend(sorted(configuration.sources.keys() - configuration.mappings.source_places))
    return configuration


def _losses(mappings: MappingSet, database: str) -> Iterator[Problem]:
    """Look into the database, if there is one of this release, for what the bridge would lose by these mappings."""
    try:
        with open_readonly(database) as reader:
            losses = foresee(reader, active_pins(mappings))
    except StoreUnusable:
        return
    for loss in losses:
        before = loss.before_at.isoformat(timespec="seconds")
        begins = f"begins anew by its changed definition, without what came before {before}"
        message = f"{loss.entry!r} under 'state' {begins}: the journal no longer has it"
        yield Problem(file=mappings.mappings[loss.mapping].file, message=message)


def _warnings(configuration: Configuration) -> Iterator[Problem]:
    yield from configuration.mappings.warnings
    yield from overlaps(configuration.mappings.mappings.values())
    yield from _missing_samples(configuration.mappings)
    yield from _undrawable(configuration.mappings)
    yield from _unset_secrets(configuration.sources)


def _undrawable(mappings: MappingSet) -> Iterator[Problem]:
    """Draw each literal pin as the start does, without events; one that can turn stale, also as stale."""
    drawn_at = now()
    for pin, name in mappings.literal_pins().items():
        state = _without_events(mappings.mappings[name], pin)
        looks: list[tuple[datetime | None, str]] = [(None, "would start parked")]
        if mappings.mappings[name].stale_after_s is not None:
            looks.append((drawn_at, "would be parked once it turns stale"))
        for stale_since, what in looks:
            try:
                show(mappings, name, state, {}, Clock(drawn_at, stale_since))
            except RenderError as error:
                yield error.place.problem(f"{error.message}; {pin} {what}")
                break


def _without_events(mapping: CompiledMapping, pin: str) -> PinState:
    held = {name: Held(0, definition.entry, None) for name, definition in mapping.state.items()}
    return PinState(pin=pin, held=held, readings=Rows())


def _missing_samples(mappings: MappingSet) -> Iterator[Problem]:
    """Look whether the files that tests name are there; the bridge itself does without."""
    for mapping in mappings.mappings.values():
        folder = Path(mapping.file).parent
        for sample in (each for case in mapping.cases for each in case.samples):
            if sample.file is not None and not is_file(folder / sample.file):
                yield sample.place.problem(
                    f"there is no file {str(folder / sample.file)[:200]!r}, which this test sends"
                )


def _unset_secrets(sources: Sources) -> list[Problem]:
    return [
        Problem(file=secret_variable(name), message=f"is not set; `serve` will not start without the secret of {name}")
        for name, source in sources.items()
        if source.lacks_secret
    ]


def _needing_address(sources: Sources) -> list[Problem]:
    signing = [name for name, source in sources.items() if source.scheme.signs_url]
    message = f"is not set; `serve` will not start without the address that {', '.join(signing)} signs"
    return [Problem(file="PINBRIDGE_PUBLIC_URL", message=message)] if signing else []


def _told(problem: Problem) -> dict[str, Json]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}


def _report(found: _Found, *, as_json: bool) -> None:
    if as_json:
        listed: dict[str, Json] = {
            "problems": [_told(problem) for problem in sorted(found.problems)],
            "warnings": [_told(warning) for warning in sorted(found.warnings)],
        }
        print_json(listed)
        return
    print_problems(found.problems, found.warnings)
    if not found.problems:
        count = len(found.mappings)
        named = f" ({', '.join(found.mappings)})" if found.mappings else ""
        fed = f" fed by {', '.join(dict.fromkeys(found.sources))}" if found.sources else ""
        also = f"; no mapping read here takes {', '.join(dict.fromkeys(found.unused))}" if found.unused else ""
        stdout.print(f"good: {count} mapping{'' if count == 1 else 's'}{named}{fed}{also}", markup=False)
