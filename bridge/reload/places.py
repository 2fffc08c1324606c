"""Which folders must be watched so that no change of the mappings is missed.

The folders that hold mappings, and whatever decides where their paths lead: the folder around each
symbolic link on the way, because a swapped link is seen there only, and around the first part of a
path that is missing, because that is where it comes back. Everything is named by its real path.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from bridge.mappings import SOURCES_FILE, mapping_files, searched_folders

_SWAPPED = "..data"
"""The link by which Kubernetes swaps all files of a ConfigMap at once; the only hidden name that counts."""


@dataclass(frozen=True, slots=True)
class Places:
    """What counts: everything in `folders` that is no editor's own file, and whatever is in `named`."""

    folders: frozenset[Path]
    named: frozenset[Path]

    @property
    def watched(self) -> frozenset[Path]:
        """The folders to watch, each by itself, without those below it."""
        return self.folders | {path.parent for path in self.named}

    def count(self, changed: Path) -> bool:
        """Tell whether a change there may change the configuration."""
        if changed in self.named or changed in self.folders:
            return True
        return changed.parent in self.folders and not _is_an_editors(changed.name)


def find_places(folder: Path) -> Places:
    """Look where the mappings of a folder stand at the moment. Raises `OSError` where that cannot be read."""
    absolute = folder.absolute()
    walk = _Walk()
    walk.follow(absolute)
    folders: set[Path] = set()
    if absolute.is_dir():
        searched = list(searched_folders(absolute))
        folders.update(map(walk.real, searched))
        for path in (*searched, *mapping_files(absolute), absolute / SOURCES_FILE):
            if path.is_symlink():
                walk.follow(path)
    return Places(frozenset(folders), frozenset(walk.named))


class _Walk:
    """Follows paths and names what decides where they lead: links, files behind links, the first part that is missing.

    What several paths have in common is looked at once.
    """

    def __init__(self) -> None:
        self.named: set[Path] = set()
        self._seen: set[Path] = set()
        self._real: dict[Path, Path] = {}

    def real(self, path: Path) -> Path:
        """Follow every link; a circle of links, at which `Path.resolve` raises, is left as it is."""
        if path not in self._real:
            self._real[path] = Path(os.path.realpath(path))
        return self._real[path]

    def follow(self, way: Path, *, is_behind_a_link: bool = False) -> None:
        for part in (*reversed(way.parents), way):
            if part in self._seen:
                continue
            self._seen.add(part)
            if part.is_symlink():
                here = self.real(part.parent)
                self.named.add(here / part.name)
                self.follow(here / part.readlink(), is_behind_a_link=True)
            elif not part.exists():
                if part.parent.exists():
                    self.named.add(self.real(part.parent) / part.name)
                return
            elif is_behind_a_link and part == way and part.is_file():
                self.named.add(self.real(part.parent) / part.name)


def _is_an_editors(name: str) -> bool:
    """Tell a file that an editor keeps beside the one that it edits: a swap file, a lock, a backup."""
    return (name.startswith(".") and name != _SWAPPED) or name.endswith("~")
