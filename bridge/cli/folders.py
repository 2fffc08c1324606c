"""Which folder of mappings a path on the command line belongs to."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from bridge.existence import is_file, is_folder
from bridge.mappings import NOT_MAPPINGS, SOURCES_FILE


def by_folder(paths: Iterable[Path], configured: Path) -> Iterator[tuple[Path, list[Path] | None]]:
    """Give each folder whole, and files with the folder that their sources are declared in.

    A file that declares them is no mapping: it stands for its folder, with no files of its own.
    """
    files: dict[Path, list[Path]] = {}
    for path in paths:
        if is_folder(path):
            yield path, None
        else:
            folder = _folder_of(path, configured)
            listed = files.setdefault(folder, [])
            if path.parent != folder or path.name not in NOT_MAPPINGS:
                listed.append(path)
    yield from files.items()


def _folder_of(file: Path, configured: Path) -> Path:
    """Find the folder of mappings around a file: the one in use, else the nearest one that declares sources."""
    in_use = os.path.realpath(configured)
    for parent in file.parents:
        if os.path.realpath(parent) == in_use or is_file(parent / SOURCES_FILE):
            return parent
    return file.parent
