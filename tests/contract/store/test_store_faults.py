"""What the store does while the database is locked, full, or the process dies: refuse, lose nothing, recover."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import StoreUnavailable
from bridge.store import Budget, checkpoints, open_readonly
from bridge.store import writer as writer_module
from bridge.units import Window

BUDGET = Budget(windows=(Window(160, 60),), cost=2)


async def test_a_locked_database_refuses_everybody_and_recovers(bench: Any) -> None:
    """While another process holds the lock every waiter gets 503 with a time; afterwards all is well."""
    store = await bench.open()
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = await asyncio.gather(*(bench.send(store, f"evt_{n}") for n in range(3)), return_exceptions=True)
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.check()
        other.execute("ROLLBACK")

    assert all(isinstance(error, StoreUnavailable) and error.retry_after_s > 0 for error in refused)
    receipts = await asyncio.gather(*(bench.send(store, f"evt_{n}") for n in range(3)))
    assert sorted(receipt.number for receipt in receipts) == [1, 2, 3]


async def test_a_claim_is_refused_while_locked_and_taken_after(bench: Any) -> None:
    """The delivery side meets the same error and the same recovery."""
    store = await bench.open()
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await store.claim_due(8, BUDGET)
        other.execute("ROLLBACK")

    assert (await bench.claim(store)).pin == "p-sales"


async def test_a_full_database_refuses_and_recovers(bench: Any) -> None:
    """Nothing is half done while there is no room; once there is, the same delivery is accepted."""
    store = await bench.open()
    await bench.send(store, "before")
    await _limit_pages(store, 1)
    with pytest.raises(StoreUnavailable, match="full"):
        await bench.send(store, "big", body=b"x" * 500_000)
    assert [event.id for event in bench.look().events()] == ["before"]

    await _limit_pages(store, 2**30)

    assert (await bench.send(store, "big", body=b"x" * 500_000)).number == 2


async def test_the_queue_is_bounded(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its bound a delivery is refused at once; those that wait are served."""
    monkeypatch.setattr(writer_module, "MAX_WAITING", 5)
    store = await bench.open()

    results = await asyncio.gather(*(bench.send(store, f"evt_{n}") for n in range(8)), return_exceptions=True)

    refused = [result for result in results if isinstance(result, StoreUnavailable)]
    assert len(refused) == 3
    assert refused[0].retry_after_s == 1
    assert (await bench.send(store, "later")).status == "accepted"


