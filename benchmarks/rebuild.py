"""Folding a long journal again while the bridge runs: how fast, how much memory, and what webhooks feel of it.

The journal has the events of the ingest benchmark, 25 times the requests of a round: a million by default. It is
rebuilt twice by `pinbridge rebuild`, once alone and once beside a little traffic that had the bridge to itself before.
"""

import json
import subprocess
import time
from pathlib import Path

from benchmarks.bridge_server import bridge, command, sandbox
from benchmarks.figures import table
from benchmarks.memory import flat, watched
from benchmarks.process import BenchmarkFailed, load
from benchmarks.sales import sales_mapping

PARTS = 25
"""How many rounds of requests make the journal."""

CONNECTIONS, PAUSE_S, SPARSE_S = 4, 0.02, 15
"""Traffic of about 190 events a second."""


LEAST_RATE = 15_000
MOST_RATIO = 2.0


def measure(folder: Path, *, rounds: int, requests: int) -> str:  # noqa: ARG001 - one journal, whatever is asked for
    """Measure and give the report."""
    events = PARTS * requests
    with (
        sandbox(folder, rate="180/60s") as destination,
        bridge(folder, {"sales.yaml": sales_mapping(state=True)}, destination) as (url, served),
    ):
        hook = f"{url}/hooks/stripe"
        for first in range(0, events, requests):
            load(hook, first=first, requests=requests, connections=64)
        with watched(served.pid) as memory:
            started_at = time.monotonic()
            _finish(_begin(folder), events)
            rebuilt_s = time.monotonic() - started_at
        alone = _traffic(hook, first=events)
        beside = _begin(folder)
        during = _traffic(hook, first=2 * events)
        if beside.poll() is not None:
            raise BenchmarkFailed("the rebuild ended before the traffic beside it; ask for more requests")
        _finish(beside, events)
    if events / rebuilt_s < LEAST_RATE:
        raise BenchmarkFailed(f"{events:,} events took {rebuilt_s:.0f} s, {events / rebuilt_s:,.0f} a second")
    if during["p50_ms"] > MOST_RATIO * alone["p50_ms"]:
        raise BenchmarkFailed(f"a webhook took {during['p50_ms']:.1f} ms, {alone['p50_ms']:.1f} ms without the rebuild")
    return _report(events, rebuilt_s, flat(memory), (alone, during))


def _begin(folder: Path) -> subprocess.Popen[str]:
    return command(folder, "rebuild", "sales", "--json")


def _finish(rebuild: subprocess.Popen[str], events: int) -> None:
    try:
        answer, _ = rebuild.communicate(timeout=1.5 * events / LEAST_RATE + 60)
    except subprocess.TimeoutExpired:
        rebuild.kill()
        answer, _ = rebuild.communicate()
    told = json.loads(answer) if rebuild.returncode == 0 else {}
    if not told.get("rebuilt") or told["events"] < events:
        raise BenchmarkFailed(f"{events:,} events were not rebuilt: exit {rebuild.returncode}, {answer}")


def _traffic(hook: str, *, first: int) -> dict[str, float]:
    requests = int(SPARSE_S * CONNECTIONS / PAUSE_S)
    return load(hook, first=first, requests=requests, connections=CONNECTIONS, pause=PAUSE_S)


def _report(
    events: int, rebuilt_s: float, memory: tuple[float, float], traffic: tuple[dict[str, float], dict[str, float]]
) -> str:
    alone, during = traffic
    rows = [
        (f"{events:,} events rebuilt", f"{rebuilt_s:.0f} s, {events / rebuilt_s:,.0f} events a second"),
        ("memory", "{:.0f} MiB at half the time, {:.0f} MiB at the end".format(*memory)),
        ("a webhook without it", f"p50 {alone['p50_ms']:.1f} ms, p99 {alone['p99_ms']:.1f} ms"),
        ("a webhook during it", f"p50 {during['p50_ms']:.1f} ms, p99 {during['p99_ms']:.1f} ms"),
    ]
    return (
        f"## Rebuilding a journal\n\n{table(('what', 'measured'), rows)}\n\n"
        f"The bridge has one CPU; the traffic is some {CONNECTIONS / PAUSE_S:.0f} webhooks a second. "
        f"Wanted, or the benchmark fails: {LEAST_RATE:,} events a second, memory flat (in the second half of the time "
        f"at most a tenth more), and webhooks that take at most {MOST_RATIO:.0f} times as long (p50)."
    )
