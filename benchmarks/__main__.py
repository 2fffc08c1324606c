"""`python -m benchmarks [--only ingest|sizes|peers|…] [--write FILE]`; `make bench` runs them all.

Each figure is a ratio to a control in the same run, because a machine's speed changes from minute to
minute. Needs Linux and two CPUs: the servers get the first, the load generator the second.

It ends with a summary, and with exit code 1 where a benchmark failed or a wanted figure is not reached. The report is
whole all the same, and says so.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import delivery, dispatch, footprint, history, ingest, rebuild, reload, sizes, start, upkeep, verify
from benchmarks.figures import missed
from benchmarks.machine import facts
from benchmarks.peers import comparison
from benchmarks.process import BenchmarkFailed
from benchmarks.stages import budget

Measure = Callable[..., str]

BENCHMARKS: dict[str, Measure] = {
    "ingest": ingest.measure,
    "sizes": sizes.measure,
    "memory": footprint.measure,
    "stages": budget.measure,
    "start": start.measure,
    "peers": comparison.measure,
    "history": history.measure,
    "rebuild": rebuild.measure,
    "upkeep": upkeep.measure,
    "verify": verify.measure,
    "dispatch": dispatch.measure,
    "reload": reload.measure,
    "delivery": delivery.measure,
}

INTRODUCTION = """# Performance

Measured on {date} with `make bench ARGS='--write docs/performance.md'`, on:
{machine}

Absolute figures are this machine's at that hour; the ratios are what carries over. Every measurement
alternates with its control in the same run. The servers share one CPU, the load generator has another.
"""


def main() -> int:
    """Run what was asked for; gives the exit code."""
    given = _arguments()
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        print("The benchmarks pin processes to CPUs and read /proc: they need Linux and two CPUs.", file=sys.stderr)
        return 2
    Path("build").mkdir(exist_ok=True)
    sections, misses = [_introduction()], list[str]()
    print(sections[0])
    benchmarks: dict[str, Measure] = {**BENCHMARKS, "memory": partial(footprint.measure, events=given.events)}
    for name in given.only or benchmarks:
        print(f"measuring {name} …", file=sys.stderr)
        try:
            with _folder(name) as folder:
                sections.append(benchmarks[name](folder, rounds=given.rounds, requests=given.requests))
        except BenchmarkFailed as failure:
            sections.append(f"## {name}\n\nIt failed: {failure}")
            misses.append(f"{name}: failed: {failure}")
        else:
            misses += [f"{name}: {line.removeprefix('- ')}" for line in missed(sections[-1])]
        print(f"{sections[-1]}\n")
    if given.write:
        given.write.write_text("\n\n".join(section.strip() for section in sections) + "\n", encoding="utf-8")
    print("\n".join(misses) or "every wanted figure is reached", file=sys.stderr)
    return 1 if misses else 0


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="build", prefix=f"bench-{name}-") as folder:
        yield Path(folder).resolve()


def _introduction() -> str:
    with _folder("machine") as folder:
        return INTRODUCTION.format(date=f"{datetime.now(UTC):%Y-%m-%d}", machine=facts(folder))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), help="run this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (%(default)s)")
    parser.add_argument("--requests", type=int, default=40_000, help="requests a round (%(default)s)")
    parser.add_argument("--events", type=int, default=footprint.EVENTS, help="events that memory takes (%(default)s)")
    parser.add_argument("--write", type=Path, help="write the report to this file too")
    given = parser.parse_args()
    if given.events < footprint.PARTS:
        parser.error(f"--events: at least {footprint.PARTS} are needed")
    return given


if __name__ == "__main__":
    sys.exit(main())
