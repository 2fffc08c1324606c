"""SQLite's write-ahead log: it starts over while events pour in, whoever reads meanwhile, and shrinks again."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.store import Store, back_up, checkpoints, open_readonly

PAGES = 64
BOUND_BYTES = 8 * PAGES * 8192
"""What the log may take: the pages after which it is copied, those that come meanwhile, and what a reader delays."""


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy the log so often that a short test sees it."""
    monkeypatch.setattr(checkpoints, "PAGES", PAGES)


def log_bytes(bench: Any) -> int:
    """Measure the log."""
    return Path(f"{bench.path}-wal").stat().st_size


async def pour(bench: Any, store: Store, count: int, first: int = 0) -> int:
    """Bring events of a kilobyte and more, many at once; gives how large the log was at most."""
    largest = 0
    for start in range(first, first + count, 50):
        sending = (bench.send(store, f"evt_{number}", body=b"x" * 1200) for number in range(start, start + 50))
        await asyncio.gather(*sending)
        largest = max(largest, log_bytes(bench))
    return largest


@contextmanager
def reading(bench: Any) -> Iterator[None]:
    """Look at the newest events, one look after the other, as commands do beside a bridge."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            with open_readonly(bench.url, clock=bench.clock) as reader:
                reader.events(limit=200)

    looking = [threading.Thread(target=look) for _ in range(3)]
    for each in looking:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in looking:
            each.join()


@asynccontextmanager
async def backing_up(bench: Any, folder: Path) -> AsyncIterator[None]:
    """Make backups, one after the other."""
    ended = threading.Event()

    def back() -> None:
        number = 0
        while not ended.is_set():
            back_up(bench.url, folder / f"backup-{number}.db", lambda _copied, _total: None)
            number += 1

    backing = asyncio.create_task(asyncio.to_thread(back))
    yield
    ended.set()
    await backing


async def test_the_log_stays_short_while_events_pour_in_and_others_look(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many times its bound goes through it; each look holds one moment, and the writer waits for those there are."""
    # However long a look takes on a machine that has much else to do.
    monkeypatch.setattr(checkpoints, "WAIT_MS", 10_000)
    store = await bench.open()

    with reading(bench):
        largest = await pour(bench, store, 6000)

    assert largest < BOUND_BYTES
    assert bench.path.stat().st_size > 2 * BOUND_BYTES


async def test_the_log_grows_with_a_backup_and_no_further(bench: Any, tmp_path: Path) -> None:
    """As long as one moment is held, nothing before it may be overwritten; after it the log is used again."""
    store = await bench.open()
    async with backing_up(bench, tmp_path):
        await pour(bench, store, 2000)
    await pour(bench, store, 500, first=2000)
    grown = log_bytes(bench)

    largest = await pour(bench, store, 4000, first=3000)

    assert largest <= max(grown, BOUND_BYTES)


async def test_what_a_long_look_let_grow_is_given_back(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to the size that is kept for the next burst, once nobody needs it."""
    monkeypatch.setattr("bridge.store.database.KEPT_LOG_BYTES", BOUND_BYTES)
    store = await bench.open()
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM events").fetchone()
        largest = await pour(bench, store, 3000)
        other.execute("COMMIT")

    await pour(bench, store, 1000, first=3000)

    assert largest > 2 * BOUND_BYTES
    assert log_bytes(bench) <= BOUND_BYTES
