"""Which definition of an entry events are folded by: what an activation begins, goes on with and lets be."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bridge.mappings.entries.definitions import Definition, MetricEntry
from bridge.store import ActivePin, migrations
from bridge.store.schema import HEAD

SALES = ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16, latest_fingerprint=b"l" * 16)


def counted(fingerprint: bytes, name: str = "orders") -> dict[str, Definition]:
    """Give an entry that counts, of one definition."""
    return {name: Definition(entry=MetricEntry(name=name, kind="count"), fingerprint=fingerprint, shape=b"s" * 16)}


def generations(bench: Any) -> list[tuple[str, str, bytes, str]]:
    """Give mapping, entry, the first byte of the fingerprint and the status of each."""
    with closing(sqlite3.connect(bench.path)) as connection:
        rows = connection.execute("SELECT mapping, entry, fingerprint, status FROM generations")
        return sorted((mapping, entry, fingerprint[:1], status) for mapping, entry, fingerprint, status in rows)


async def test_where_the_journal_is_empty_a_definition_takes_part_at_once(bench: Any) -> None:
    """There is nothing to be read, so nothing to wait for, and nothing is missing from now on."""
    await bench.open(replace(SALES, state=counted(b"a" * 16)))
    assert generations(bench) == [("sales", "", b"l", "live"), ("sales", "orders", b"a", "live")]


async def test_what_did_not_change_goes_on(bench: Any) -> None:
    """Over reloads and restarts, whatever else the mapping changes."""
    mapping = replace(SALES, state=counted(b"a" * 16))
    store = await bench.open(mapping)
    await bench.send(store, "a")
    await store.activate([replace(mapping, fingerprint=b"g" * 16)], "https://api")
    await store.close()
    await bench.open(mapping)
    assert generations(bench) == [("sales", "", b"l", "live"), ("sales", "orders", b"a", "live")]


async def test_a_changed_definition_is_built_from_the_journal(bench: Any) -> None:
    """The one before stays until the new one has caught up; what changed on the way is built no further."""
    mapping = replace(SALES, state=counted(b"a" * 16))
    store = await bench.open(mapping)
    await bench.send(store, "a")

    await store.activate([replace(mapping, state=counted(b"b" * 16))], "https://api")
    await store.activate([replace(mapping, state=counted(b"b" * 16))], "https://api")
    assert generations(bench)[1:] == [("sales", "orders", b"a", "resting"), ("sales", "orders", b"b", "building")]

    await store.activate([replace(mapping, state=counted(b"c" * 16))], "https://api")
    assert generations(bench)[1:] == [
        ("sales", "orders", b"a", "resting"),
        ("sales", "orders", b"b", "retired"),
        ("sales", "orders", b"c", "building"),
    ]


async def test_a_new_entry_is_built_from_events_that_came_before_it(bench: Any) -> None:
    """They are journalled, whoever wanted them."""
    store = await bench.open(SALES)
    await bench.send(store, "a")
    await store.activate([replace(SALES, state=counted(b"a" * 16))], "https://api")
    assert generations(bench)[1:] == [("sales", "orders", b"a", "building")]
    with closing(sqlite3.connect(bench.path)) as connection:
        [(since, cursor)] = connection.execute("SELECT complete_since, cursor FROM generations WHERE entry = 'orders'")
        assert connection.execute("SELECT received_at FROM events").fetchall() == [(since,)]
    assert cursor == 0


async def test_a_change_under_another_definition_of_the_newest_is_not_taken_for_the_newest(bench: Any) -> None:
    """While what the newest events said is built, events are journalled and not folded into it."""
    store = await bench.open(SALES)
    await bench.send(store, "a", bench.change(amount=1))
    await store.activate([replace(SALES, latest_fingerprint=b"m" * 16)], "https://api")
    receipt = await bench.send(store, "b", bench.change(amount=2))
    assert receipt.status == "accepted"
    with closing(sqlite3.connect(bench.path)) as connection:
        assert connection.execute("SELECT number FROM latest").fetchall() == [(1,)]


async def test_a_database_of_the_first_schema_is_taken_over(bench: Any) -> None:
    """What the newest events said is kept, under a definition that nobody knows, and so is built anew."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(bench.url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO latest VALUES ('sales', 'p-sales', 'sale', 5, '{\"version\": [5]}', x'00', 3, 0,"
            " 'shop', 'sale', 'evt', 7, '{\"amount\": 9}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO events VALUES (3, 'shop', 'sale', 'evt', 5, 7, '', '{}', '{}', '[]', x'7b7d')"
        )
    engine.dispose()

    await bench.open(SALES)

    assert generations(bench) == [("sales", "", b"", "resting"), ("sales", "", b"l", "building")]
    with closing(sqlite3.connect(bench.path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        rows = connection.execute(
            'SELECT status, pin, "trigger", at, version, latest.number, item, received_at, variables'
            " FROM latest JOIN generations ON generations.number = latest.generation"
        )
        assert rows.fetchall() == [
            ("resting", "p-sales", "sale", 5, '{"version": [5]}', 3, 0, 7, '{"amount": 9}'),
        ]
