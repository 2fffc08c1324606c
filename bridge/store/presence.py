"""Whether the database file is still the one that was opened.

SQLite goes on writing to a file that was deleted or replaced. Nobody finds again what was
acknowledged then, so it is refused instead.
"""

import os
from pathlib import Path

from bridge.errors import StoreUnavailable


class Presence:
    """One open file, by its identity on the disk; `path` None is a database in memory, which is always there."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._identity = None if path is None else _identity(path)

    def confirm(self) -> None:
        """Raise `StoreUnavailable` where the path leads to no file, or to another."""
        if self._path is not None and _identity(self._path) != self._identity:
            message = f"{self._path.name} was removed or replaced while it was open; start the bridge again"
            raise StoreUnavailable(message)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time, on the way of every batch
    except OSError:
        return None
    return found.st_dev, found.st_ino
