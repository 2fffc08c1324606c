"""`python -m benchmarks [--only ingest|history|rebuild|…] [--write FILE]`; `make bench` runs them all.

Each figure is a ratio to a control in the same run, because a machine's speed changes from minute to
minute. Needs Linux and two CPUs: the servers get the first, the load generator the second.
"""

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import delivery, dispatch, history, ingest, rebuild, reload, sizes
from benchmarks.machine import facts
from benchmarks.process import BenchmarkFailed

BENCHMARKS = {
    "ingest": ingest.measure,
    "sizes": sizes.measure,
    "history": history.measure,
    "rebuild": rebuild.measure,
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
    sections: list[str] = []
    for name in given.only or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir="build", prefix=f"bench-{name}-") as folder:
            if not sections:
                now = datetime.now(UTC)
                sections.append(INTRODUCTION.format(date=f"{now:%Y-%m-%d}", machine=facts(Path(folder))))
                print(sections[0])
            try:
                sections.append(BENCHMARKS[name](Path(folder).resolve(), rounds=given.rounds, requests=given.requests))
            except BenchmarkFailed as failure:
                print(f"{name}: {failure}", file=sys.stderr)
                return 1
        print(f"{sections[-1]}\n")
    if given.write:
        given.write.write_text("\n\n".join(section.strip() for section in sections) + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), help="run this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (%(default)s)")
    parser.add_argument("--requests", type=int, default=40_000, help="requests a round (%(default)s)")
    parser.add_argument("--write", type=Path, help="write the report to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
