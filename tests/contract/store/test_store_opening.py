"""Opening a database: one writer, its own schema, and clear words where that cannot be."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from support.storing import forgotten, snapshot_of

from bridge.errors import StoreUnusable
from bridge.store import ActivePin, Budget, Store, migrations, open_readonly, read_running, statements
from bridge.store.schema import HEAD
from bridge.store.soundness import look_for_damage, tables_to_read
from bridge.store.tables import metadata
from bridge.units import Window


async def test_a_second_opener_is_refused_and_told_the_holder(bench: Any) -> None:
    """One process writes an SQLite database; the lock goes with the store."""
    first = await bench.open()

    with pytest.raises(StoreUnusable, match=f"in use by the process {os.getpid()}"):
        await bench.open()

    await first.close()
    await bench.open()


async def test_two_links_to_one_database_meet_at_one_lock(bench: Any) -> None:
    """Else two processes would write it, each sure to be alone."""
    link = bench.path.with_name("link.db")
    link.symlink_to(bench.path)
    await bench.open()

    with pytest.raises(StoreUnusable, match="in use by the process"):
        Store.open(f"sqlite:///{link}", clock=bench.clock, horizon_s=1, retention_s=1, lock_wait_s=0.0)
    assert read_running(f"sqlite:///{link}") is None


async def test_a_second_opener_waits_for_the_first_to_end(bench: Any) -> None:
    """A restart overlaps with the old process; it takes over as soon as that has gone."""
    first = await bench.open()
    second = asyncio.create_task(bench.open(lock_wait_s=10.0))
    await asyncio.sleep(0.1)
    assert not second.done()
    await first.close()

    assert (await bench.send(await second, "a")).number == 1


def test_a_running_bridge_leaves_word_beside_its_database(bench: Any) -> None:
    """Only its user may read it; it goes with the store, and what a dead process left does not count."""
    store = Store.open(bench.url, clock=bench.clock, horizon_s=1, retention_s=1)
    assert read_running(bench.url) is None

    store.announce("http://127.0.0.1:8080", "secret")

    running = read_running(bench.url)
    assert running is not None
    assert (running.address, running.token) == ("http://127.0.0.1:8080", "secret")
    beside = Path(f"{bench.path}.running")
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    left = beside.read_bytes()
    asyncio.run(store.close())
    assert not beside.exists()
    beside.write_bytes(left)
    assert read_running(bench.url) is None


def test_what_the_database_holds_is_for_its_user_alone(bench: Any) -> None:
    """The file and those that SQLite makes beside it: payloads are nobody else's."""
    store = Store.open(bench.url, clock=bench.clock, horizon_s=1, retention_s=1)

    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in bench.path.parent.glob("pinbridge.db*")}

    asyncio.run(store.close())
    assert made == dict.fromkeys(("pinbridge.db", "pinbridge.db-shm", "pinbridge.db-wal", "pinbridge.db.lock"), 0o600)


