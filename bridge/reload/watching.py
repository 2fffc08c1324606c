"""Waiting for a change of the mappings: the system tells of it, or it is looked for every so often.

Being told costs nothing while nothing changes. Network file systems tell of nothing that another
machine did; for them there is the second way. Everything here belongs to a thread that may block.
"""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol, Self

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from bridge.reload.places import find_places

STEP_MS = 250
"""A change is noticed within one such step, and its like gathered until a step brings no more."""

GATHER_MS = 2_000
"""Changes that never end are waited for no longer than this."""

CHECK_MS = 20
"""How long the system may take to tell of a change that has been made."""

TRIES = 10


class Watch(Protocol):
    """Knows whether the mappings changed since it was made."""

    def has_changed(self) -> bool:
        """Tell whether there was a change that counts, as far as is known at once."""

    def wait(self, timeout_s: float | None) -> None:
        """Return once there was one, and a while of quiet after it; at the latest after so many seconds."""

    def close(self) -> None:
        """Watch no more."""


class Told(Watch):
    """Is told by the system, from the beginning on."""

    def __init__(self, folder: Path, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._changed = False
        self.places = find_places(folder)
        watched = [str(path) for path in sorted(self.places.watched)]
        try:
            # Each folder by itself (no recursion), so that samples and hidden folders cost no watch.
            self._notify = RustNotify(watched, False, False, 0, False, False)
        except (WatchfilesRustInternalError, ValueError) as error:  # the second for a name that is not UTF-8
            raise OSError(str(error)) from error

    @classmethod
    def of(cls, folder: Path, stopping: threading.Event) -> Self:
        """Watch a folder, which need not be there. Raises `OSError` where the system does not tell."""
        for _ in range(TRIES):
            # Between finding folders and watching them, some may vanish, and others come that nobody would watch.
            with suppress(OSError):
                told = cls(folder, stopping)
                if find_places(folder) == told.places:
                    return told
                told.close()
        return cls(folder, stopping)

    def has_changed(self) -> bool:
        """Tell whether there was a change, also one that was told a moment ago."""
        self._changed = self._changed or self._gather(CHECK_MS, CHECK_MS) == "changed"
        return self._changed

    def wait(self, timeout_s: float | None) -> None:
        """Sleep until there was a change; one that is known already is followed to its end."""
        if self._changed:
            self._gather(STEP_MS, STEP_MS)
            return
        while self._gather(STEP_MS, int((timeout_s or 0) * 1000)) == "other":
            continue

    def close(self) -> None:
        """End the library's thread."""
        self._notify.close()

    def _gather(self, step_ms: int, timeout_ms: int) -> Literal["changed", "other", "nothing"]:
        """Gather what is told; without a change return after `timeout_ms` (0: never), or when stopping."""
        try:
            told = self._notify.watch(GATHER_MS, step_ms, timeout_ms, self._stopping)
        except WatchfilesRustInternalError:
            # It knows nothing any more: whoever asks looks for himself, and watches anew.
            self._stopping.wait(STEP_MS / 1000)
            return "changed"
        if isinstance(told, str):
            return "nothing"
        return "changed" if any(self.places.count(Path(path)) for _, path in told) else "other"


class Looked(Watch):
    """Is told nothing, and lets whoever waits look every so often; what is found unchanged costs little."""

    def __init__(self, every_s: float, stopping: threading.Event) -> None:
        self._every_s = every_s
        self._stopping = stopping

    def has_changed(self) -> bool:
        """Know of nothing."""
        return False

    def wait(self, timeout_s: float | None) -> None:
        """Sleep until the next look."""
        self._stopping.wait(min(self._every_s, timeout_s or self._every_s))

    def close(self) -> None:
        """Hold nothing."""
