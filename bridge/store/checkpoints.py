"""Keeping SQLite's write-ahead log short without making a commit wait for it.

A thread of its own copies the log into the database while commits go on. What was added
meanwhile is left to one short checkpoint by the writer, between two commits; the log then
starts over. The thread sleeps until the writer says that enough was written: no timers.
"""

import sqlite3
import threading
from pathlib import Path

import structlog

PAGES = 2048
"""About how many changed pages (of 8 KiB) are worth a checkpoint."""

log = structlog.get_logger()


class Checkpointer:
    """Copies the log of one database file; `note` and `finish` belong to the writer's thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pages = 0
        self._wanted = threading.Event()
        self._copied = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="store-checkpoints", daemon=True)
        self._thread.start()

    def note(self, pages: int) -> None:
        """Count what was written; wakes the thread once that is enough."""
        self._pages += pages
        if self._pages >= PAGES:
            self._pages = 0
            self._wanted.set()

    def finish(self, connection: sqlite3.Connection) -> None:
        """Copy the little that came since the thread's copy, so that the log can start over."""
        if self._copied.is_set():
            self._copied.clear()
            _checkpoint(connection)

    def close(self) -> None:
        """End the thread."""
        self._stopping = True
        self._wanted.set()
        self._thread.join()

    def _work(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            while self._wanted.wait() and not self._stopping:
                self._wanted.clear()
                if _checkpoint(connection):
                    self._copied.set()
        finally:
            connection.close()


def _checkpoint(connection: sqlite3.Connection) -> bool:
    """Copy what can be copied without waiting for anybody; says whether the database took it."""
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
    except sqlite3.Error as error:
        # A full or broken disk refuses commits too, and it is there that somebody is told.
        log.warning("store_checkpoint_failed", reason=str(error))
        return False
    return True
