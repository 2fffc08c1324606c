"""Where the CPU time of one event goes, by stage, next to what an event takes in a server under load.

The stages are measured warm, each for many events in a row. A server has sockets as well, deliveries and checkpoints,
and larger batches where it is late.
"""

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import uvloop

from benchmarks.bare import bare
from benchmarks.bridge_server import bridge_server, sandbox
from benchmarks.figures import chart, spread, table
from benchmarks.process import SERVER_CPU, on_cpu
from benchmarks.rounds import CONNECTIONS, Rounds, alternate
from benchmarks.sales import sales_mapping
from benchmarks.stages.pipeline import STAGES, opened
from benchmarks.traffic import signed_requests
from bridge.app import tune_the_collector

BARE, PLAIN, STATE = "bare Starlette", "without state", "with four entries"

Times = Sequence[Mapping[str, float]]
"""Of each round, the microseconds an event of each stage."""


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    events = max(CONNECTIONS, requests // 20)
    with on_cpu(SERVER_CPU):
        times = {
            name: uvloop.run(_times(_made(folder / f"warm {name}"), rounds=rounds, events=events, state=name == STATE))
            for name in (PLAIN, STATE)
        }
    with ExitStack() as running:
        destination = running.enter_context(sandbox(folder, rate="9000/60s"))
        servers = {BARE: running.enter_context(bare(folder))}
        for name in (PLAIN, STATE):
            mappings = {"sales.yaml": sales_mapping(state=name == STATE)}
            servers[name] = running.enter_context(bridge_server(folder / name, mappings, destination))
        served = alternate(servers, rounds=rounds, requests=requests)
    return _report(times, served, events, requests)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _times(folder: Path, *, rounds: int, events: int, state: bool) -> Times:
    async with opened(folder, state=state) as pipeline:
        tune_the_collector()
        times = []
        for turn in range(rounds + 1):  # the first warms up
            numbers = range(turn * events, (turn + 1) * events)
            requests = list(signed_requests("/hooks/stripe", numbers, shops=1))
            times.append(await pipeline.measure(requests))
        return times[1:]


def _report(times: Mapping[str, Times], served: Mapping[str, Rounds], events: int, requests: int) -> str:
    medians = {
        name: {stage: statistics.median([each[stage] for each in of]) for stage in STAGES} for name, of in times.items()
    }
    sums = {name: [sum(each.values()) for each in of] for name, of in times.items()}
    cpu_us = {name: [each.cpu_us for each in of] for name, of in served.items()}
    rows = [(stage, what, *_cells(times, medians, stage)) for stage, what in STAGES.items()]
    rest = [f"{statistics.median(cpu_us[name]) - statistics.median(sums[name]):.1f}" for name in times]
    rows += [
        ("sum", "", *_beside([spread(sums[name], 1) for name in times], "100 %")),
        ("in the server", "all of its CPU", *_beside([spread(cpu_us[name], 1) for name in times], "")),
        ("the rest", "see below", *_beside(rest, "")),
    ]
    headings = ("stage", "what", f"µs {PLAIN}", "share", f"µs {STATE}", "share")
    return (
        f"## Budget by stage\n\n{table(headings, rows)}\n\n"
        f"{chart(f'µs an event, {STATE}', 'µs', medians[STATE])}\n\n"
        f"{len(times[PLAIN])} rounds; median (lowest-highest). The stages: {events:,} events a round in one process by "
        f"the bridge's own functions, {CONNECTIONS} in a row through each stage: warm, for nothing else runs beside "
        f"it. The server: {requests:,} events a round on {CONNECTIONS} connections; bare Starlette takes "
        f"{spread(cpu_us[BARE])} µs. The rest is what only a server has: the sockets, other turns of the event loop, "
        "checkpoints and deliveries; what larger batches save goes off it. The event and the hand-over are "
        "differences of two measurements, as noisy as both."
    )


def _cells(times: Mapping[str, Times], medians: Mapping[str, Mapping[str, float]], stage: str) -> list[str]:
    cells = []
    for name, of in times.items():
        share = 100 * medians[name][stage] / sum(medians[name].values())
        cells += [spread([each[stage] for each in of], 1), f"{share:.0f} %"]
    return cells


def _beside(cells: Sequence[str], other: str) -> list[str]:
    return [each for cell in cells for each in (cell, other)]
