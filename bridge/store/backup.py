"""Copying a database while a bridge writes to it: whole, as it stood at one moment, and found good.

The copy is made page by page inside one read transaction, which no commit waits for. While it lasts, the write-ahead
log cannot start over, so it grows by what is committed meanwhile. The copy is one file without a log beside it, and
it claims nothing about the dashboard: put in place of the database, by whatever means, it sends every pin anew.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from bridge.errors import OperatorError, StoreUnusable
from bridge.existence import is_there
from bridge.instants import maybe_instant
from bridge.store.database import Database, existing, refusals
from bridge.store.drafts import Draft, draft_of
from bridge.store.soundness import check

PAGES = 128
"""How many pages (of 8 KiB) are copied between two reports and rests."""

RESTS = 1
"""How many times as long as some pages took the disk is left to webhooks, whose commits wait for what stands before."""

Tell = Callable[[int, int], None]
"""Takes how many bytes are copied, and of how many."""

_BESIDE = ("-wal", "-shm", "-journal", ".lock", ".running")
"""What the names of files beside a database end with; a copy under one of them would be taken for it."""

FORGET_WHAT_IS_SHOWN = "UPDATE deliveries SET destination = ''"
"""What was sent since is not in a copy. A pin that was sent to another place is sent anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a copy holds: its size, and the number and arrival of its newest event (0 and None without any)."""

    size_bytes: int
    newest: int
    newest_at: datetime | None


def back_up(url: str, target: Path, tell: Tell) -> Kept:
    """Copy a database into a file that is not there yet.

    Raises `StoreUnusable` where the database cannot be read, or the file is there, `OperatorError` where that cannot be
    written.
    """
    database = Database.at(url)
    source = existing(database)
    if is_there(target):
        raise StoreUnusable(f"{target}: is there already, and nothing is overwritten; name another file")
    if _belongs_to(source, target):
        raise StoreUnusable(f"{target}: is a name that the database has need of; name another file")
    with Draft(target) as draft, refusals(database):
        with reading(source) as connection:
            connection.execute("BEGIN")
            read_schema(connection)
            _copy(connection, draft, tell)
        kept = _finish(draft.path)
        draft.publish()
    return kept


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        # There may be nowhere else to write.
        connection.execute("PRAGMA temp_store=MEMORY")
        yield connection


def _belongs_to(database: Path, target: Path) -> bool:
    """Tell whether a file, or its draft, would stand in the place of the database, or of one beside it."""
    places = {database, *(database.with_name(f"{database.name}{ending}") for ending in _BESIDE)}
    resolved = Path(os.path.realpath(target))
    return not places.isdisjoint({resolved, draft_of(resolved)})


def read_schema(connection: sqlite3.Connection) -> str:
    """Read which schema a database has; raises `StoreUnusable` where it is not the bridge's."""
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        raise StoreUnusable(f"no database of a bridge ({error})") from error
    if found is None:
        raise StoreUnusable("no database of a bridge (it was never brought up)")
    return str(found[0])


def describe(path: Path, connection: sqlite3.Connection) -> Kept:
    """Say what a database holds."""
    newest = connection.execute("SELECT number, received_at FROM events ORDER BY number DESC LIMIT 1").fetchone()
    number, received_at = newest or (0, None)
    return Kept(size_bytes=path.stat().st_size, newest=number, newest_at=maybe_instant(received_at))


def _copy(source: sqlite3.Connection, draft: Draft, tell: Tell) -> None:
    page_bytes: int = source.execute("PRAGMA page_size").fetchone()[0]

    began_at = monotonic()

    def report(_status: int, remaining: int, total: int) -> None:
        nonlocal began_at
        copied = (total - remaining) * page_bytes
        draft.note(copied)
        tell(copied, total * page_bytes)
        sleep(RESTS * (monotonic() - began_at))
        began_at = monotonic()

    with writable(draft.path) as target:
        source.backup(target, pages=PAGES, progress=report)


def _finish(path: Path) -> Kept:
    """Check the copy, and let it claim nothing about the dashboard."""
    with writable(path) as connection:
        check(connection)
        connection.execute(FORGET_WHAT_IS_SHOWN)
        return describe(path, connection)


@contextmanager
def writable(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a draft; it is brought to the disk as a whole, and thrown away where anything fails."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            # One file, with no log to be found beside it.
            connection.execute("PRAGMA journal_mode=OFF")
            yield connection
    except sqlite3.OperationalError as error:
        raise OperatorError(f"{path}: it cannot be written: {error}") from error
