"""The folder of mappings on disk: which files are mappings, and what stands in them.

A folder may change while it is read. What vanishes on the way counts as if it had not been there.
"""

import os
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from bridge.errors import ConfigurationError, Problem
from bridge.existence import is_folder
from bridge.located import MAX_BYTES, surrogate_in

SOURCES_FILE = "sources.yaml"
"""Where a folder of mappings declares its sources."""

NOT_MAPPINGS = frozenset({SOURCES_FILE, "sources.yml"})
"""What stands in the folder itself under one of these names is no mapping."""

_SUFFIXES = frozenset({".yaml", ".yml"})
_NOT_SEARCHED = "samples"
NO_FOLDER = "there is no such folder of mappings; PINBRIDGE_MAPPINGS names another"
NO_TEXT = "this name is not UTF-8 text, so no mapping can have it; rename the file or the folder"


def read_mappings(folder: Path, only: Collection[Path] | None = None) -> tuple[dict[str, bytes], list[Problem]]:
    """Read every `*.yaml` and `*.yml` below a folder, but `sources.yaml`, `samples/` and hidden ones.

    Where `only` is given, read those files of the folder and no others. Gives the bytes by path in the
    folder, and what could not be read. Raises `ConfigurationError` where there
    is no folder, or one that cannot be listed.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in list_mappings(folder) if only is None else sorted(only):
        if surrogate_in(str(path)) is not None:
            problems.append(Problem(file=str(path), message=NO_TEXT))
            continue
        try:
            files[path.relative_to(folder).as_posix()] = read_bounded(path)
        except OSError as error:
            if only is None and isinstance(error, FileNotFoundError):
                continue
            problems.append(Problem(file=str(path), message=f"cannot be read: {error.strerror}"))
    # Asked last: a folder that vanished meanwhile must not pass for one without mappings.
    if not is_folder(folder):
        raise ConfigurationError([Problem(file=str(folder), message=NO_FOLDER)])
    return files, problems


def list_mappings(folder: Path) -> list[Path]:
    """List the files that are mappings, in order. Raises `ConfigurationError` where the folder cannot be listed."""
    try:
        return sorted(mapping_files(folder))
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ConfigurationError([Problem(file=str(error.filename or folder), message=message)]) from error


def read_bounded(path: Path) -> bytes:
    """Read a file, or one byte more than a YAML file may have."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def mapping_files(folder: Path) -> Iterator[Path]:
    """List the files that are mappings."""
    for searched in searched_folders(folder):
        for path in _entries(searched):
            left_out = searched == folder and path.name in NOT_MAPPINGS
            if path.suffix in _SUFFIXES and not left_out and path.is_file():
                yield path


def searched_folders(folder: Path) -> Iterator[Path]:
    """List the folder and those below it that may hold mappings.

    A link to a folder is followed, as container platforms mount nested files; but each folder is searched once,
    under its own path rather than a link's, so that links to each other end.
    """
    own, linked = deque([folder]), deque[Path]()
    seen: set[str] = set()
    while own or linked:
        here = (own or linked).popleft()
        real = os.path.realpath(here)
        if real in seen:
            continue
        seen.add(real)
        yield here
        for path in sorted(_entries(here)):
            if path.name != _NOT_SEARCHED and path.is_dir():
                (linked if path.is_symlink() else own).append(path)


def _entries(folder: Path) -> list[Path]:
    """List what stands in a folder and is not hidden; nothing, where it has vanished."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    return []
