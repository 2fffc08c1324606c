"""Keeping SQLite's write-ahead log short without making a commit wait for it.

A thread of its own copies the log into the database while commits go on. What was added
meanwhile is left to one short checkpoint by the writer, between two commits; the log then
starts over, unless somebody reads what stands in it. Where such readers follow each other without
a gap and it has grown, the writer waits a moment for those that are there: those that come then
read the database alone. The thread sleeps until the writer says that enough was written: no timers.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

PAGES = 2048
"""About how many changed pages (of 8 KiB) are worth a checkpoint."""

WAITS = 2
"""From how many times that length on readers are waited for."""

WAIT_MS = 50
"""How long at most. In vain where a backup reads; then it is tried once the log is twice as long."""

log = structlog.get_logger()


class Checkpointer:
    """Copies the log of one database file; `note` and `finish` belong to the writer's thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pages = 0
        self._too_long = WAITS * PAGES
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
            length = _checkpoint(connection).length
            if length >= self._too_long:
                self._too_long = WAITS * (PAGES if _start_over(connection) else length)

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
                if _checkpoint(connection).is_taken:
                    self._copied.set()
        finally:
            connection.close()


class _Copied(NamedTuple):
    """Whether the database took what could be copied, how many pages the log has, and whether it starts over."""

    is_taken: bool
    length: int
    starts_over: bool


def _checkpoint(connection: sqlite3.Connection, mode: Literal["PASSIVE", "RESTART"] = "PASSIVE") -> _Copied:
    """Copy what can be copied, by default without waiting for anybody."""
    try:
        busy, length, copied = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    except sqlite3.Error as error:
        # A full or broken disk refuses commits too, and it is there that somebody is told.
        log.warning("store_checkpoint_failed", reason=str(error))
        return _Copied(is_taken=False, length=0, starts_over=False)
    return _Copied(is_taken=True, length=length, starts_over=not busy and length == copied)


def _start_over(connection: sqlite3.Connection) -> bool:
    """Wait for those who read the log, so that the next commit stands at its beginning; gives whether it will."""
    (usual_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout={WAIT_MS}").close()
    try:
        return _checkpoint(connection, "RESTART").starts_over
    finally:
        connection.execute(f"PRAGMA busy_timeout={usual_ms}").close()