async def test_what_cannot_be_tidied_up_holds_no_lock(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that takes no change any more is a line in the log, and the next start finds the database free."""
    first = await bench.open()
    # Not even root may unlink a folder.
    await asyncio.to_thread(Path(f"{bench.path}.running").mkdir)

    await first.close()

    assert "running_file_left" in capsys.readouterr().out
    assert (await bench.send(await bench.open(), "a")).number == 1


async def test_a_commit_is_on_the_disk_before_it_is_told(bench: Any) -> None:
    """The writing connection asks for the write-ahead log, and for an fsync with every commit (FULL is 2).

    Retention, which nobody is told of, does not wait for it; what comes after it does again.
    """
    store = await bench.open()

    run = store._writer.run  # noqa: SLF001 - the settings belong to the writer's own connection
    settings = [await run(_pragma(name)) for name in ("synchronous", "journal_mode")]
    bench.clock.move(61)
    await forgotten(store)

    assert settings == [2, "wal"]
    assert await run(_pragma("synchronous")) == 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no database URL"),
        ("postgresql://localhost/x", "'postgresql' is not supported yet"),
        ("sqlite:////no/such/folder/x.db", "'/no/such/folder' does not exist"),
    ],
)
def test_an_unusable_url_is_explained(bench: Any, url: str, words: str) -> None:
    """Whoever runs the process learns what to change."""
    with pytest.raises(StoreUnusable, match=words):
        Store.open(url, clock=bench.clock, horizon_s=1, retention_s=1)


def test_a_file_that_is_no_database_is_refused(bench: Any) -> None:
    """It is not touched, and the lock is given back."""
    bench.path.write_bytes(b"not a database, whatever it is" * 100)

    for _ in range(2):
        with pytest.raises(StoreUnusable, match="not a database"):
            Store.open(bench.url, clock=bench.clock, horizon_s=1, retention_s=1, lock_wait_s=0)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("CREATE TABLE recipes (name)", "another program"),
        ("CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('9999')", "newer release"),
    ],
)
def test_a_foreign_schema_is_refused(bench: Any, schema: str, words: str) -> None:
    """A database of another program, or of a newer release, is left alone."""
    with closing(sqlite3.connect(bench.path)) as connection:
        connection.executescript(schema)

    with pytest.raises(StoreUnusable, match=words):
        Store.open(bench.url, clock=bench.clock, horizon_s=1, retention_s=1)


async def test_damage_is_looked_for_no_longer_than_a_moment(bench: Any) -> None:
    """A large database opens as soon as a small one; what was not read in time is left to whoever needs it."""
    store = await bench.open()
    for name in "abcde":
        await bench.send(store, name, body=b"x" * 1_000_000)
    await store.close()
    with bench.path.open("r+b") as file:
        file.seek(4096 * 1000)
        file.write(b"scribbled over" * 10_000)

    with pytest.raises(sqlite3.DatabaseError):
        look_for_damage(bench.path, most_s=60)
    look_for_damage(bench.path, most_s=0)


async def test_looking_needs_a_database_of_this_release(bench: Any) -> None:
    """Where there is none, the reader says what to do, and makes none."""
    with pytest.raises(StoreUnusable, match="there is no database yet"):
        open_readonly(bench.url)
    assert not bench.path.exists()

    with closing(sqlite3.connect(bench.path)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    with pytest.raises(StoreUnusable, match="of no release"):
        open_readonly(bench.url)


async def test_looking_works_beside_a_running_bridge_and_without_one(bench: Any) -> None:
    """Readers never wait for the writer, and leave no lock."""
    store = await bench.open()
    await bench.send(store, "a")
    assert [event.id for event in bench.look().events()] == ["a"]

    await store.close()

    assert [event.id for event in bench.look().events()] == ["a"]


async def test_a_new_database_is_what_migrations_build(bench: Any) -> None:
    """It is made at once, without them, and to the letter of what SQLite keeps; and they build what the tables say."""
    store = await bench.open()
    await store.close()
    migrated, made = create_engine("sqlite://"), create_engine(bench.url)
    with migrated.begin() as connection:
        migrations.upgrade(connection)
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        wanted = _definitions(connection)
    with made.connect() as connection:
        found = _definitions(connection)
        release = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    migrated.dispose()
    made.dispose()

    assert differences == []
    assert found == wanted
    assert release == HEAD


def test_the_newest_migration_is_the_one_that_the_code_wants() -> None:
    """Alembic is imported only where the schema is not current, so the code names it."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.parametrize("is_new", [True, False])
def test_alembic_is_imported_only_to_migrate(bench: Any, *, is_new: bool) -> None:
    """It would cost a start a tenth of a second."""
    if not is_new:
        asyncio.run(Store.open(bench.url, clock=bench.clock, horizon_s=1, retention_s=1).close())
    script = (
        "import sys; from datetime import UTC, datetime; from bridge.store import Store;"
        f"Store.open({bench.url!r}, clock=lambda: datetime.now(UTC), horizon_s=1, retention_s=1);"
        "print('alembic' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"


async def test_a_database_in_memory_serves_the_same(bench: Any) -> None:
    """For a demo without a trace: the same methods, on one connection, with no files."""
    store = Store.open("sqlite://", clock=bench.clock, horizon_s=3600, retention_s=3600)
    await store.activate([ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16)], "https://api")

    await bench.send(store, "a")
    claim = await bench.claim(store)
    snapshot = await snapshot_of(store, claim)
    await bench.book(store, claim, Budget(windows=(Window(2, 60),), cost=2))
    store.announce("http://x", "t")
    await store.close()

    assert snapshot.latest["sale"].variables == {"amount": 1}
    assert read_running("sqlite://") is None


@pytest.mark.parametrize(("template", "width"), [("KNOWN_ITEMS", 3), ("NEWEST", 3), ("OWNERS", 1)])
async def test_ingest_looks_up_rows_by_their_index(bench: Any, template: str, width: int) -> None:
    """Its cost must not grow with what is stored: no statement reads a whole table."""
    store = await bench.open()
    await store.close()
    query = statements.with_rows(getattr(statements, template), width, 16)
    with closing(sqlite3.connect(bench.path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ["x"] * width * 16)]

    assert [step for step in plan if step.startswith("SEARCH")] != []
    assert [step for step in plan if step.startswith("SCAN") and "wanted" not in step and "CONSTANT" not in step] == []


def _pragma(name: str) -> Callable[[Connection], Any]:
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def _definitions(connection: Any) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
    return {name: " ".join((sql or "").split()) for name, sql in rows}


def test_no_table_is_left_out_when_damage_is_looked_for() -> None:
    """Beside the one that says which migrations were done."""
    assert sorted(tables_to_read()) == sorted(["alembic_version", *metadata.tables])
