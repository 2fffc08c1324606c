"""Opening SQLite: what a URL means, the engines, and the settings that durability rests on.

The write-ahead log with `synchronous=FULL`: a commit is on the disk before anybody hears of
it, and readers never wait. The writer's connection never checkpoints by itself; see
`checkpoints.py`. Transactions begin by our own word, because the driver would begin them late.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, StaticPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from bridge.errors import StoreUnavailable, StoreUnusable
from bridge.existence import is_file, is_folder

_BEGIN_WRITING = "BEGIN IMMEDIATE"

PAGE_BYTES = 8192
"""The page of a new database file: three usual webhooks share one, where each would waste half a smaller one."""

READERS = 12
"""Connections that may read at once: one for each delivery in flight, which renders on it, two for the looks of
deliveries and rebuilds, and two for those of people.
"""

_STEPS_BETWEEN_LOOKS = 50_000
"""Of SQLite's own machine, between looks at the clock: about a millisecond."""


KEPT_LOG_BYTES = 64 * 2**20
"""To which size the write-ahead log is cut when it starts over, where a long look had let it grow beyond."""

LEAST_ROOM_BYTES = 2**20
"""With less than this free a start that failed is said to have failed for want of room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the store lives: a file, or (`path` None) the memory of this process alone."""

    path: Path | None

    @classmethod
    def at(cls, url: str) -> "Database":
        """Read an SQLAlchemy URL.

        Raises `StoreUnusable` where it is none, names another engine, or its folder is missing.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreUnusable("PINBRIDGE_DATABASE is no database URL; write sqlite:///pinbridge.db") from error
        if parsed.get_backend_name() != "sqlite":
            raise StoreUnusable(f"{parsed.get_backend_name()!r} is not supported yet; write sqlite:///pinbridge.db")
        if parsed.database in {None, "", ":memory:"}:
            return cls(path=None)
        # By its own name: two links to one file must meet at one lock.
        path = Path(str(parsed.database)).resolve()
        if not is_folder(path.parent):
            raise StoreUnusable(f"{path}: the folder {str(path.parent)!r} does not exist")
        return cls(path=path)

    def __str__(self) -> str:
        return "the database in memory" if self.path is None else str(self.path)


def existing(database: Database) -> Path:
    """Give the file of a database; raises `StoreUnusable` where there is none."""
    if database.path is None or not is_file(database.path):
        raise StoreUnusable(f"{database}: there is no database yet; start `pinbridge serve` once")
    return database.path


def create_file(path: Path) -> None:
    """Make the file, if there is none: readable by its user alone, as SQLite makes those beside it then.

    Raises `StoreUnusable`.
    """
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreUnusable(f"{path}: it cannot be opened: {error.strerror}") from error


def writing_engine(database: Database, *, busy_wait_s: float) -> Engine:
    """Give the engine of the one connection that writes; another process's lock is waited for `busy_wait_s`."""
    engine = create_engine(
        URL.create("sqlite", database=str(database.path or ":memory:")),
        poolclass=StaticPool,
        hide_parameters=True,  # an error's text goes to the log, and they may be a payload or a key
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "timeout": busy_wait_s,
            "cached_statements": 512,
        },
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (
            f"page_size={PAGE_BYTES}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "wal_autocheckpoint=0",
            f"journal_size_limit={KEPT_LOG_BYTES}",
            # Some builds overwrite what is deleted: each page of it would go through the log.
            "secure_delete=FAST",
            "foreign_keys=ON",
            "cache_size=-16384",
            # Else each statement that gives rows back opens a file for them.
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(path: Path) -> Engine:
    """Give an engine whose connections can only read; each transaction sees one moment."""
    # The driver's own URI, because a read-only file is not expressible otherwise.
    address = f"{path.absolute().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            address, uri=True, check_same_thread=False, isolation_level=None, cached_statements=128
        ),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        # Each keeps up to 2 MB of pages: so only those fill that are needed at once.
        pool_use_lifo=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def refusals(database: Database) -> Iterator[None]:
    """Translate what the engine says while a database is opened into `StoreUnusable`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        # The bare class is what the driver raises for a damaged file.
        if type(reason) is sqlite3.DatabaseError:
            raise StoreUnusable(
                f"{database}: it is damaged ({reason}); `pinbridge restore FILE` puts a backup in its place, or move it"
                " away together with its -wal and -shm to begin with none"
            ) from error
        raise StoreUnusable(f"{database}: it cannot be opened: {reason}{_room(database.path)}") from error


def _room(path: Path | None) -> str:
    """Say that the disk is full, if it is: SQLite, which cannot even make its files then, only tells of the failure."""
    is_full = path is not None and shutil.disk_usage(path.parent).free < LEAST_ROOM_BYTES
    return "; its disk has no room left, make some" if is_full else ""


@contextmanager
def outages() -> Iterator[None]:
    """Translate what says that the database takes nothing now into `StoreUnavailable`; other errors pass."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        # The bare class is what the driver raises for a damaged file.
        if type(reason) is sqlite3.DatabaseError:
            raise StoreUnavailable(
                f"the database is damaged ({reason}); stop the bridge, and `pinbridge restore` a backup"
            ) from error
        if isinstance(reason, sqlite3.OperationalError | sqlite3.InternalError):
            raise StoreUnavailable(f"the database does not answer: {reason}") from error
        raise


@contextmanager
def bounded(connection: Connection, most_s: float) -> Iterator[None]:
    """Let what is read take so long at most. Raises `StoreUnavailable` where that is over."""
    driver: Any = connection.connection.driver_connection
    give_up_at = time.monotonic() + most_s
    driver.set_progress_handler(lambda: time.monotonic() > give_up_at, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        if time.monotonic() <= give_up_at:
            raise
        raise StoreUnavailable(f"reading this took longer than {most_s:g} s; ask for less, or later") from error
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def writing(connection: Connection) -> Iterator[Any]:
    """Give the driver's cursor inside a transaction, committed at the end and rolled back where it raises.

    For the ingest path: what SQLAlchemy does around a transaction costs as much as ten events.
    """
    driver = connection.connection
    cursor = driver.cursor()
    try:
        cursor.execute(_BEGIN_WRITING)
        try:
            yield cursor
            driver.commit()
        except BaseException:
            driver.rollback()
            raise
    finally:
        cursor.close()


@contextmanager
def not_waiting_for_the_disk(connection: Connection) -> Iterator[None]:
    """Let what is committed meanwhile reach the disk with the next commit that waits for it, or not at all.

    Commits reach it in their order all the same. For what nobody was told of, and is done again where it was lost.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA synchronous=NORMAL").close()
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous=FULL").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql(_BEGIN_WRITING)
