"""What memory the bridge takes: at rest, beside a bare Starlette endpoint, and while events come by the million.

At rest means some seconds after the start, with one mapping and four entries of state. It is measured anew for
each round. The events come without a pause, each of them distinct, and memory is read after each tenth of them:
the first tenth fills what has a bound (the database's pages, pools of objects), and is what the last is held to.
"""

import statistics
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.bare import bare
from benchmarks.bridge_server import SandboxAddress, bridge_server, sandbox
from benchmarks.figures import at_most, chart, spread, table
from benchmarks.process import load, resident_mib
from benchmarks.rounds import CONNECTIONS
from benchmarks.sales import sales_mapping

EVENTS = 1_000_000
PARTS = 10
REST_S = 3
MOST_MB, MOST_GROWTH_PERCENT = 75, 5
MAPPINGS = {"sales.yaml": sales_mapping(state=True)}


def measure(folder: Path, *, rounds: int, requests: int, events: int = EVENTS) -> str:  # noqa: ARG001 - no requests
    """Measure and give the report."""
    with sandbox(folder, rate="180/60s") as destination:
        at_rest_mb = [_at_rest_mb(folder / f"rest{turn}", destination) for turn in range(rounds)]
        with bridge_server(folder / "events", MAPPINGS, destination) as server:
            numbers = range(0, events + 1, events // PARTS)
            working_mb = [_resident_mb(server.process.pid)]
            for first, following in pairwise(numbers):
                load(server.hook, first=first, requests=following - first, connections=CONNECTIONS)
                working_mb.append(_resident_mb(server.process.pid))
    return _report(at_rest_mb, dict(zip(numbers, working_mb, strict=True)))


def _at_rest_mb(folder: Path, destination: SandboxAddress) -> tuple[float, float]:
    """Start both servers and let them rest; gives the memory of the control and the bridge's."""
    folder.mkdir()
    with bare(folder) as control, bridge_server(folder, MAPPINGS, destination) as bridge:
        time.sleep(REST_S)
        return _resident_mb(control.process.pid), _resident_mb(bridge.process.pid)


def _resident_mb(pid: int) -> float:
    return resident_mib(pid) * 2**20 / 1e6


def _report(at_rest_mb: list[tuple[float, float]], working_mb: dict[int, float]) -> str:
    bare_mb, bridge_mb = zip(*at_rest_mb, strict=True)
    rows = [
        ("bare Starlette", spread(bare_mb), "1"),
        ("pinbridge serve", spread(bridge_mb), spread([ours / control for control, ours in at_rest_mb], 2)),
    ]
    _, warm_mb, *_, last_mb = working_mb.values()
    bars = {f"{number:,}": memory for number, memory in working_mb.items()}
    return (
        f"## Memory at rest and over {max(working_mb):,} events\n\n"
        f"{table(('at rest', 'MB', 'of bare'), rows)}\n\n"
        f"{chart('MB after so many events', 'MB', bars)}\n\n"
        f"{len(at_rest_mb)} starts, each {REST_S} s after it was ready; median (lowest-highest). Resident memory, "
        "shared libraries included. One run of events.\n\n"
        + at_most("MB at rest", MOST_MB, statistics.median(bridge_mb))
        + "\n"
        + at_most(
            "% more after the last tenth than after the first", MOST_GROWTH_PERCENT, 100 * last_mb / warm_mb - 100
        )
    )
