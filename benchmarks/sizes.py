"""Ingest of small and large bodies, each against an endpoint that only reads a body of that size.

Long bodies have many small values, as orders with many lines do: what they cost is the signature, the
parsing, and the journal that keeps them. Bodies beyond 4 KB with many values are evaluated on another thread.
"""

import statistics
from pathlib import Path

from benchmarks.bare import bare
from benchmarks.bridge_server import bridge_server, sandbox
from benchmarks.figures import at_least, chart, spread, table
from benchmarks.rounds import BY_CPU, COLUMNS, CONNECTIONS, Rounds, alternate, columns, cpu_ratios, ratios
from benchmarks.sales import sales_mapping

SIZES_KB = (0.5, 1.6, 20, 256)
WANTED_AT_KB, WANTED = 20, 0.28

MOST_KB_A_ROUND = 128_000
"""What the load generator holds in memory: it builds every request of a round beforehand."""

BARE, BRIDGE = "bare Starlette", "pinbridge serve"


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    with (
        bare(folder) as control,
        sandbox(folder, rate="180/60s") as destination,
        bridge_server(folder, {"sales.yaml": sales_mapping()}, destination) as bridge,
    ):
        servers = {BARE: control, BRIDGE: bridge}
        results = {
            size_kb: alternate(servers, rounds=rounds, requests=_requests(requests, size_kb), size_kb=size_kb)
            for size_kb in SIZES_KB
        }
    return _report(results, requests)


def _requests(requests: int, size_kb: float) -> int:
    return min(requests, int(MOST_KB_A_ROUND / size_kb))


def _report(results: dict[float, dict[str, Rounds]], requests: int) -> str:
    rows = [
        (
            f"{size_kb:g} KB",
            name,
            f"{_requests(requests, size_kb):,}",
            *columns(each),
            spread(ratios(each, of[BARE]), 2),
            spread(cpu_ratios(each, of[BARE]), 2),
        )
        for size_kb, of in results.items()
        for name, each in of.items()
    ]
    headings = ("body", "server", "events a round", *COLUMNS, "of bare", "by CPU")
    medians = {size_kb: statistics.median(ratios(of[BRIDGE], of[BARE])) for size_kb, of in results.items()}
    bars = {f"{size_kb:g} KB": ratio for size_kb, ratio in medians.items()}
    return (
        f"## Bodies of {SIZES_KB[0]:g} to {SIZES_KB[-1]:g} KB\n\n{table(headings, rows)}\n\n"
        f"{chart('Requests a second, of those of bare Starlette at that size', 'ratio', bars)}\n\n"
        f"{len(results[WANTED_AT_KB][BARE])} rounds, {CONNECTIONS} connections; median (lowest-highest). One trigger "
        "matches, without state. A KB is 1,000 bytes; long bodies have a value each 30 bytes or so. "
        f"{BY_CPU}\n\n" + at_least(f"{WANTED_AT_KB} KB, of bare Starlette at that size", WANTED, medians[WANTED_AT_KB])
    )