async def test_waiting_bodies_are_bounded_too(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few large deliveries fill the queue like many small ones; one alone always may wait."""
    monkeypatch.setattr(writer_module, "MAX_WAITING_BYTES", 1000)
    store = await bench.open()

    large = [bench.send(store, f"evt_{n}", body=b"x" * 2000) for n in range(2)]
    results: list[Any] = await asyncio.gather(*large, return_exceptions=True)

    assert results[0].status == "accepted"
    assert isinstance(results[1], StoreUnavailable)


async def test_closing_finishes_what_waits_and_refuses_what_comes(bench: Any) -> None:
    """Who was queued gets a receipt; who comes later is told that the store is closed."""
    store = await bench.open()
    waiting = [asyncio.ensure_future(bench.send(store, f"evt_{n}")) for n in range(10)]
    await asyncio.sleep(0)

    await store.close()

    assert [(await task).status for task in waiting] == ["accepted"] * 10
    with pytest.raises(StoreUnavailable, match="closed"):
        await bench.send(store, "late")
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.check()


async def test_a_copy_of_the_files_at_any_moment_holds_what_was_acknowledged(bench: Any, tmp_path: Path) -> None:
    """The receipt comes after the commit: a disk as it stood at that moment has the event."""
    store = await bench.open()
    for number in range(5):
        await bench.send(store, f"evt_{number}")
        copy = tmp_path / f"copy-{number}.db"
        for suffix in ("", "-wal"):
            shutil.copy(f"{bench.path}{suffix}", f"{copy}{suffix}")
        with open_readonly(f"sqlite:///{copy}", clock=bench.clock) as reader:
            assert len(reader.events(limit=100)) == number + 1
            assert reader.pins()[0].revision == number + 2


CHILD = """
import asyncio, hashlib, sys
from datetime import UTC, datetime
from bridge.events import Event
from bridge.mappings import Change, Evaluation, Outcome
from bridge.store import ActivePin, Store

def now():
    return datetime.now(UTC)

async def main():
    store = Store.open(sys.argv[1], clock=now, horizon_s=3600, retention_s=3600)
    await store.activate([ActivePin(pin="p-sales", mapping="sales", fingerprint=b"f" * 16)], "https://api")
    async def send(number):
        key = hashlib.blake2b(str(number).encode(), digest_size=16).digest()
        event = Event(source="s", type="", id=str(number), dedup_key=key, dedup_window_s=None, at=None,
                      received_at=now(), tolerance_s=0.0, content_type="", headers={}, query={}, body=b"{}", payload={})
        change = Change(mapping="sales", trigger="sale", pin="p-sales", at=now(), version=(number,), item_key=None,
                        variables={"n": number})
        matched = Outcome(mapping="sales", trigger="sale", kind="matched", reason="", pin="p-sales")
        settled = asyncio.get_running_loop().create_future()
        store.ingest(event, Evaluation(changes=(change,), outcomes=(matched,)), settled.set_result)
        assert not isinstance(await settled, Exception)
        print(number, flush=True)
    for start in range(0, 100_000, 16):
        await asyncio.gather(*(send(number) for number in range(start, start + 16)))

asyncio.run(main())
"""


def test_what_was_acknowledged_before_a_sigkill_is_there_after_it(bench: Any) -> None:
    """Every event that the process said it had is in the journal once; the pin shows the newest of them or newer."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, bench.url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        acknowledged = [int(process.stdout.readline()) for _ in range(300)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    process.wait()

    with open_readonly(bench.url, clock=bench.clock) as reader:
        kept = [int(event.id) for event in reader.events(limit=1_000_000)]
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    with closing(sqlite3.connect(bench.path)) as connection:
        (shown,) = connection.execute("SELECT number FROM latest").fetchone()
        (newest,) = connection.execute("SELECT number FROM events ORDER BY CAST(id AS INTEGER) DESC LIMIT 1").fetchone()
    assert shown == newest


async def test_the_log_starts_over_where_no_event_comes(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks whether the store is ready, and pins that only time moves, write too; the file stays short."""
    monkeypatch.setattr(checkpoints, "PAGES", 64)
    store = await bench.open()

    for _ in range(2000):
        await store.check()

    assert _log_bytes(bench) < 500 * 4096


async def test_those_who_ask_at_once_whether_the_store_is_ready_share_one_write(bench: Any) -> None:
    """The question stands open to everybody, and each write waits for the disk."""
    store = await bench.open()
    before = _log_bytes(bench)

    await asyncio.gather(*(store.check() for _ in range(500)))

    assert _log_bytes(bench) - before < 10 * 4096


def _log_bytes(bench: Any) -> int:
    return Path(f"{bench.path}-wal").stat().st_size


async def _limit_pages(store: Any, pages: int) -> None:
    """Make the disk full, or not: SQLite refuses to grow past this many pages (never below what it has)."""
    await store._writer.run(  # noqa: SLF001 - the limit belongs to the writer's own connection
        lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").close()
    )


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_file_that_was_taken_away_takes_no_more_events(bench: Any, *, is_replaced: bool) -> None:
    """SQLite would go on writing where nobody reads; the sender keeps the event until there is a database again."""
    store = await bench.open()
    await bench.send(store, "a")
    bench.path.unlink()
    if is_replaced:
        bench.path.write_bytes(b"")

    with pytest.raises(StoreUnavailable, match="was removed or replaced"):
        await bench.send(store, "b")
    with pytest.raises(StoreUnavailable, match="was removed or replaced"):
        await store.check()


async def test_whoever_waits_for_a_writer_that_failed_is_refused_at_once(bench: Any) -> None:
    """A fault of the thread itself leaves nobody waiting; it is reported once, and later calls are refused."""
    store = await bench.open()
    reported: list[BaseException] = []
    store.on_failure = reported.append
    # The writer reads the clock after each round; here that breaks, on its thread alone.
    bench.clock.breaks_on = "store-writer"
    waiting = [bench.send(store, f"evt_{n}") for n in range(writer_module.BATCH + 1)]
    jobs = [store.check() for _ in range(writer_module.JOBS_A_ROUND + 1)]

    async with asyncio.timeout(10):
        results = await asyncio.gather(*waiting, *jobs, return_exceptions=True)

    refused = [result for result in results if isinstance(result, BaseException)]
    assert {str(error) for error in refused} == {"the store's writer failed: OverflowError: the clock is broken"}
    assert all(isinstance(error, StoreUnavailable) for error in refused)
    assert [str(error) for error in reported] == ["the clock is broken"]
    with pytest.raises(StoreUnavailable, match="closed"):
        await bench.send(store, "late")


async def test_what_cannot_be_pruned_stops_no_event(bench: Any) -> None:
    """A row that the database refuses to delete is a line in the log; events go on being taken."""
    store = await bench.open(retention_s=3600)
    await bench.send(store, "old")
    with closing(sqlite3.connect(bench.path)) as other:
        other.execute("CREATE TRIGGER kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'kept'); END")
        other.commit()
    bench.clock.move(7200)

    receipts = [await bench.send(store, f"evt_{n}") for n in range(3)]

    assert [receipt.number for receipt in receipts] == [2, 3, 4]
    assert [event.id for event in bench.look().events()] == ["evt_2", "evt_1", "evt_0", "old"]
