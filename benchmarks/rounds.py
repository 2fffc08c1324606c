"""Servers under the same load in turn: rounds alternate, and each is compared with the control's of the same turn.

All servers run at the same time on the same CPU, and only one of them is asked at a time. The first round warms
all up and is not counted.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import spread
from benchmarks.process import cpu_seconds, load
from benchmarks.traffic import USUAL_KB

CONNECTIONS = 64

COLUMNS = ("requests/s", "p50 ms", "p99 ms", "CPU µs a request")
"""The headings of `columns`."""

BY_CPU = (
    "By CPU: how much of it the control takes for a request, of how much the server takes; where that is less than the "
    "ratio of requests, the load generator held up the control."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is measured: the hook it listens on, its process, and the status that says that it took an event.

    `requests` is how many a round asks of it, where a slow one would make rounds long.
    """

    hook: str
    process: subprocess.Popen[bytes]
    status: int = 202
    requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round on one server: requests a second, latencies in ms, CPU in microseconds a request."""

    rps: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


Rounds = Sequence[Round]


def alternate(
    servers: Mapping[str, Server], *, rounds: int, requests: int, size_kb: float = USUAL_KB
) -> dict[str, Rounds]:
    """Measure all servers in turn, each `rounds` times, with bodies of a size.

    No event comes twice to a server. Raises `BenchmarkFailed` where a server took one not.
    """
    results: dict[str, list[Round]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, server in servers.items():
            outcome = _round(server, first=turn * requests, requests=server.requests or requests, size_kb=size_kb)
            if turn:
                results[name].append(outcome)
    return dict(results)


def columns(rounds: Rounds) -> tuple[str, str, str, str]:
    """Write the requests a second, p50, p99 and CPU of a server as cells of a table."""
    return (
        spread([each.rps for each in rounds]),
        spread([each.p50_ms for each in rounds], 1),
        spread([each.p99_ms for each in rounds], 1),
        spread([each.cpu_us for each in rounds]),
    )


def ratios(ours: Rounds, control: Rounds) -> list[float]:
    """Give how many requests a second a server took for each that the control took in the same turn."""
    return [one.rps / other.rps for one, other in zip(ours, control, strict=True)]


def cpu_ratios(ours: Rounds, control: Rounds) -> list[float]:
    """Give the same by the CPU that a request took, which tells of the server alone, however fast it was asked."""
    return [other.cpu_us / one.cpu_us for one, other in zip(ours, control, strict=True)]


def _round(server: Server, *, first: int, requests: int, size_kb: float) -> Round:
    pid = server.process.pid
    before_s = cpu_seconds(pid)
    result = load(
        server.hook,
        status=server.status,
        first=first,
        requests=requests,
        connections=CONNECTIONS,
        size_kb=size_kb,
    )
    cpu_us = 1e6 * (cpu_seconds(pid) - before_s) / requests
    return Round(rps=result["rps"], p50_ms=result["p50_ms"], p99_ms=result["p99_ms"], cpu_us=cpu_us)
