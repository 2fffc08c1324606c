"""Ingest on one core: signed 1.6 KB Stripe events against an endpoint that only reads the body.

Both servers run at the same time on the same CPU, and only one of them is asked at a time; rounds
alternate. The bridge verifies, parses, matches two conditions, extracts four variables, makes the
event durable (SQLite, synchronous=FULL, its default) and updates its pin in a sandbox.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bridge_server import bridge, sandbox
from benchmarks.figures import spread, table
from benchmarks.process import SERVER_CPU, cpu_seconds, free_port, load, resident_mib, running, wait_until_ready

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round on one server: requests a second, latencies in ms, CPU in microseconds a request."""

    rps: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    port = free_port()
    log = folder / "bare.log"
    with (
        running([sys.executable, "-m", "benchmarks.bare", "--port", str(port)], cpu=SERVER_CPU, log=log) as bare,
        sandbox(folder, rate="180/60s") as destination,
        bridge(folder, {"sales.yaml": MAPPING}, destination) as (url, served),
    ):
        bare_url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{bare_url}/readyz", bare, log)
        results: dict[str, list[Round]] = {"bare": [], "bridge": []}
        memory_before = resident_mib(served.pid)
        for number in range(rounds + 1):  # the first round warms both up and is not counted
            for name, address, process in (("bare", bare_url, bare), ("bridge", url, served)):
                outcome = _round(f"{address}/hooks/stripe", process, first=number * requests, requests=requests)
                if number:
                    results[name].append(outcome)
        memory = f"{memory_before:.0f} MiB before, {resident_mib(served.pid):.0f} MiB after"
    return _report(results, requests, memory)


def _round(url: str, process: subprocess.Popen[bytes], *, first: int, requests: int) -> Round:
    before_s = cpu_seconds(process.pid)
    result = load(url, first=first, requests=requests, connections=64)
    cpu_us = 1e6 * (cpu_seconds(process.pid) - before_s) / requests
    return Round(rps=result["rps"], p50_ms=result["p50_ms"], p99_ms=result["p99_ms"], cpu_us=cpu_us)


def _report(results: dict[str, list[Round]], requests: int, memory: str) -> str:
    bare, bridged = results["bare"], results["bridge"]
    ratios = [ours.rps / control.rps for ours, control in zip(bridged, bare, strict=True)]
    rows = [_row("bare Starlette", bare, "1"), _row("pinbridge serve", bridged, spread(ratios, 2))]
    headings = ("server", "requests/s", "ratio", "p50 ms", "p99 ms", "CPU µs a request")
    return (
        f"## Ingest on one core\n\n{table(headings, rows)}\n\n"
        f"{len(bare)} rounds of {requests:,} events each, 64 connections; median (lowest-highest). "
        f"The bridge's memory: {memory}.\n"
        "Wanted: a ratio of 0.55 or more; a p99 of 20 ms or less where an fsync takes 0.3 ms."
    )


def _row(name: str, rounds: Sequence[Round], ratio: str) -> tuple[str, ...]:
    return (
        name,
        spread([each.rps for each in rounds]),
        ratio,
        spread([each.p50_ms for each in rounds], 1),
        spread([each.p99_ms for each in rounds], 1),
        spread([each.cpu_us for each in rounds]),
    )
