"""SIGTERM while somebody waits: each is answered, and the process ends in time, with nothing half done."""

import json
import signal
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
from support.processes import BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]
TOKEN = "a-token-for-this-test"
FLUSH = f"POST /api/flush HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 0\r\n\r\n"


def test_a_flush_is_answered_before_the_process_ends(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """What it could not send is told as due, and stays so for the next start."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    sandbox.fault(kind="hang", method="PUT", times=1)
    post(bridge.url, payment("evt_1", turn=3))
    eventually(lambda: len(sandbox.writes()) == 1)
    where = urlsplit(bridge.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as scheduler:
        scheduler.sendall(FLUSH.encode())
        # Whatever came before this one has begun once it is answered.
        httpx.get(f"{bridge.url}/api/status", headers={"Authorization": f"Bearer {TOKEN}"}).raise_for_status()
        assert bridge.process is not None
        bridge.process.send_signal(signal.SIGTERM)
        asked_at = time.monotonic()
        answer = b"".join(iter(lambda: scheduler.recv(65_536), b""))
        assert time.monotonic() - asked_at < 3.5
    assert bridge.process.wait(15) == 0
    assert time.monotonic() - asked_at < 10

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    flushed = json.loads(body)
    assert (flushed["due"], flushed["pins"][0]["why"]) == (1, "an update is under way")
    assert bridge.rows("SELECT count(*) FROM sends WHERE ended_at IS NULL") == [(0,)]
    assert bridge.rows("SELECT sent_revision, sent_hash FROM deliveries") == [(0, None)]
    bridge.start()
    assert post(bridge.url, payment("evt_1", turn=3)).json()["status"] == "duplicate"
