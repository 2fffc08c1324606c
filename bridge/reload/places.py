"""Which folders must be watched so that no change of the mappings is missed.

The folders that hold mappings, and whatever decides where their paths lead: the folder around each
symbolic link on the way, because a swapped link is seen there only, and around the first part of a
path that is missing, because that is where it comes back. Everything is named by its real path.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.mappings import mapping_files, searched_folders

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
    ways = [absolute]
    folders: set[Path] = set()
    if absolute.is_dir():
        searched = list(searched_folders(absolute))
        folders.update(map(_real, searched))
        ways += [path for path in (*searched, *mapping_files(absolute), absolute / "sources.yaml") if path.is_symlink()]
    return Places(frozenset(folders), frozenset(turn for way in ways for turn in _turns(way)))


def _turns(way: Path) -> Iterator[Path]:
    """Name what decides where a path leads: each link, the first part that is missing, a file behind a link."""
    followed: set[Path] = set()
    yield from _follow(way, followed)
    real = _real(way)
    if followed and real.is_file():
        yield real


def _follow(way: Path, followed: set[Path]) -> Iterator[Path]:
    for part in (*reversed(way.parents), way):
        if part.is_symlink():
            link = _real(part.parent) / part.name
            if link in followed:
                return
            followed.add(link)
            yield link
            yield from _follow(link.parent / part.readlink(), followed)
        if not part.exists():
            # The folder around a link is there; behind a broken link, the missing part was named already.
            if not part.is_symlink() and part.parent.exists():
                yield _real(part.parent) / part.name
            return


def _real(path: Path) -> Path:
    """Follow every link; a circle of links, at which `Path.resolve` raises, is left as it is."""
    return Path(os.path.realpath(path))


def _is_an_editors(name: str) -> bool:
    """Tell a file that an editor keeps beside the one that it edits: a swap file, a lock, a backup."""
    return (name.startswith(".") and name != _SWAPPED) or name.endswith("~")
