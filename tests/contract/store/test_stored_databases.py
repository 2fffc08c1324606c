"""Databases of earlier releases: each is brought up to this one with all that it holds, and shows what it showed."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.rebuilding import Shop, configured
from support.stored_databases import MAPPINGS, describe, names, read

from bridge.store import back_up, restore
from bridge.store.database import Database, writing_engine
from bridge.store.schema import HEAD, bring_up
from bridge.store.segments import SEGMENT_BYTES

STORED = names()


@pytest.mark.parametrize("name", STORED)
def test_a_migration_keeps_every_row(tmp_path: Path, name: str) -> None:
    """In every column that there was before and is still."""
    path = tmp_path / "pinbridge.db"
    read(name, path)
    before = contents(path)
    engine = writing_engine(Database(path=path), busy_wait_s=0)

    with engine.connect() as connection, connection.begin():
        bring_up(connection)
    engine.dispose()

    after = contents(path)
    assert {table: kept(rows, after[table]) for table, rows in before.items()} == {
        table: kept(after[table], rows) for table, rows in before.items()
    }
    assert sum(map(len, before["events"].values())) > 0


@pytest.mark.parametrize("name", STORED)
async def test_a_migration_measures_the_journal(tmp_path: Path, name: str) -> None:
    """Its size is known from then on, also of what came before anybody noted it."""
    path = tmp_path / "pinbridge.db"
    told = read(name, path)
    shop = await Shop(path, configured(MAPPINGS), now=datetime.fromisoformat(told["now"])).open()
    shop.sent = len(told["events"])
    await shop.send(amount=1, buyer="x", order=1001, shop="shop-0", padding="x" * SEGMENT_BYTES)
    await shop.send(amount=1, buyer="x", order=1002, shop="shop-0")
    await shop.store.close()

    size = "length(headers) + length(query) + length(outcomes) + length(body)"
    with closing(sqlite3.connect(path)) as connection:
        (noted,) = connection.execute("SELECT sum(bytes) FROM segments").fetchone()
        (kept,) = connection.execute(
            f"SELECT sum({size}) FROM events WHERE number <= (SELECT max(number) FROM segments)"  # noqa: S608 - our own
        ).fetchone()
    assert noted == kept > 2**20


@pytest.mark.parametrize("name", STORED)
async def test_what_was_stored_shows_what_it_showed(tmp_path: Path, name: str) -> None:
    """Events, pins, attempts and state, read by the code of today with the mappings of then."""
    path = tmp_path / "pinbridge.db"
    told = read(name, path)

    assert await describe(path, datetime.fromisoformat(told["now"])) == told


@pytest.mark.parametrize("name", STORED)
async def test_a_backup_during_a_migration_is_of_before_it(tmp_path: Path, name: str) -> None:
    """Whole: put in place, it is brought up with all that it holds."""
    path, copy, other = (tmp_path / f"{word}.db" for word in ("database", "copy", "other"))
    told = read(name, path)
    now = datetime.fromisoformat(told["now"])
    engine = writing_engine(Database(path=path), busy_wait_s=0)
    with engine.connect() as connection, connection.begin():
        bring_up(connection)
        back_up(f"sqlite:///{path}", copy, lambda _copied, _total: None)
    engine.dispose()

    restore(f"sqlite:///{other}", copy, now)

    assert contents(copy)["events"] == contents(other)["events"]
    restored = await describe(other, now)
    assert (restored["shown"], restored["events"]) == (told["shown"], told["events"])


@pytest.mark.parametrize("name", STORED)
async def test_what_was_stored_goes_on(tmp_path: Path, name: str) -> None:
    """A repeated delivery is met again, a new one counts."""
    path = tmp_path / "pinbridge.db"
    told = read(name, path)
    shop = await Shop(path, configured(MAPPINGS), now=datetime.fromisoformat(told["now"])).open()
    await shop.rebuild()

    repeated = await shop.send(amount=1, buyer="x", order=1, shop="shop-0")
    shop.sent = len(told["events"])
    new = await shop.send(amount=1000, buyer="x", order=1000, shop="shop-0")

    assert (repeated.status, new.status, new.number) == ("duplicate", "accepted", len(told["events"]) + 1)
    assert await shop.shown("p-shop-0") == "shop-0 1184"
    await shop.store.close()


def test_a_database_of_this_schema_is_stored(tmp_path: Path) -> None:
    """So that the next one has something to migrate. Where this fails, store one; the module says how."""
    schemas = set()
    for name in STORED:
        path = tmp_path / name
        read(name, path)
        with closing(sqlite3.connect(path)) as connection:
            schemas |= {version for (version,) in connection.execute("SELECT version_num FROM alembic_version")}
    assert HEAD in schemas


def contents(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Read all tables but the schema's own: each column as its values, in the order of the rows' keys."""
    with closing(sqlite3.connect(path)) as connection:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
        return {table: _columns(connection, table) for (table,) in listed.fetchall()}


def kept(columns: dict[str, list[Any]], others: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Give the columns that the others have too."""
    return {name: values for name, values in columns.items() if name in others}


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, list[Any]]:
    described = connection.execute(f"PRAGMA table_info({table})").fetchall()
    key = ", ".join(f'"{name}"' for _, name, _, _, _, place in described if place)
    return {
        name: [value for (value,) in connection.execute(f'SELECT "{name}" FROM {table} ORDER BY {key}')]  # noqa: S608 - its own names
        for _, name, *_ in described
    }
