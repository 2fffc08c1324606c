"""Processes to measure: started on one CPU, watched through /proc, stopped by their own id."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SERVER_CPU = 0
LOAD_CPU = 1

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class BenchmarkFailed(Exception):
    """A measurement did not come about; the message says why."""


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """Pin this thread, and so whatever it starts, to one CPU; as before afterwards."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    command: Sequence[str], *, cpu: int, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; its output goes to `log`."""
    with log.open("wb") as output, on_cpu(cpu):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environ
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Name a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(
    url: str, process: subprocess.Popen[bytes], log: Path, *, timeout_s: float = 60, every_s: float = 0.05
) -> None:
    """Wait for 200, looking every so often; raises `BenchmarkFailed` with the end of the log where it does not come."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the address is ours
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(every_s)
    end_of_log = log.read_text(errors="replace")[-2000:]
    raise BenchmarkFailed(f"{url} did not become ready (exit {process.poll()}):\n{end_of_log}")


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of a process so far: of all its threads, and of its children that ended, user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Give the memory that a process holds now, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def load(url: str, *, cpu: int = LOAD_CPU, status: int = 202, **options: float) -> dict[str, float]:
    """Run the load generator to its end; raises `BenchmarkFailed` unless every answer had the status."""
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with on_cpu(cpu):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", url, *arguments],
            capture_output=True,
            check=False,
            text=True,
            timeout=600,
        )
    if done.returncode != 0:
        raise BenchmarkFailed(f"the load generator failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout)
    if result["failure"] or set(result["statuses"]) != {str(status)}:  # type: ignore[call-overload]  # two fields are no numbers
        raise BenchmarkFailed(f"not every request was accepted: {result}")
    return result
