"""Reading what the authors wrote: the mappings and the sources that they name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.errors import ConfigurationError, Problem
from bridge.inbound import Sources, load_sources
from bridge.mappings import MappingSet, load_folder
from bridge.settings import source_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A folder of mappings, compiled, and every source that sends to them."""

    mappings: MappingSet
    sources: Sources


def load_configuration(
    folder: Path,
    environ: Mapping[str, str],
    *,
    only: Collection[Path] | None = None,
    secrets_are_required: bool = True,
) -> Configuration:
    """Read mappings, those in `only` where it is given, with `sources.yaml` and secrets.

    Raises `ConfigurationError` with every problem found, in the mappings and in the sources.
    """
    problems: list[Problem] = []
    warnings: tuple[Problem, ...] = ()
    mappings: MappingSet | None = None
    try:
        mappings = load_folder(folder, environ, only=only)
        warnings = mappings.warnings
    except ConfigurationError as error:
        problems.extend(error.problems)
        warnings = error.warnings
    try:
        sources = load_sources(
            mappings.source_places if mappings else {},
            _read_declared(folder),
            partial(source_secrets, environ),
            file=str(folder / "sources.yaml"),
            secrets_are_required=secrets_are_required,
        )
    except ConfigurationError as error:
        problems.extend(error.problems)
    if problems or mappings is None:
        raise ConfigurationError(problems, warnings)
    return Configuration(mappings=mappings, sources=sources)


def _read_declared(folder: Path) -> bytes | None:
    """Read `sources.yaml`; None where there is none. One of another suffix would declare nothing, so it is refused."""
    misnamed = folder / "sources.yml"
    declared = folder / "sources.yaml"
    try:
        if misnamed.is_file():
            raise ConfigurationError([Problem(file=str(misnamed), message="is not read; name it sources.yaml")])
        return declared.read_bytes() if declared.is_file() else None
    except OSError as error:
        raise ConfigurationError([Problem(file=str(declared), message=f"cannot be read: {error.strerror}")]) from error
