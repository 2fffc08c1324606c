"""A process of which a part has died: it ends, says why, and leaves the rest to whoever starts it again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress

import httpx
from support.processes import BridgeProcess, payment, post

NewBridge = Callable[..., BridgeProcess]

BROKEN_CLOCK = """
import sys, threading
from pathlib import Path
from bridge.app import now
from bridge.cli import main, serve

def clock():
    if threading.current_thread().name == "store-writer" and Path("{sign}").exists():
        raise OverflowError("the clock is broken")
    return now()

serve.now = clock
main()
"""
"""The program with a clock that breaks under the writer once the test gives the sign."""

LOCKED_OUT = """
import sqlite3
from bridge.cli import main, serve

other = sqlite3.connect("{database}", isolation_level=None)
listen = serve._listen

def listen_once_it_is_locked(settings):
    other.execute("BEGIN IMMEDIATE")
    return listen(settings)

serve._listen = listen_once_it_is_locked
main()
"""
"""The program, with its database locked by somebody else in the midst of the start."""


def test_a_writer_that_dies_ends_the_process(new_bridge: NewBridge) -> None:
    """Nobody waits for ever, the log says what it was, and the exit code is 1; the next start has every event."""
    bridge = new_bridge()
    sign = bridge.database.with_name("break")
    bridge.program = ("-c", BROKEN_CLOCK.format(sign=sign))
    bridge.start()
    assert post(bridge.url, payment("evt_1")).status_code == 202
    sign.touch()

    with suppress(httpx.TransportError):  # the process may be gone first
        assert post(bridge.url, payment("evt_2")).status_code in {202, 503}

    assert bridge.ended() == 1
    (line,) = bridge.lines("bridge_failed")
    assert line["level"] == "critical"
    assert "OverflowError: the clock is broken" in line["exception"]
    assert "ended, since a part of it failed: the clock is broken" in " ".join(bridge.log.read_text().split())
    sign.unlink()
    bridge.start()
    assert post(bridge.url, payment("evt_1")).json()["status"] == "duplicate"


def test_a_delivery_loop_that_dies_ends_the_process(new_bridge: NewBridge) -> None:
    """A row that somebody spoilt is met at the next look; without the loop, pins would silently stand still."""
    bridge = new_bridge()
    bridge.start()
    with closing(sqlite3.connect(bridge.database)) as other:
        other.execute("CREATE TRIGGER spoilt AFTER INSERT ON pins BEGIN UPDATE pins SET wake_at = 'today'; END")
        other.commit()

    assert post(bridge.url, payment("evt_1")).status_code == 202

    assert bridge.ended() == 1
    (line,) = bridge.lines("bridge_failed")
    assert line["level"] == "critical"
    assert "TypeError" in line["exception"]
    assert "ended, since a part of it failed" in " ".join(bridge.log.read_text().split())


def test_a_database_that_takes_nothing_in_the_midst_of_a_start_ends_it(new_bridge: NewBridge) -> None:
    """Without its pins the bridge takes no webhook: it says what stands in the way, in words and not in a traceback."""
    bridge = new_bridge()
    bridge.start()
    bridge.terminate()
    bridge.log.unlink()
    bridge.program = ("-c", LOCKED_OUT.format(database=bridge.database))

    bridge.launch()

    assert bridge.ended() == 1
    (line,) = bridge.lines("bridge_failed")
    assert line["reason"] == "the database does not answer: database is locked"
    assert "Traceback" not in bridge.log.read_text()
