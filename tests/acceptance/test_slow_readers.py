"""Clients that ask and do not read, or little, on the real process: webhooks go on, and memory stays bounded."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.processes import BridgeProcess, payment, post

NewBridge = Callable[..., BridgeProcess]

TOKEN = "a-token-for-this-test"
READERS = 20
ROUNDS = 20
REQUESTS = 1000
MOST_MIB = 200
"""What a piece of requests takes on each connection, at most; without a bound it is a gibibyte and more."""

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"
LOOK = f"GET /api/events?limit=100 HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
REFUSED = b"POST /hooks/nobody HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def asking(url: str, request: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that take little, and ask on each for as much as it takes, reading nothing."""
    where = urlsplit(url)
    with ExitStack() as opened:
        connections = []
        for _ in range(READERS):
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect((where.hostname, where.port))
            connection.setblocking(False)
            connections.append(connection)
        for connection in connections:
            offer(connection, request * REQUESTS)
        yield connections


def offer(connection: socket.socket, data: bytes) -> None:
    """Send what goes on the way at once, and leave the rest."""
    with suppress(BlockingIOError):
        connection.send(data)


def sip(connection: socket.socket) -> None:
    """Read one byte, where there is one yet."""
    with suppress(BlockingIOError):
        connection.recv(1)


def resident_mib(bridge: BridgeProcess) -> float:
    """Read how much memory the process has."""
    assert bridge.process is not None
    pages = int(Path(f"/proc/{bridge.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


@pytest.mark.parametrize("request_line", [SCRAPE, LOOK, REFUSED], ids=["metrics", "api", "hooks"])
def test_who_does_not_read_holds_up_no_webhook(new_bridge: NewBridge, request_line: bytes) -> None:
    """Each is answered as far as it reads; the others' webhooks are, as ever."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    for number in range(100):
        assert post(bridge.url, payment(f"evt_{number}", key=f"k{number % 5}")).status_code == 202
    before = resident_mib(bridge)
    with asking(bridge.url, request_line) as connections:
        for number in range(100, 100 + ROUNDS):
            assert post(bridge.url, payment(f"evt_{number}")).status_code == 202
            for connection in connections:
                offer(connection, request_line * REQUESTS)
            sip(connections[number % READERS])
        assert resident_mib(bridge) - before < MOST_MIB
    assert post(bridge.url, payment("evt_last")).status_code == 202
