"""The catalogue of providers: `catalogue.yaml` in the package, one entry each, no code."""

from functools import lru_cache
from importlib.resources import files

from bridge.located import MappingNode, parse_yaml


@lru_cache(maxsize=1)
def providers() -> dict[str, MappingNode]:
    """Give every provider's entry by its name. Read once; the file is ours and its shape is tested."""
    root = parse_yaml("catalogue.yaml", files("bridge.inbound").joinpath("catalogue.yaml").read_bytes())
    entries = root.entries if isinstance(root, MappingNode) else ()
    return {entry.name: entry.value for entry in entries if isinstance(entry.value, MappingNode)}
