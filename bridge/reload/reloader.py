"""The loop of hot reload: read, compile, swap; or refuse, say why, and go on with what runs.

What blocks or takes long runs on a thread of its own; the event loop only swaps. A set is taken only
if no file changed while it was read and compiled, unless they never stop changing.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import structlog

from bridge.configuration import Configuration, ConfigurationLoader, read_folder
from bridge.errors import ConfigurationError, Problem, StoreUnavailable
from bridge.inbound.sources import WITHOUT_ANY
from bridge.reload.watching import Looked, Told, Watch

Swap = Callable[[Configuration], Awaitable[None]]
"""Puts a configuration in the place of the one that runs; raises `StoreUnavailable`, and then it did not."""

UNTOLD_EVERY_S = 30
"""How often is looked where the system does not tell of changes."""

ELSEWHERE_EVERY_S = 1
"""How often is looked on other systems than Linux, where mappings are written and none is run for others."""

REREADS = 5
"""How often a set is thrown away because files changed meanwhile; the next one is taken as it is."""

TOLD_NAMES = 20
"""How many changed mappings the log names."""

T = TypeVar("T")

log = structlog.get_logger()


class _Stopped(Exception):
    """The reloader is asked to end; never leaves this module."""


class Reloader:
    """Keeps the running configuration that of the folder, from `run` until `stop`.

    `running` is what `loader` compiled last. `look_every_s` is for a folder of whose changes the system does
    not tell. `on_refused` is told what is wrong with a change, and that nothing is any more. `refused` says why the
    newest change is not taken; it is empty where what runs is what is written.
    """

    def __init__(
        self,
        loader: ConfigurationLoader,
        running: Configuration,
        *,
        swap: Swap,
        look_every_s: int | None,
        on_refused: Callable[[Sequence[Problem]], None] = lambda _problems: None,
    ) -> None:
        self.refused: Sequence[Problem] = ()
        self._loader = loader
        self._running = running
        self._swap = swap
        self._look_every_s = look_every_s
        self._on_refused = on_refused
        self._untold = ""
        self._rereads = 0
        self._stopping = threading.Event()
        self._watching: Watch | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reload")

    def stop(self) -> None:
        """Let `run` end soon; a set that is being compiled is left."""
        self._stopping.set()
        if self._watching is not None:
            self._watching.wake()

    async def run(self) -> None:
        """Follow the folder until `stop`."""
        try:
            while not self._stopping.is_set():
                await self._go_round()
        except _Stopped:
            pass
        finally:
            self._thread.shutdown(wait=False)

    async def _go_round(self) -> None:
        watching = self._watching = await self._beside(self._watch)
        try:
            began_at = time.monotonic()
            loaded = await self._beside(self._load)
            retry_s = None
            if self._rereads < REREADS and await self._beside(watching.has_changed):
                self._rereads += 1
            else:
                self._rereads = 0
                retry_s = await self._take(loaded, began_at)
            await self._beside(lambda: watching.wait(retry_s))
        finally:
            self._watching = None
            watching.close()

    async def _beside(self, work: Callable[[], T]) -> T:
        """Do on the thread what would hold up the event loop."""
        if self._stopping.is_set():
            raise _Stopped
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # On the thread.

    def _watch(self) -> Watch:
        """Begin to watch before anything is read, so that no change falls between."""
        if self._look_every_s is not None:
            return Looked(self._look_every_s, self._stopping)
        if sys.platform != "linux":
            return Looked(ELSEWHERE_EVERY_S, self._stopping)
        try:
            return Told.of(self._loader.folder)
        except (OSError, ValueError, RecursionError) as error:  # the system does not tell, or the links are too odd
            if self._untold != str(error):
                self._untold = str(error)
                folder = str(self._loader.folder)
                log.warning("mappings_not_watched", folder=folder, reason=self._untold, look_every_s=UNTOLD_EVERY_S)
            return Looked(UNTOLD_EVERY_S, self._stopping)

    def _load(self) -> Configuration | Sequence[Problem]:
        try:
            loaded = self._loader.compile(read_folder(self._loader.folder), after_each=self._end_if_stopping)
        except ConfigurationError as error:
            return [_with_what_helps_now(problem) for problem in error.problems]
        except _Stopped:
            raise
        except Exception as error:  # the guard: no file, however odd, ends what runs
            log.exception("reload_failed")
            return [self._problem(f"the bridge failed on what stands in it: {type(error).__name__}: {error}"[:300])]
        if self._running.mappings.mappings and not loaded.mappings.mappings:
            return [self._problem("there is no mapping in this folder any more; to show none, start the bridge anew")]
        return loaded

    def _end_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise _Stopped

    def _problem(self, message: str) -> Problem:
        return Problem(file=str(self._loader.folder), message=message)

    # On the event loop.

    async def _take(self, loaded: Configuration | Sequence[Problem], began_at: float) -> float | None:
        """Swap or refuse what was loaded; gives after how many seconds to try again, None where that is no use."""
        if not isinstance(loaded, Configuration):
            self._refuse(loaded)
            return None
        if loaded is not self._running:
            try:
                await self._swap(loaded)
            except StoreUnavailable as error:
                self._refuse([self._problem(f"it is good, but cannot be taken now: {error}")])
                return error.retry_after_s
            _tell(self._running, loaded, time.monotonic() - began_at)
            self._running = loaded
        elif self.refused:
            log.info("reload_mended")
        if self.refused:
            self._on_refused(())
        self.refused = ()
        return None

    def _refuse(self, problems: Sequence[Problem]) -> None:
        if list(problems) != list(self.refused):
            log.error("reload_refused", problems=[str(problem) for problem in problems])
            self._on_refused(problems)
        self.refused = problems


def _with_what_helps_now(problem: Problem) -> Problem:
    """Add that a variable is read at a start only; a file is read again by and by."""
    if WITHOUT_ANY not in problem.message:
        return problem
    return replace(problem, message=f"{problem.message}; a variable is read when the bridge starts: restart it")


def _tell(before: Configuration, after: Configuration, took_s: float) -> None:
    for warning in sorted({*after.mappings.warnings} - {*before.mappings.warnings}):
        log.warning("configuration_warning", reason=str(warning))
    old, new = before.mappings.mappings, after.mappings.mappings
    changed = [name for name, mapping in new.items() if old.get(name) is not mapping]
    gone = [name for name in old if name not in new]
    log.info(
        "reloaded",
        mappings=len(new),
        changed=len(changed),
        gone=len(gone),
        names=[*changed, *gone][:TOLD_NAMES],
        sources=[*after.sources],
        took_s=round(took_s, 3),
    )
