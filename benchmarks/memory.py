"""Whether the memory of a process stays flat while it works."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.process import BenchmarkFailed, resident_mib

MAY_GROW = 1.1


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Note the memory of a process each second, in MiB, until the block ends."""
    memory: list[float] = []
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(pid, memory, ended))
    watch.start()
    try:
        yield memory
    finally:
        ended.set()
        watch.join()


def flat(memory: list[float]) -> tuple[float, float]:
    """Give the most memory at the middle and in the last tenth of the time, in MiB; fail where it grew.

    The first half fills caches that have a bound, the database's 16 MiB of pages above all.
    """
    tenth, middle = math.ceil(len(memory) / 10), len(memory) // 2
    early, late = max(memory[middle - tenth : middle]), max(memory[-tenth:])
    if late > early * MAY_GROW:
        raise BenchmarkFailed(f"memory grew from {early:.0f} MiB to {late:.0f} MiB in the second half")
    return early, late


def _watch(pid: int, memory: list[float], ended: threading.Event) -> None:
    while not ended.wait(1):
        memory.append(resident_mib(pid))
