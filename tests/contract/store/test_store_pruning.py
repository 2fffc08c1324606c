"""What is forgotten of the state and of the generations that it stands under, and what is spared."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.storing import forgotten

from bridge.store import ActivePin, Store
from bridge.store.segments import SEGMENT_BYTES

SALES = ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16, latest_fingerprint=b"l" * 16)
DAY_S = 86_400


def run(bench: Any, statement: str, rows: Sequence[tuple[Any, ...]] = ((),)) -> list[tuple[Any, ...]]:
    """Run a statement on the file, beside the store."""
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as connection:
        if len(rows) == 1:
            return connection.execute(statement, rows[0]).fetchall()
        connection.executemany(statement, rows)
        return []


def add_rows(bench: Any, generation: int, count: int, expires_at: int | None) -> None:
    """Put rows of a generation into the state."""
    rows = [(generation, str(number), expires_at) for number in range(count)]
    run(bench, "INSERT INTO state VALUES (?, ?, 'b', 0, x'', '1', NULL, NULL, ?)", rows)


async def settle_down(bench: Any, store: Store) -> None:
    """Let a round of pruning pass, with all its steps."""
    bench.clock.move(61)
    await forgotten(store)


async def test_what_expired_is_forgotten_where_events_are_taken(bench: Any) -> None:
    """Not what is built or rests: events from before, for which it was not too late, may still come to it."""
    store = await bench.open(SALES)
    await bench.send(store, "a")
    await store.activate([replace(SALES, latest_fingerprint=b"m" * 16)], "https://api")
    [(built,), (resting,)] = run(bench, "SELECT number FROM generations ORDER BY status")
    run(bench, "INSERT INTO generations VALUES (9, 'live', '', x'', x'', 'live', 0, NULL, NULL, NULL, 0, NULL)")
    for generation in (built, resting, 9):
        add_rows(bench, generation, 300, 1)
    add_rows(bench, 10, 2, None)

    await settle_down(bench, store)

    counts = run(bench, "SELECT generation, count(*) FROM state GROUP BY generation")
    assert dict(counts) == {built: 300, resting: 300, 10: 2}


async def test_a_retired_generation_goes_with_all_its_rows(bench: Any) -> None:
    """In small steps; the newest number stays, so that none comes twice."""
    store = await bench.open(SALES)
    for number in (7, 8, 9):
        row = (number, "m", "", b"", b"", "retired", 0)
        run(bench, "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, 0, NULL, NULL, NULL, ?, NULL)", [row])
        add_rows(bench, number, 600, None)
        run(bench, "INSERT INTO unfolded VALUES (?, 99, 1)", [(number,)])

    await settle_down(bench, store)

    assert run(bench, "SELECT count(*) FROM state") == [(0,)]
    assert run(bench, "SELECT count(*) FROM unfolded") == [(0,)]
    assert run(bench, "SELECT number FROM generations WHERE status = 'retired'") == [(9,)]


async def test_what_was_not_declared_for_the_horizon_is_given_up(bench: Any) -> None:
    """Until then it goes on where it is declared again."""
    store = await bench.open(SALES)
    await bench.send(store, "a")
    await store.activate([replace(SALES, mapping="other")], "https://api")
    bench.clock.move(35 * DAY_S - 120)
    await settle_down(bench, store)
    assert run(bench, "SELECT status FROM generations WHERE mapping = 'sales'") == [("resting",)]
    bench.clock.move(120)
    await settle_down(bench, store)
    assert run(bench, "SELECT status FROM generations WHERE mapping = 'sales'") == []


@pytest.mark.parametrize(("days", "left"), [(36, [2, 4, 5]), (71, [4, 5])])
async def test_an_event_that_is_still_to_be_folded_outlives_the_others(bench: Any, days: int, left: list[int]) -> None:
    """For as long again; and one that a rebuild has not read stays as long as that takes."""
    store = await bench.open(SALES)
    for name in "abcde":
        await bench.send(store, name)
    await store.activate([replace(SALES, latest_fingerprint=b"m" * 16)], "https://api")
    run(bench, "INSERT INTO generations VALUES (9, 'live', '', x'', x'', 'live', 0, NULL, NULL, NULL, 0, NULL)")
    run(bench, "INSERT INTO unfolded VALUES (9, 2, 0)")
    run(bench, "UPDATE generations SET cursor = 3 WHERE status = 'building'")
    bench.clock.move(days * DAY_S)

    await settle_down(bench, store)

    assert [number for (number,) in run(bench, "SELECT number FROM events")] == left
    assert run(bench, "SELECT count(*) FROM unfolded") == [(int(2 in left),)]


async def test_a_clock_that_is_set_back_holds_nothing_up(bench: Any) -> None:
    """Rounds go on by the new time, not once the old one has come again."""
    store = await bench.open(SALES)
    await settle_down(bench, store)
    bench.clock.move(-10 * DAY_S)
    add_rows(bench, 1, 3, 1)
    await settle_down(bench, store)
    assert run(bench, "SELECT count(*) FROM state") == [(0,)]


async def send_many(bench: Any, store: Store, count: int, body_bytes: int = 100_000) -> None:
    """Bring events with large bodies, a minute after one another."""
    for _ in range(count):
        number = run(bench, "SELECT count(*) FROM seen")[0][0]
        await bench.send(store, f"evt_{number}", body=b"x" * body_bytes)
        bench.clock.move(1)


SIZES = "SELECT number, length(headers) + length(query) + length(outcomes) + length(body) AS bytes FROM events"
ALL = f"SELECT min(number), max(number), sum(bytes) FROM ({SIZES})"  # noqa: S608 - our own words
UP_TO = f"SELECT sum(bytes) FROM ({SIZES}) WHERE number <= ?"  # noqa: S608 - as above


async def test_the_journal_is_cut_to_its_size(bench: Any) -> None:
    """The oldest go, the newest stay; it is told once, with the moment up to which they went."""
    most = 3 * SEGMENT_BYTES
    store = await bench.open(SALES, journal_bytes=most)
    with capture_logs() as told:
        for _ in range(4):
            await send_many(bench, store, 20)
            await settle_down(bench, store)

    [(first, newest, size)] = run(bench, ALL)
    assert newest == 80
    assert first > 1
    assert most - SEGMENT_BYTES < size < most + SEGMENT_BYTES + 100_000
    [line] = [line for line in told if line["event"] == "journal_cut_by_size"]
    assert (line["log_level"], line["journal_max"]) == ("warning", most)
    assert line["kept_since"].startswith("2026-11-22T12:0")


async def test_the_size_of_the_journal_is_known_over_restarts(bench: Any) -> None:
    """The segments add up to what the events have that are in them, however often a bridge starts."""
    for _ in range(5):
        store = await bench.open()
        await send_many(bench, store, 7)
        await bench.send(store, "evt_0", body=b"x" * 100_000)
        await store.close()
    noted = run(bench, "SELECT number, bytes FROM segments ORDER BY number")

    assert len(noted) == 3
    assert all(SEGMENT_BYTES <= size < SEGMENT_BYTES + 110_000 for _, size in noted)
    kept = run(bench, UP_TO, [(noted[-1][0],)])
    assert kept == [(sum(size for _, size in noted),)]


async def test_by_size_what_a_rebuild_has_not_read_is_spared_and_what_waits_for_a_replay_is_not(bench: Any) -> None:
    """A rebuild comes to its end; a mapping that has failed for weeks must not fill the disk."""
    store = await bench.open(SALES, journal_bytes=2 * SEGMENT_BYTES)
    await send_many(bench, store, 40)
    await store.activate([replace(SALES, latest_fingerprint=b"m" * 16)], "https://api")
    run(bench, "UPDATE generations SET cursor = 5 WHERE status = 'building'")
    run(bench, "INSERT INTO generations VALUES (9, 'live', '', x'', x'', 'live', 0, NULL, NULL, NULL, 0, NULL)")
    run(bench, "INSERT INTO unfolded VALUES (9, 2, 0)")

    await settle_down(bench, store)
    assert run(bench, "SELECT min(number) FROM events") == [(6,)]
    run(bench, "UPDATE generations SET cursor = 40 WHERE status = 'building'")
    await settle_down(bench, store)

    [(first,)] = run(bench, "SELECT min(number) FROM events")
    assert 11 < first < 35
    assert run(bench, "SELECT count(*) FROM unfolded") == [(0,)]
    assert run(bench, "SELECT count(*) FROM segments WHERE number < ?", [(first,)]) == [(0,)]


async def test_attempts_are_bounded_beside_the_journal(bench: Any) -> None:
    """However much is sent within the retention; the newest stay."""
    store = await bench.open(SALES, journal_bytes=2 * SEGMENT_BYTES)
    row = ("p-sales", int(bench.clock.now.timestamp() * 1_000_000))
    attempt = "INSERT INTO attempts VALUES (NULL, ?1, ?2, ?2, 'delivered', 1, 200, '', '')"
    run(bench, attempt, [row] * 3000)

    await settle_down(bench, store)

    assert run(bench, "SELECT count(*), max(number) FROM attempts") == [(1024, 3000)]
