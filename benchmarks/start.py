"""From the start of the process to a ready answer, beside a bare Starlette endpoint on the same server.

As on a platform that starts an instance when a webhook comes, the database is a new one each time. Starts alternate
with those of the control, each alone on its CPU; what is compiled to bytecode is so before the first that counts. What
a bridge takes of memory at rest is measured by `memory`.
"""

import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.bridge_server import PINBRIDGE
from benchmarks.figures import at_most, spread, table
from benchmarks.process import SERVER_CPU, cpu_seconds, free_port, running, wait_until_ready
from benchmarks.sales import sales_mapping
from benchmarks.traffic import SECRET

MOST_OF_BARE = 3.5
LOOK_EVERY_S = 0.002

CONTROL = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

app = Starlette(routes=[Route("/readyz", lambda _: Response())])
port = int(sys.argv[1])
uvicorn.run(app, port=port, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning")
"""


class Start(NamedTuple):
    """How long one start took, and how much of that the processor worked."""

    wall_s: float
    cpu_s: float


def measure(folder: Path, *, rounds: int, requests: int) -> str:  # noqa: ARG001 - nothing is asked but to be ready
    """Measure and give the report."""
    (folder / "mappings").mkdir(parents=True)
    (folder / "mappings" / "sales.yaml").write_text(sales_mapping(state=False), encoding="utf-8")
    _one_of_each(folder, "warm")
    return _report([_one_of_each(folder, str(turn)) for turn in range(max(5, rounds))])


def _one_of_each(folder: Path, name: str) -> tuple[Start, Start]:
    """Start the control, and then the bridge on a database of its own."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "PINBRIDGE_MAPPINGS": str(folder / "mappings"),
        "PINBRIDGE_DATABASE": f"sqlite:///{folder / name}.db",
        "PINDOWN_API_URL": "http://127.0.0.1:9/v1",
        "PINDOWN_API_KEY": "nobody-answers-there",
        "STRIPE_WEBHOOK_SECRET": SECRET,
    }
    control = _start([sys.executable, "-c", CONTROL, str(port)], port, folder / f"bare-{name}.log", environ)
    return control, _start([PINBRIDGE, "serve"], port, folder / f"bridge-{name}.log", environ)


def _start(command: Sequence[str], port: int, log: Path, environ: Mapping[str, str]) -> Start:
    began_s = time.perf_counter()
    with running(command, cpu=SERVER_CPU, log=log, environ=environ) as process:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log, every_s=LOOK_EVERY_S)
        return Start(time.perf_counter() - began_s, cpu_seconds(process.pid))


def _report(starts: Sequence[tuple[Start, Start]]) -> str:
    control, ours = zip(*starts, strict=True)
    ratios = [bridge.wall_s / bare.wall_s for bare, bridge in starts]
    rows = [
        ("bare Starlette", *_row(control), "1"),
        ("pinbridge serve", *_row(ours), spread(ratios, 2)),
    ]
    headings = ("server", "seconds until ready", "the processor's part", "of bare")
    return (
        f"## From its start to a ready answer\n\n{table(headings, rows)}\n\n"
        f"{len(starts)} starts of each, in turn; median (lowest-highest).\n\n"
        + at_most("times as long as bare", MOST_OF_BARE, statistics.median(ratios))
    )


def _row(starts: Sequence[Start]) -> tuple[str, str]:
    return spread([start.wall_s for start in starts], 2), spread([start.cpu_s for start in starts], 2)
