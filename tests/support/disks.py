"""A disk with little room, which a test fills and clears: a file system of its own, where that may be mounted."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import BridgeProcess

DISK_BYTES = 8 * 2**20
_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class SmallDisk:
    """The disk that a bridge's folder lies on.

    Who may not mount has its process forbidden to let a file grow, which SQLite meets with another error.
    """

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder = folder
        self._is_mounted = is_mounted
        self._filler = folder / "filler"

    @contextmanager
    def without_room(self, bridge: BridgeProcess) -> Iterator[None]:
        """Leave not a byte of room to a bridge: one that runs, or commands that it starts."""
        bridge.file_limit = None if self._is_mounted else 0
        if self._is_mounted:
            self._fill()
        elif bridge.process is not None and bridge.process.poll() is None:
            log = bridge.database.with_name(f"{bridge.database.name}-wal")
            resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
        yield
        bridge.file_limit = None
        self._filler.unlink(missing_ok=True)
        if bridge.process is not None and bridge.process.poll() is None:
            resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, _UNLIMITED)

    def _fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.strerror == "No space left on device"  # noqa: PT017 - how the loop ends


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Give a folder a small disk of its own."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], check=False, capture_output=True)  # noqa: S607 - wherever it lies
    try:
        yield SmallDisk(folder, is_mounted=mounted.returncode == 0)
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - as above
