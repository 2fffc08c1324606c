"""Which folder of mappings a path on the command line belongs to."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bridge.mappings import NOT_MAPPINGS, SOURCES_FILE


def by_folder(paths: Iterable[Path], configured: Path) -> Iterator[tuple[Path, list[Path] | None]]:
    """Give each folder whole, and files with the folder that their sources are declared in.

    A file that declares them is no mapping: it stands for its folder, with no files of its own.
    """
    files: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_dir():
            yield path, None
        else:
            folder = _folder_of(path, configured)
            listed = files.setdefault(folder, [])
            if path.parent != folder or path.name not in NOT_MAPPINGS:
                listed.append(path)
    yield from files.items()


def _folder_of(file: Path, configured: Path) -> Path:
    """Find the folder of mappings around a file: the one in use, else the nearest one that declares sources."""
    for parent in file.parents:
        if parent.resolve() == configured.resolve() or (parent / SOURCES_FILE).is_file():
            return parent
    return file.parent
