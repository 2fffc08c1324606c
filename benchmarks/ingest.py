"""Ingest on one core: signed 1.6 KB Stripe events against an endpoint that only reads the body.

All servers run at the same time on the same CPU, and only one of them is asked at a time; rounds
alternate. The bridge verifies, parses, matches two conditions, extracts four variables, makes the
event durable (SQLite, synchronous=FULL, its default) and updates its pin in a sandbox. A second
bridge folds each event into four entries of its state as well.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bridge_server import bridge, sandbox
from benchmarks.figures import spread, table
from benchmarks.process import (
    SERVER_CPU,
    BenchmarkFailed,
    cpu_seconds,
    free_port,
    load,
    resident_mib,
    running,
    wait_until_ready,
)

MAPPING = """
pin: p-sales
triggers:
  - name: sale
    source: stripe
    event: payment_intent.succeeded
    when:
      $.data.object.currency: eur
      $.data.object.amount_received: {gt: 0}
    extract:
      amount: $.data.object.amount_received
      buyer: $.data.object.receipt_email
      payment: $.data.object.id
      shop: $.data.object.metadata.shop
update:
  metadata:
    pin_config:
      cards:
        - {title: Last sale, value: "{{ amount | currency('EUR', minor=true) }}"}
        - {title: From, value: "{{ buyer }}"}
"""

STATE = """
state:
  today: {sum: amount, every: day}
  orders: {count: sale, every: day}
  last_24h: {sum: amount, window: 24h}
  newest: {rows: {buyer: buyer, amount: amount}, key: payment, capacity: 10}
update:
  metadata:
    pin_config:
      cards:
        - {title: Today, value: "{{ today.value | currency('EUR', minor=true) }}"}
        - {title: Orders, value: "{{ orders.value }}"}
        - {title: 24 hours, value: "{{ last_24h.value | currency('EUR', minor=true) }}"}
        - {title: Last, value: "{{ newest | map(attribute='buyer') | join(', ') }}"}
"""
"""What stands in the place of `update`: two metrics by day, one that slides, and the ten newest payments."""

BARE, PLAIN, STATEFUL = "bare Starlette", "pinbridge serve", "the same with state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round on one server: requests a second, latencies in ms, CPU in microseconds a request."""

    rps: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is measured: the hook it listens on, and its process."""

    hook: str
    process: subprocess.Popen[bytes]


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    with_state = MAPPING.partition("update:")[0] + STATE
    with ExitStack() as running_servers:
        servers = {
            BARE: running_servers.enter_context(_bare(folder)),
            PLAIN: running_servers.enter_context(_bridge(folder / "plain", MAPPING)),
            STATEFUL: running_servers.enter_context(_bridge(folder / "state", with_state)),
        }
        results: dict[str, list[Round]] = {name: [] for name in servers}
        before = [resident_mib(server.process.pid) for server in servers.values()]
        for number in range(rounds + 1):  # the first round warms all up and is not counted
            for name, server in servers.items():
                outcome = _round(server, first=number * requests, requests=requests)
                if number:
                    results[name].append(outcome)
        _check_state(folder / "state" / "pinbridge.db", (rounds + 1) * requests)
        after = [resident_mib(server.process.pid) for server in servers.values()]
    memory = [f"{start:.0f} to {end:.0f}" for start, end in zip(before, after, strict=True)]
    return _report(results, requests, memory)


@contextmanager
def _bare(folder: Path) -> Iterator[Server]:
    port = free_port()
    log = folder / "bare.log"
    with running([sys.executable, "-m", "benchmarks.bare", "--port", str(port)], cpu=SERVER_CPU, log=log) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/readyz", process, log)
        yield Server(hook=f"{url}/hooks/stripe", process=process)


@contextmanager
def _bridge(folder: Path, mapping: str) -> Iterator[Server]:
    folder.mkdir()
    with (
        sandbox(folder, rate="180/60s") as destination,
        bridge(folder, {"sales.yaml": mapping}, destination) as (url, process),
    ):
        yield Server(hook=f"{url}/hooks/stripe", process=process)


def _check_state(database: Path, events: int) -> None:
    """Fail unless the state has counted every event."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        counts = [data for (data,) in connection.execute("SELECT data FROM state WHERE part = 'b'")]
    if str(events) not in counts:
        raise BenchmarkFailed(f"no bucket has counted {events:,} events; they hold {', '.join(counts)}")


def _round(server: Server, *, first: int, requests: int) -> Round:
    before_s = cpu_seconds(server.process.pid)
    result = load(server.hook, first=first, requests=requests, connections=64)
    cpu_us = 1e6 * (cpu_seconds(server.process.pid) - before_s) / requests
    return Round(rps=result["rps"], p50_ms=result["p50_ms"], p99_ms=result["p99_ms"], cpu_us=cpu_us)


def _report(results: dict[str, list[Round]], requests: int, memory: Sequence[str]) -> str:
    rows = [
        (
            *_row(name, rounds),
            _ratios(rounds, results[BARE]),
            "" if name == BARE else _ratios(rounds, results[PLAIN]),
            mib,
        )
        for (name, rounds), mib in zip(results.items(), memory, strict=True)
    ]
    headings = ("server", "requests/s", "p50 ms", "p99 ms", "CPU µs a request", "of bare", "of plain", "memory MiB")
    return (
        f"## Ingest on one core\n\n{table(headings, rows)}\n\n"
        f"{len(results[BARE])} rounds of {requests:,} events each, 64 connections; median (lowest-highest). "
        "State: a sum and a count by day, a sum over 24 h, and a table of the ten newest payments.\n"
        "Wanted: 0.55 or more of bare Starlette, with state 0.42, and 0.75 of what it is without; "
        "a p99 of 20 ms or less where an fsync takes 0.3 ms."
    )


def _row(name: str, rounds: Sequence[Round]) -> tuple[str, ...]:
    return (
        name,
        spread([each.rps for each in rounds]),
        spread([each.p50_ms for each in rounds], 1),
        spread([each.p99_ms for each in rounds], 1),
        spread([each.cpu_us for each in rounds]),
    )


def _ratios(ours: Sequence[Round], control: Sequence[Round]) -> str:
    return spread([one.rps / other.rps for one, other in zip(ours, control, strict=True)], 2)
