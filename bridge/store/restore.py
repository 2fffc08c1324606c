"""Putting a backup in the place of the database, while no bridge runs on it.

The backup is read whole and written anew beside the database, without the room that deleted rows took; only then does
it take the name. What was there before stays, under another. A crash at any moment leaves the one or the other.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import disk_usage

from bridge.errors import OperatorError, StoreUnusable
from bridge.existence import is_file, is_there
from bridge.instants import to_micros
from bridge.store.backup import FORGET_WHAT_IS_SHOWN, Kept, describe, read_schema, reading, writable
from bridge.store.bookings import DOUBT_REST
from bridge.store.budget import REQUEST_DEADLINE
from bridge.store.database import Database
from bridge.store.drafts import Draft, sync_folder
from bridge.store.log_head import check_log
from bridge.store.schema import check_known
from bridge.store.side_files import Lock
from bridge.store.soundness import check

_REST = REQUEST_DEADLINE + DOUBT_REST
"""What the last bridge sent may be applied so much later; nothing is sent before."""

# Each pin gets a row, also one that was first sent since the backup.
_LET_ALL_REST = """
    INSERT INTO deliveries (pin, destination, sent_revision, failures, code, message, not_before)
    SELECT pin, '', 0, 0, '', '', :until FROM pins WHERE true
    ON CONFLICT (pin) DO UPDATE SET not_before = max(coalesce(deliveries.not_before, 0), excluded.not_before)
"""

_KEEP_THE_BUDGET = "INSERT OR REPLACE INTO sends SELECT * FROM before.sends"
"""What was sent since the backup counts, as far as the database from before can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the database holds now, and where the one from before lies; None where there was none."""

    kept: Kept
    before: Path | None


def restore(url: str, backup: Path, now: datetime) -> Restored:
    """Put a backup in the place of the database.

    Raises `StoreUnusable` while a bridge runs, or where the backup is damaged or of a newer release, `OperatorError`
    where the disk does not take it.
    """
    path = Database.at(url).path
    if path is None:
        raise StoreUnusable("PINBRIDGE_DATABASE names no file; write sqlite:///pinbridge.db")
    if not is_file(backup):
        raise StoreUnusable(f"{backup}: there is no such file")
    with _alone(path), Draft(path) as draft:
        _write_anew(backup, draft.path)
        there_was_one = is_there(path)
        if there_was_one:
            _settle(path)
        kept = _make_ready(draft.path, path if there_was_one else None, now)
        before = _keep_aside(path, now) if there_was_one else None
        draft.publish(over=True)
    return Restored(kept=kept, before=before)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep every bridge off the database meanwhile."""
    lock = Lock(path, wait_s=0)
    try:
        yield
    finally:
        lock.release()


def _write_anew(backup: Path, draft: Path) -> None:
    """Check a backup and copy it; whatever is wrong with it concerns nothing else."""
    try:
        with reading(backup) as connection:
            check(connection)
            check_known(read_schema(connection))
            _compact(connection, draft)
    except sqlite3.Error as error:
        raise StoreUnusable(f"{backup}: it cannot be read ({error}); take another backup") from error
    except StoreUnusable as error:
        raise StoreUnusable(f"{backup}: {error}") from error


def _compact(connection: sqlite3.Connection, draft: Path) -> None:
    try:
        connection.execute("VACUUM INTO ?", (str(draft),))
    except sqlite3.OperationalError as error:
        free_mib = disk_usage(draft.parent).free >> 20
        raise OperatorError(f"{draft}: it cannot be written: {error} ({free_mib:,} MiB are free)") from error


def _make_ready(draft: Path, before: Path | None, now: datetime) -> Kept:
    """Let every pin be sent anew, once nothing of before can come after it."""
    with writable(draft) as connection:
        connection.execute(FORGET_WHAT_IS_SHOWN)
        connection.execute(_LET_ALL_REST, {"until": to_micros(now) + _REST})
        if before is not None:
            _carry_budget(connection, before)
        return describe(draft, connection)


def _carry_budget(connection: sqlite3.Connection, before: Path) -> None:
    try:
        connection.execute("ATTACH ? AS before", (str(before),))
        connection.execute(_KEEP_THE_BUDGET)
    except sqlite3.Error:
        # Damaged, of another schema, or none: then Pindown itself says when it is too much.
        return


def _settle(path: Path) -> None:
    """Bring a database's log into it, so that one file holds everything; what is damaged is left as it is."""
    try:
        check_log(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except (sqlite3.Error, StoreUnusable):
        return


def _keep_aside(path: Path, now: datetime) -> Path:
    """Give the database and what is left of its log another name beside; the log is gone from here then."""
    aside = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
    try:
        for suffix in ("", "-wal"):
            named = path.with_name(f"{path.name}{suffix}")
            if is_there(named):
                aside.with_name(f"{aside.name}{suffix}").hardlink_to(named)
        sync_folder(path.parent)
        # Not before all is kept, and before the other database comes, which it would spoil.
        for suffix in ("-wal", "-shm"):
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise OperatorError(f"{aside}: the database cannot be kept there: {error.strerror}") from error
    return aside
