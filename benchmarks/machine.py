"""What the figures were taken on: the processor, the versions and what the disk needs for an fsync."""

import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path


def facts(folder: Path) -> str:
    """Describe the machine in two lines; no name, no path."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), platform.machine())
    packages = ("starlette", "uvicorn", "uvloop", "orjson", "sqlalchemy")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    system = f"Linux {platform.release().split('-')[0]}, Python {sys.version.split()[0]}"
    times = fsync_ms(folder)
    return (
        f"{model}, {os.cpu_count()} cores, {system}; {versions}.\n"
        f"An fsync after a write of 1.6 KB takes {times[len(times) // 2]:.2f} ms "
        f"(p99 {times[len(times) * 99 // 100]:.2f} ms)."
    )


def fsync_ms(folder: Path, rounds: int = 300) -> list[float]:
    """Time writes of 1.6 KB, each made durable, on the disk that the database is on; sorted."""
    path, times = folder / "fsync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(rounds):
            file.write(b"x" * 1600)
            started_at = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - started_at))
    path.unlink()
    return sorted(times)
