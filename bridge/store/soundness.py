"""Whether a database is sound, asked at each start for a moment: its tables are read, the small ones first.

A page that was damaged on the disk is found here, or by the webhook that comes to need it, or by the next backup,
which reads everything. To read all of a large database at each start would keep webhooks waiting for minutes.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bridge.store.tables import metadata

MOMENT_S = 0.25
"""How long a start looks for damage at most; some hundred megabytes, where the system has them in memory."""

_GROWING = ("state", "item_keys", "attempts", "seen", "events")
"""The tables that grow with what comes in, the largest last; the others stay small."""


def tables_to_read() -> list[str]:
    """Name every table, in the order in which they are read."""
    small = [name for name in metadata.tables if name not in _GROWING]
    return ["alembic_version", *small, *_GROWING]


def look_for_damage(path: Path, *, most_s: float = MOMENT_S) -> None:
    """Read the tables of a database, as far as one gets in a moment; raises `sqlite3.DatabaseError` for damage."""
    # On a connection of its own, so that the writer keeps its memory for the pages that webhooks need.
    address = f"{path.as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)) as connection,
        _interrupted_after(most_s, connection) as is_over,
    ):
        for table in tables_to_read():
            if is_over():
                return
            try:
                check(connection, table)
            except sqlite3.OperationalError:
                if is_over():
                    return
                raise


@contextmanager
def _interrupted_after(most_s: float, connection: sqlite3.Connection) -> Iterator[Callable[[], bool]]:
    """End what runs on a connection after some time; gives what tells whether that is over."""
    done, over = threading.Event(), threading.Event()

    def watch() -> None:
        if not done.wait(most_s):
            over.set()
            # Again and again, since what is not under way yet is not interrupted.
            while not done.wait(0.01):
                connection.interrupt()

    watching = threading.Thread(target=watch, name="store-check", daemon=True)
    watching.start()
    try:
        yield over.is_set
    finally:
        done.set()
        watching.join()


def check(connection: sqlite3.Connection, table: str | None = None) -> None:
    """Read a table, or a database whole; raises `sqlite3.DatabaseError` where it is damaged."""
    found: str = connection.execute(f"PRAGMA quick_check({table or 1})").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found.splitlines()[-1])
