"""The real process while its database takes nothing: it says so, loses nothing, and recovers by itself."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest
from support.processes import BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]
Outage = Callable[[BridgeProcess], Any]


@contextmanager
def locked(bridge: BridgeProcess) -> Iterator[None]:
    """Hold the lock of the database, as a backup or a curious operator might."""
    with closing(sqlite3.connect(bridge.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(bridge: BridgeProcess) -> Iterator[None]:
    """Let no file of the process grow, as on a disk without room."""
    assert bridge.process is not None
    log = bridge.database.with_name(f"{bridge.database.name}-wal")
    before = resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    yield
    resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("outage", "words"), [(locked, "database is locked"), (full, "disk I/O error")])
def test_while_the_database_takes_nothing_webhooks_are_put_off(
    new_bridge: NewBridge, sandbox: Sandbox, outage: Outage, words: str
) -> None:
    """503 with a time to come back, not ready and yet alive; afterwards the same delivery counts, once."""
    bridge = new_bridge()
    bridge.start()
    body = payment("evt_1", turn=5)
    with outage(bridge):
        refused = post(bridge.url, body)
        ready = httpx.get(f"{bridge.url}/readyz", timeout=30)
        alive = httpx.get(f"{bridge.url}/healthz", timeout=30)

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert words in ready.json()["reason"]
    assert alive.status_code == 200
    assert post(bridge.url, body).status_code == 202
    assert httpx.get(f"{bridge.url}/readyz", timeout=30).json() == {"status": "ready"}
    assert bridge.rows("SELECT id FROM events") == [("evt_1",)]
    eventually(lambda: sandbox.values("p-shop") == ["5", "€20.00"])
