"""Waiting for a change of the mappings: the system tells of it, or it is looked for every so often.

Being told costs nothing while nothing changes: the thread sleeps until Linux wakes it, see inotify(7). Network file
systems tell of nothing that another machine did; for them there is the second way. Everything here but `wake` belongs
to a thread that may block.
"""

import os
import select
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal, Protocol, Self

from bridge.reload.places import find_places

QUIET_S = 0.25
"""A change is followed by its like until nothing comes for so long."""

GATHER_S = 2.0
"""Changes that never end are waited for no longer than this."""

TRIES = 10


class Watch(Protocol):
    """Knows whether the mappings changed since it was made."""

    def has_changed(self) -> bool:
        """Tell whether there was a change that counts, as far as is known at once."""

    def wait(self, timeout_s: float | None) -> None:
        """Return once there was one, and a while of quiet after it; at the latest after so many seconds."""

    def wake(self) -> None:
        """Let whoever waits return, from any thread: the process ends."""

    def close(self) -> None:
        """Watch no more."""


class Told(Watch):
    """Is told by the system, from the beginning on."""

    def __init__(self, folder: Path) -> None:
        # On the thread and not with the start, which it would take 10 ms of: it looks for the C library by a command.
        from asyncinotify import Inotify, Mask  # noqa: PLC0415 - as above

        changes = Mask.CREATE | Mask.MODIFY | Mask.CLOSE_WRITE | Mask.ATTRIB | Mask.MOVE | Mask.DELETE
        changes |= Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.ONLYDIR
        self._changed = False
        self.places = find_places(folder)
        with ExitStack() as opening:
            self._notify = opening.enter_context(Inotify(sync_timeout=0))
            # Each folder by itself (no recursion), so that samples and hidden folders cost no watch.
            for path in sorted(self.places.watched):
                self._notify.add_watch(path, changes)
            self._woken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            opening.pop_all()
        self._ready = select.poll()
        for descriptor in (self._notify.fd, self._woken):
            self._ready.register(descriptor, select.POLLIN)

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Watch a folder, which need not be there. Raises `OSError` where the system does not tell."""
        for _ in range(TRIES):
            # Between finding folders and watching them, some may vanish, and others come that nobody would watch.
            with suppress(OSError):
                told = cls(folder)
                if find_places(folder) == told.places:
                    return told
                told.close()
        return cls(folder)

    def has_changed(self) -> bool:
        """Tell whether there was a change, also one that was made a moment ago: it is told before its maker goes on."""
        self._changed = self._changed or self._gather(quiet_s=0, timeout_s=0) == "changed"
        return self._changed

    def wait(self, timeout_s: float | None) -> None:
        """Sleep until there was a change; one that is known already is followed to its end."""
        if self._changed:
            self._gather(quiet_s=QUIET_S, timeout_s=QUIET_S)
            return
        while self._gather(quiet_s=QUIET_S, timeout_s=timeout_s) == "other":
            continue

    def wake(self) -> None:
        """Let whoever waits return."""
        os.eventfd_write(self._woken, 1)

    def close(self) -> None:
        """Give the descriptors back."""
        self._notify.close()
        os.close(self._woken)

    def _gather(self, *, quiet_s: float, timeout_s: float | None) -> Literal["changed", "other", "nothing"]:
        """Gather what is told until it is quiet; without anything return after a while (None: never), or when woken."""
        if not self._is_told(timeout_s):
            return "nothing"
        counts = False
        give_up_at = time.monotonic() + GATHER_S
        while True:
            for event in self._notify:
                counts |= self._counts(event.path, event.name)
            if time.monotonic() >= give_up_at or not self._is_told(quiet_s):
                return "changed" if counts else "other"

    def _is_told(self, timeout_s: float | None) -> bool:
        ready = {descriptor for descriptor, _ in self._ready.poll(None if timeout_s is None else 1000 * timeout_s)}
        return self._notify.fd in ready and self._woken not in ready

    def _counts(self, path: Path | None, name: Path | None) -> bool:
        """Tell whether it may change the configuration; what says nothing, or is of a folder itself, may."""
        return path is None or name is None or self.places.count(path)


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

    def wake(self) -> None:
        """Wait no more: it is told by what it waits for."""

    def close(self) -> None:
        """Hold nothing."""
