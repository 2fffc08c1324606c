"""Building in the background: chunk after chunk of the journal, until what is built takes its place.

Nothing polls: it works when it is woken, by a start, a reload, a command, or an event that was evaluated by mappings
from before a reload. Events are evaluated on another thread; the writer folds few at a time, between webhooks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

import structlog

from bridge.configuration import Configuration
from bridge.errors import ConfigurationError, Problem, StoreUnavailable
from bridge.rebuilding.pace import Pace
from bridge.rebuilding.replaying import Replayed, replay
from bridge.rebuilding.rereading import Evaluator
from bridge.spelling import suggest
from bridge.store import Begun, Chunk, Entry, EventRecord, Progress, Store

RETRY_S = 5.0
"""How soon the work is taken up again after the database did not answer."""

TOLD_NAMES = 20
"""How many mappings are named to who names an unknown one."""

log = structlog.get_logger()


class Rebuilder:
    """Builds what is to be built, from `run` until `stop`. `configuration` gives the one that runs now."""

    def __init__(self, store: Store, configuration: Callable[[], Configuration]) -> None:
        self._store = store
        self._configuration = configuration
        self._evaluator = Evaluator(configuration())
        self._evaluated_by = configuration()
        self._pace = Pace()
        self._stirred = asyncio.Event()
        self._stepped = asyncio.Event()
        self._stopping = False

    @property
    def is_stopping(self) -> bool:
        """Tell whether it was asked to end."""
        return self._stopping

    def wake(self) -> None:
        """Take in that there may be something to do."""
        self._stirred.set()

    def stop(self) -> None:
        """End `run` after the step under way; what is left is taken up at the next start."""
        self._stopping = True
        self._stirred.set()
        self._tell()

    async def run(self) -> None:
        """Work until `stop`."""
        self._stirred.set()
        while not self._stopping:
            await self._stirred.wait()
            self._stirred.clear()
            try:
                await self.work()
            except StoreUnavailable as error:
                log.warning("rebuild_interrupted", reason=str(error), retry_s=RETRY_S)
                asyncio.get_running_loop().call_later(RETRY_S, self.wake)

    async def work(self) -> None:
        """Build all that is to be built, and fold what is pending."""
        while not self._stopping and await self.step():
            self._tell()
        self._tell()
        if not self._stopping:
            await replay(self._store, self._current(), only_pending=True)

    async def rebuild(self, mapping: str, since: datetime | None) -> Begun:
        """Begin to build all of a mapping anew, see `Builds.begin`.

        Raises `ConfigurationError` where no mapping of this name is loaded.
        """
        if mapping not in self._current().sources:
            raise _unknown(mapping, self._current().sources)
        begun = await self._store.builds.begin(mapping, since)
        self.wake()
        return begun

    async def replay(self, mapping: str | None) -> Replayed:
        """Fold what lacks, of one mapping or of all; raises as `rebuild` does."""
        if mapping is not None and mapping not in self._current().sources:
            raise _unknown(mapping, self._current().sources)
        return await replay(self._store, self._current(), mapping=mapping)

    async def watch(self, mapping: str) -> AsyncIterator[Progress]:
        """Tell how far a mapping is, each time that this changes, until it is built, or `stop`."""
        stepped = self._stepped
        while (progress := (await self._store.builds.progress()).get(mapping)) is not None and not self._stopping:
            yield progress
            await stepped.wait()
            stepped = self._stepped

    async def step(self) -> bool:
        """Fold the next events; False where nothing is left, or a reload is under way, which wakes once it is done."""
        evaluator = self._current()
        chunk = await self._store.builds.next(evaluator.sources, self._pace.events)
        if chunk is None:
            return False
        self._pace.note(chunk.newest)
        entries = await asyncio.to_thread(self._evaluate, evaluator, chunk)
        if len(entries) < len(chunk.events):
            return False
        try:
            advance = await self._store.builds.fold(chunk, entries, evaluator.sources, evaluator.evaluate_at_once)
        except StoreUnavailable:
            raise
        except Exception as error:
            if not entries:
                raise
            log.warning("rebuild_step_refused", after=chunk.after, upto=chunk.upto, reason=_reason(error))
            self._pace.slow_down()
            return await self._fold_first(evaluator, chunk, entries[0])
        return advance.is_folded

    def _tell(self) -> None:
        stepped, self._stepped = self._stepped, asyncio.Event()
        stepped.set()

    def _current(self) -> Evaluator:
        """Give the evaluator of the configuration that runs now; its mappings are sorted out once for each."""
        configuration = self._configuration()
        if configuration is not self._evaluated_by:
            self._evaluator, self._evaluated_by = Evaluator(configuration), configuration
        return self._evaluator

    def _evaluate(self, evaluator: Evaluator, chunk: Chunk) -> list[Entry]:
        """Evaluate what was read, or as much of it as there is time for before the end."""
        unless_it_ends = takewhile(lambda _record: not self._stopping, chunk.events)
        return [evaluator.evaluate(record, chunk.mappings) for record in unless_it_ends]

    async def _fold_first(self, evaluator: Evaluator, chunk: Chunk, entry: Entry) -> bool:
        """Fold one event of a step that was refused; if it is the culprit, note that it failed, it alone."""
        alone = replace(chunk, events=chunk.events[:1], upto=entry.number)
        try:
            advance = await self._store.builds.fold(alone, [entry], evaluator.sources, _not_now)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("rebuild_event_refused", number=entry.number)
            failed = evaluator.failed(chunk.events[0], chunk.mappings, f"it cannot be folded: {_reason(error)}")
            advance = await self._store.builds.fold(alone, [failed], evaluator.sources, _not_now)
        return advance.is_folded


def _unknown(mapping: str, known: Iterable[str]) -> ConfigurationError:
    there_are = f"there are {', '.join(sorted(known)[:TOLD_NAMES]) or 'none'}"
    message = f"no mapping of this name is loaded; {there_are}{suggest(mapping, sorted(known))}"
    return ConfigurationError([Problem(file=mapping, message=message)])


def _not_now(_record: EventRecord, _mappings: frozenset[str]) -> None:
    """Leave the rest to the next step."""


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
