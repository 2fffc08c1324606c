"""Real processes for the acceptance tests: a sandbox, a bridge, and senders that retry until they are acked."""

import contextlib
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.secrecy import hold_untold, secrets_in, told_secrets

SECRET = "whsec_acceptance"
KEY = "pk_acceptance"
STARTUP_S = 60.0

MAPPING = """
pin: "{{ 'p-' ~ key }}"
pins: ["p-*"]
triggers:
  - source: stripe
    event: payment_intent.succeeded
    when:
      $.data.object.currency: eur
    extract:
      key: $.data.object.metadata.key
      turn: $.data.object.metadata.turn
      amount: $.data.object.amount
    version: $.data.object.metadata.version
update:
  metadata:
    pin_config:
      cards:
        - {title: Turn, value: "{{ turn }}"}
        - {title: Amount, value: "{{ amount | currency('EUR', minor=true) }}"}
deliver: {min_interval: 0s}
"""


def run(
    *words: str | Path, given: str = "", cwd: Path | str = ".", before: Sequence[str] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the program to its end, in an environment of its own; `given` is its standard input.

    `before` is a command that runs it.
    """
    ended = subprocess.run(  # our own module
        [*before, sys.executable, "-m", "bridge", *map(str, words)],
        check=False,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environ},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told_secrets(secrets_in(environ), (ended.stdout + ended.stderr).encode()) == []
    return ended


class Sandbox:
    """The Pindown look-alike as a process, with its control API."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "bridge.sandbox", "--port", "0", "--key", KEY, "--auto-create"]
        self._process = subprocess.Popen(  # our own module
            [*command, "--until-stdin-closes", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url: str = json.loads(self._process.stdout.readline())["url"]
        self.http = httpx.Client(base_url=self.url, timeout=10, headers={"Authorization": f"Bearer {KEY}"})

    def values(self, pin: str) -> list[str]:
        """Give the values of the cards that the pin shows; none where it has never been written."""
        answer = self.http.get(f"/v1/pins/{pin}")
        if answer.status_code == 404:
            return []
        config = answer.json()["data"]["metadata"]["pin_config"]
        return [card["value"] for card in config["cards"]]

    def writes(self) -> list[dict[str, Any]]:
        """Give the PUT requests that arrived, oldest first."""
        requests: list[dict[str, Any]] = self.http.get("/_sandbox/requests", params={"limit": 20_000}).json()[
            "requests"
        ]
        return [request for request in requests if request["method"] == "PUT"]

    def fault(self, **fault: object) -> None:
        """Order a fault."""
        self.http.post("/_sandbox/faults", json=fault).raise_for_status()

    def close(self) -> None:
        """End the process."""
        self.http.close()
        self._process.terminate()
        self._process.communicate(timeout=10)


class BridgeProcess:
    """`pinbridge serve` as a process, on a folder of its own that outlives its deaths."""

    def __init__(self, folder: Path, api_url: str, **settings: str) -> None:
        self.database = folder / "pinbridge.db"
        self.mappings = folder / "mappings"
        self.log = folder / "bridge.log"
        self._running = folder / "pinbridge.db.running"
        self.environ = {
            "PATH": os.environ["PATH"],
            "PORT": "0",
            "PINBRIDGE_MAPPINGS": str(self.mappings),
            "PINBRIDGE_DATABASE": f"sqlite:///{self.database}",
            "PINBRIDGE_RATE": "100000/60s",
            "PINDOWN_API_KEY": KEY,
            "PINDOWN_API_URL": api_url,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            **settings,
        }
        self._secrets = secrets_in(self.environ)
        self.program: tuple[str, ...] = ("-m", "bridge")
        self.file_limit: int | None = None
        """How large a file may be that a command writes."""
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the program in the same environment."""
        limit = () if self.file_limit is None else ("prlimit", f"--fsize={self.file_limit}")
        return run(*words, before=limit, **self.environ)

    def start(self, *options: str, waits_for: subprocess.Popen[bytes] | None = None) -> None:
        """Start, and wait until it says that it is ready; with `waits_for`, not before that process has ended."""
        if waits_for is None:
            self._running.unlink(missing_ok=True)
        self.launch(*options)
        assert self.process is not None
        deadline = time.monotonic() + STARTUP_S
        while (waits_for is not None and waits_for.poll() is None) or not self._is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def launch(self, *options: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
        """Start, and wait for nothing; its log goes into a file, or to `stderr`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, "serve", *options],
                env=self.environ,
                stdout=log,
                stderr=log if stderr is None else stderr,
            )
        return self.process

    def _is_ready(self) -> bool:
        try:
            running = json.loads(self._running.read_text())
            self.url = running["address"]
            self._secrets |= {running["token"].encode()}
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except (FileNotFoundError, json.JSONDecodeError, httpx.TransportError):
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """Ask it to end; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def ended(self) -> int:
        """Wait until it has ended by itself; gives the exit code."""
        assert self.process is not None
        return self.process.wait(15)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Give its log lines of one kind, oldest first."""
        told = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in told if line["event"] == event]

    def close(self) -> None:
        """End it whatever state it is in; no secret may have come into its log, or into its database."""
        if self.process is not None and self.process.poll() is None:
            self.terminate()
        hold_untold(self._secrets, self.log, self.database, self.database.with_name(f"{self.database.name}-wal"))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from its database, beside it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What a Stripe payment says; the newest per key is the one with the highest version."""

    id: str
    key: str = "shop"
    turn: int = 1
    cents: int = 2000
    version: int | None = None
    currency: str = "eur"

    def body(self) -> bytes:
        """Give the event as it would be posted."""
        version = self.turn if self.version is None else self.version
        metadata = {"key": self.key, "turn": self.turn, "version": version}
        intent = {"currency": self.currency, "amount": self.cents, "metadata": metadata}
        event = {"id": self.id, "type": "payment_intent.succeeded", "created": int(time.time())}
        return json.dumps({**event, "data": {"object": intent}}).encode()


def payment(event_id: str, **fields: Any) -> bytes:
    """Build the body of a payment's event."""
    return Payment(id=event_id, **fields).body()


def signed(body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """Sign as Stripe documents it, apart from the code under test."""
    timestamp = int(time.time())
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Stripe-Signature": f"t={timestamp},v1={digest}"}


def post(url: str, body: bytes, **signing: str) -> httpx.Response:
    """Deliver one webhook."""
    return httpx.post(f"{url}/hooks/stripe", content=body, headers=signed(body, **signing), timeout=30)


def eventually(holds: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait until something holds, and fail where it does not in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
