"""A file that has its name only once it is whole and on the disk: until then it lies beside as `NAME.part`.

It is readable by its user alone, and nothing is overwritten. What a process that was killed has left is cleared away.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bridge.errors import OperatorError

SYNCED_BYTES = 2**20
"""How much is written at most before it is brought to the disk: commits would wait behind gigabytes of it."""


class Draft:
    """An empty file to be filled, in a `with`; gone after it, unless it was published. Raises `OperatorError`."""

    def __init__(self, target: Path) -> None:
        """Make the file; refuses while another process fills it."""
        self.path = draft_of(target)
        self._target = target
        self._synced_bytes = 0
        self._is_published = False
        try:
            self._clear_away()
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise self._refusal(error) from error
        if not self._is_ours():
            os.close(self._file)
            raise self._taken()

    def note(self, written_bytes: int) -> None:
        """Take in how much was written so far; brings it to the disk little by little."""
        if written_bytes - self._synced_bytes >= SYNCED_BYTES:
            self._synced_bytes = written_bytes
            try:
                os.fdatasync(self._file)
            except OSError as error:
                raise self._refusal(error) from error

    def publish(self, *, over: bool = False) -> None:
        """Give the file its name, and return once it is on the disk under it; with `over` in the place of another."""
        try:
            os.fsync(self._file)
            if over:
                self.path.replace(self._target)
            else:
                # Unlike a renaming this refuses where somebody was faster.
                self._target.hardlink_to(self.path)
                self.path.unlink()
            self._is_published = True
            sync_folder(self._target.parent)
        except OSError as error:
            raise self._refusal(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Once it was published, another may have a draft of this name.
        if not self._is_published:
            with suppress(FileNotFoundError):
                self.path.unlink()
        os.close(self._file)

    def _clear_away(self) -> None:
        try:
            left = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.path.unlink()
        except BlockingIOError as error:
            raise self._taken() from error
        finally:
            os.close(left)

    def _is_ours(self) -> bool:
        """Lock the file; tells whether nobody took it for one that was left before, and cleared it away."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(self._file), self.path.stat())
        except (BlockingIOError, FileNotFoundError):
            return False

    def _taken(self) -> OperatorError:
        return OperatorError(f"{self.path}: is being written by another process")

    def _refusal(self, error: OSError) -> OperatorError:
        return OperatorError(f"{self._target}: it cannot be written: {error.strerror}")


def draft_of(target: Path) -> Path:
    """Give where a file lies until it is whole."""
    return target.with_name(f"{target.name}.part")


def sync_folder(folder: Path) -> None:
    """Bring to the disk which names lie in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
