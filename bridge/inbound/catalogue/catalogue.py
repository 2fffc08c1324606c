"""The catalogue of providers: one YAML file each in this folder, no code. An entry is read when it is asked for."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from bridge.located import MappingNode, parse_yaml

_ENDING = ".yaml"


class _Catalogue(Mapping[str, MappingNode]):
    """Every provider's entry by its name. The files are ours, and their shape is tested."""

    def __init__(self) -> None:
        self._folder = files("bridge.inbound.catalogue")
        found = (file.name for file in self._folder.iterdir())
        self._names = tuple(sorted(name.removesuffix(_ENDING) for name in found if name.endswith(_ENDING)))
        self._entries: dict[str, MappingNode] = {}

    def __getitem__(self, name: str) -> MappingNode:
        if name not in self._entries:
            if name not in self._names:
                raise KeyError(name)
            self._entries[name] = self._read(name + _ENDING)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def _read(self, file: str) -> MappingNode:
        entry = parse_yaml(file, self._folder.joinpath(file).read_bytes())
        assert isinstance(entry, MappingNode)  # noqa: S101 - every file of the folder is tested to be one
        return entry


@lru_cache(maxsize=1)
def providers() -> Mapping[str, MappingNode]:
    """Give every provider's entry by its name; which there are is looked up once."""
    return _Catalogue()


def entry_text(name: str) -> str:
    """Give a provider's entry as it is written."""
    return files("bridge.inbound.catalogue").joinpath(name + _ENDING).read_text(encoding="utf-8")
