"""Reading what the authors wrote: the mappings and the sources that they name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.inbound import Sources, load_sources
from bridge.mappings import MappingSet, load_folder
from bridge.settings import source_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A folder of mappings, compiled, and every source that sends to them."""

    mappings: MappingSet
    sources: Sources


def load_configuration(folder: Path, environ: Mapping[str, str], *, secrets_are_required: bool = True) -> Configuration:
    """Read mappings, `sources.yaml` and secrets. Raises `ConfigurationError` with every problem found."""
    mappings = load_folder(folder, environ)
    declared = folder / "sources.yaml"
    sources = load_sources(
        mappings.source_places,
        declared.read_bytes() if declared.is_file() else None,
        partial(source_secrets, environ),
        secrets_are_required=secrets_are_required,
    )
    return Configuration(mappings=mappings, sources=sources)
