"""The two files beside an SQLite database: `.lock`, held for life, and `.running`, how to reach its holder.

One process writes a database. The lock is the operating system's, so that it goes with the
process, however that ends; the file's content only names the holder.
"""

import fcntl
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import structlog

from bridge.errors import StoreUnusable
from bridge.store.database import Database

_LOOK_EVERY_S = 0.05

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A bridge that runs on a database: where its API listens, and the token of this start."""

    address: str
    token: str


class Lock:
    """The right to write a database; held from construction until `release`."""

    def __init__(self, path: Path, *, wait_s: float) -> None:
        """Take the lock, waiting at most `wait_s`; raises `StoreUnusable` naming the holder."""
        self._running = _running_path(path)
        lock = _lock_path(path)
        try:
            self._file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnusable(f"{lock}: cannot be opened: {error.strerror}") from error
        if not self._take(wait_s):
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreUnusable(f"{path}: in use by the process {holder}; one process writes an SQLite database")
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._file)
            raise StoreUnusable(f"{lock}: cannot be written: {error.strerror}") from error

    def announce(self, running: Running) -> None:
        """Write how to reach this process; readable by its user alone, complete or not there.

        Raises `StoreUnusable`, on a full disk say.
        """
        draft = self._running.with_name(f"{self._running.name}.new")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(orjson.dumps(asdict(running)))
            draft.replace(self._running)
        except OSError as error:
            raise StoreUnusable(f"{self._running}: cannot be written: {error.strerror}") from error

    def release(self) -> None:
        """Give the lock back; nobody is announced any more."""
        try:
            self._running.unlink(missing_ok=True)
        except OSError as error:
            # Without the lock it counts for nothing.
            log.warning("running_file_left", file=str(self._running), reason=error.strerror)
        finally:
            os.close(self._file)

    def _take(self, wait_s: float) -> bool:
        give_up_at = time.monotonic() + wait_s
        while not _try_lock(self._file):
            if time.monotonic() >= give_up_at:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True


def read_running(url: str) -> Running | None:
    """Say how to reach the bridge that runs on a database; None where none does.

    Raises `StoreUnusable` where the file is there and cannot be read.
    """
    path = Database.at(url).path
    if path is None or not _is_held(_lock_path(path)):
        return None
    try:
        return Running(**orjson.loads(_running_path(path).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StoreUnusable(f"{_running_path(path)}: cannot be read: {error}") from error


def _is_held(lock: Path) -> bool:
    try:
        file = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreUnusable(f"{lock}: cannot be opened: {error.strerror}") from error
    try:
        return not _try_lock(file)
    finally:
        os.close(file)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_path(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")


def _running_path(database: Path) -> Path:
    return database.with_name(f"{database.name}.running")
