"""Copies of a database, and a copy in the place of the database: whole or not at all, and nothing is lost by it."""

import asyncio
import fcntl
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import OperatorError, StoreUnusable
from bridge.store import Budget, Kept, back_up, restore
from bridge.units import Window


def quiet(_copied: int, _total: int) -> None:
    """Take a report and do nothing."""


async def a_backup(bench: Any, file: Path, *names: str) -> None:
    """Make a backup of a database with these events, which is closed."""
    store = await bench.open()
    for name in names:
        await bench.send(store, name)
    await bench.deliver(store)
    await store.close()
    back_up(bench.url, file, quiet)


def names(folder: Path, beginning: str) -> list[str]:
    """Give the names in a folder that begin so."""
    return sorted(path.name for path in folder.glob(f"{beginning}*"))


def events_of(file: Path) -> list[str]:
    """Read the ids of a database's events, beside whatever has it open."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return [name for (name,) in connection.execute("SELECT id FROM events ORDER BY number")]


async def test_a_backup_is_one_private_file_that_holds_the_newest_commit(bench: Any, tmp_path: Path) -> None:
    """While the store is open; it says how far it came and what it holds."""
    store = await bench.open()
    await bench.send(store, "a", body=b"x" * 3_000_000)
    file, told = tmp_path / "backup.db", list[tuple[int, int]]()

    kept = back_up(bench.url, file, lambda copied, total: told.append((copied, total)))

    assert kept == Kept(size_bytes=file.stat().st_size, newest=1, newest_at=bench.clock.now)
    assert file.read_bytes()[18:20] == b"\x01\x01", "it would ask for a log beside it"
    assert events_of(file) == ["a"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path, "backup") == ["backup.db"]
    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == (kept.size_bytes, kept.size_bytes)


async def test_no_backup_overwrites_anything(bench: Any, tmp_path: Path) -> None:
    """Not a file that is there, and not what another process is writing; what one that was killed left is cleared."""
    file, part = tmp_path / "backup.db", tmp_path / "backup.db.part"
    await bench.open()
    part.write_bytes(b"left")
    with part.open() as being_written:
        fcntl.flock(being_written, fcntl.LOCK_EX)
        with pytest.raises(OperatorError, match="is being written by another process"):
            back_up(bench.url, file, quiet)
    back_up(bench.url, file, quiet)
    before = file.read_bytes()

    with pytest.raises(StoreUnusable, match="nothing is overwritten"):
        back_up(bench.url, file, quiet)

    assert file.read_bytes() == before
    assert not part.exists()


async def test_of_two_that_begin_at_once_one_gives_way(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever takes the other's beginning for what was left before: never do two fill one file."""
    file, lock = tmp_path / "backup.db", fcntl.flock
    await bench.open()

    def another_is_faster(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        back_up(bench.url, file, quiet)
        file.unlink()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", another_is_faster)
    with pytest.raises(OperatorError, match="is being written by another process"):
        back_up(bench.url, file, quiet)

    assert names(tmp_path, "backup") == []


@pytest.mark.parametrize("name", ["pinbridge.db-wal", "pinbridge.db-shm", "pinbridge.db-journal", "pinbridge.db.lock"])
async def test_no_backup_takes_a_name_beside_the_database(bench: Any, name: str) -> None:
    """Also where that is not there at the moment."""
    await (await bench.open()).close()
    bench.path.with_name("pinbridge.db.lock").unlink()

    with pytest.raises(StoreUnusable, match="the database has need of; name another file"):
        back_up(bench.url, bench.path.with_name(name), quiet)

    assert names(bench.path.parent, name) == []


async def test_the_beginning_of_a_backup_is_not_the_database(bench: Any) -> None:
    """Where that has such a name, it is not cleared away as what another one left."""
    store = await bench.open()
    await bench.send(store, "a")
    await store.close()
    database = bench.path.rename(bench.path.with_name("copy.part"))

    with pytest.raises(StoreUnusable, match="name another file"):
        back_up(f"sqlite:///{database}", database.with_name("copy"), quiet)

    assert events_of(database) == ["a"]


async def test_a_backup_that_fails_leaves_nothing(bench: Any, tmp_path: Path) -> None:
    """Where there is no folder, and where the database turns out to be damaged."""
    with pytest.raises(OperatorError, match=r"missing/backup\.db: it cannot be written: No such file"):
        await a_backup(bench, tmp_path / "missing" / "backup.db", "a")
    store = await bench.open()
    await bench.send(store, "b", body=b"x" * 100_000)
    await store.close()
    damage(bench.path)

    with pytest.raises(StoreUnusable, match=r"pinbridge\.db: it is damaged"):
        back_up(bench.url, tmp_path / "backup.db", quiet)

    assert names(tmp_path, "backup") == []


def test_what_is_no_file_cannot_be_backed_up(bench: Any, tmp_path: Path) -> None:
    """Nor one that is not there."""
    for url in (bench.url, "sqlite://"):
        with pytest.raises(StoreUnusable, match="there is no database yet"):
            back_up(url, tmp_path / "backup.db", quiet)
    with pytest.raises(StoreUnusable, match="names no file"):
        restore("sqlite://", tmp_path / "backup.db", bench.clock.now)


async def test_a_restored_database_sends_every_pin_anew(bench: Any, tmp_path: Path) -> None:
    """Nobody knows what was sent since; and nothing is sent while a request of before may still be applied."""
    await a_backup(bench, tmp_path / "backup.db", "a")

    restored = restore(bench.url, tmp_path / "backup.db", bench.clock.now)

    assert restored.kept.newest == 1
    store = await bench.open()
    budget = Budget(windows=(Window(160, 60),), cost=2)
    bench.clock.move(39)
    assert (await store.claim_due(8, budget)).claims == ()
    bench.clock.move(1)
    claim = await bench.claim(store)
    assert (claim.pin, claim.sent_hash) == ("p-sales", None)


async def test_a_copy_in_place_by_hand_sends_every_pin_anew_too(bench: Any, tmp_path: Path) -> None:
    """The backup itself makes no claim about the dashboard."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    shutil.copyfile(tmp_path / "backup.db", bench.path)

    store = await bench.open()

    bench.clock.move(1)
    assert (await bench.claim(store)).sent_hash is None


async def test_what_was_spent_since_still_counts(bench: Any, tmp_path: Path) -> None:
    """The budget is kept in every window, also over a restore."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    store = await bench.open()
    await bench.send(store, "b")
    await bench.deliver(store)
    await store.close()

    restore(bench.url, tmp_path / "backup.db", bench.clock.now)

    with closing(sqlite3.connect(bench.path)) as connection:
        assert connection.execute("SELECT count(*), count(ended_at) FROM sends").fetchone() == (2, 2)


async def test_the_database_from_before_is_kept_with_its_log(bench: Any, tmp_path: Path) -> None:
    """As a killed bridge leaves it: its newest events stand in the log alone."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    store = await bench.open()
    await bench.send(store, "b")
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{bench.path}{suffix}", tmp_path / f"killed{suffix}")
    await store.close()
    for suffix in ("", "-wal"):
        shutil.move(tmp_path / f"killed{suffix}", f"{bench.path}{suffix}")

    restored = restore(bench.url, tmp_path / "backup.db", bench.clock.now)

    kept = bench.path.with_name("pinbridge.db.before-20261122T120000Z")
    assert restored.before == kept
    assert (events_of(bench.path), events_of(kept)) == (["a"], ["a", "b"])


async def test_a_damaged_database_is_replaced_and_kept(bench: Any, tmp_path: Path) -> None:
    """That is what backups are for; the log of the damaged one does not come over the good one."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    store = await bench.open()
    await bench.send(store, "b")
    beside = bench.path.with_name(f"{bench.path.name}-wal")
    log = beside.read_bytes()
    await store.close()
    bench.path.write_bytes(b"scribbled over" * 1000)
    beside.write_bytes(log)

    restored = restore(bench.url, tmp_path / "backup.db", bench.clock.now)

    assert restored.before is not None
    assert restored.before.read_bytes() == b"scribbled over" * 1000
    assert events_of(bench.path) == ["a"]
    assert (await bench.send(await bench.open(), "b")).status == "accepted"


async def test_a_backup_is_restored_where_there_is_no_database(bench: Any, tmp_path: Path) -> None:
    """On another machine, say."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    (tmp_path / "new").mkdir()

    restored = restore(f"sqlite:///{tmp_path}/new/pinbridge.db", tmp_path / "backup.db", bench.clock.now)

    assert restored.before is None
    assert events_of(tmp_path / "new" / "pinbridge.db") == ["a"]
    assert stat.S_IMODE((tmp_path / "new" / "pinbridge.db").stat().st_mode) == 0o600


async def test_nothing_is_restored_under_a_running_bridge(bench: Any, tmp_path: Path) -> None:
    """It would go on writing to a file that nobody finds again."""
    await a_backup(bench, tmp_path / "backup.db", "a")
    await bench.open()

    with pytest.raises(StoreUnusable, match="in use by the process"):
        await asyncio.to_thread(restore, bench.url, tmp_path / "backup.db", bench.clock.now)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", r"written by a newer release \(schema 9999\)"),
        ("DROP TABLE alembic_version", "no database of a bridge"),
        ("DELETE FROM alembic_version", "no database of a bridge"),
        ("damage", r"cannot be read \(.*\); take another backup"),
        ("text", r"cannot be read \(file is not a database\)"),
        ("delete", "there is no such file"),
    ],
)
async def test_what_is_no_good_backup_changes_nothing(bench: Any, tmp_path: Path, change: str, words: str) -> None:
    """It is found before the database is touched."""
    file = tmp_path / "backup.db"
    await a_backup(bench, file, "a")
    before, files_before = bench.path.read_bytes(), names(tmp_path, "pinbridge.db")
    if change == "delete":
        file.unlink()
    elif change == "text":
        file.write_text("no database" * 1000)
    elif change == "damage":
        damage(file)
    else:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute(change)

    with pytest.raises(StoreUnusable, match=words):
        restore(bench.url, file, bench.clock.now)

    assert bench.path.read_bytes() == before
    assert names(tmp_path, "pinbridge.db") == files_before


def damage(file: Path) -> None:
    """Overwrite every page of a database but the first, where the schema begins."""
    size = file.stat().st_size
    with file.open("r+b") as database:
        database.seek(4096 * 2)
        database.write(b"\x99" * (size - 4096 * 2))
