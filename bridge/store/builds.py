"""What the rebuilding room asks of the store: how far what is built has come, the next events, and to fold them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from bridge.events import Clock
from bridge.instants import maybe_micros, to_micros
from bridge.store import building, generations, refolding
from bridge.store.active_set import ActiveSet
from bridge.store.batch_folding import Rules
from bridge.store.batches import Batches
from bridge.store.beginning import Loss
from bridge.store.building import FEW_EVENTS, Chunk, Progress
from bridge.store.preparing import Entry
from bridge.store.records import EventRecord
from bridge.store.refolding import Lack, Refolded

T = TypeVar("T")

Sources = Mapping[str, Collection[str]]
"""The sources of each mapping."""

Evaluate = Callable[[EventRecord, frozenset[str]], Entry | None]
"""Evaluates an event of the journal by some mappings within a moment; None for one that takes longer."""


class Run(Protocol):
    """Runs a job on the writer; `then` is called there with its result once that is committed."""

    def __call__(self, work: Callable[[Connection], T], *, then: Callable[[T], None] = ...) -> Awaitable[T]:
        """Run it."""
        ...


class Read(Protocol):
    """Reads one moment of the database, on another thread."""

    def __call__(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Read it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Whether a chunk was folded, and the pins that are due since something was built to its end (None: not yet)."""

    is_folded: bool
    moved: list[str] | None = None
    active: ActiveSet | None = None


class Begun(NamedTuple):
    """What a rebuild will lose, and how many events it goes through."""

    losses: tuple[Loss, ...]
    of: int


class Builds:
    """Belongs to the event loop; raises `StoreUnavailable` while the database does not answer.

    `on_due` is called with the pins that are due by what was folded.
    """

    def __init__(
        self, run: Run, read: Read, *, batches: Batches, clock: Clock, on_due: Callable[[Collection[str]], None]
    ) -> None:
        self._run = run
        self._read = read
        self._batches = batches
        self._clock = clock
        self._on_due = on_due

    async def progress(self) -> dict[str, Progress]:
        """Say how far each mapping is of which something is built."""
        return await self._read(building.read_progress)

    async def begin(self, mapping: str, since: datetime | None) -> Begun:
        """Build all of a mapping anew, from its events since an instant where it keeps buckets."""
        now, since_at = to_micros(self._clock()), maybe_micros(since)

        def work(connection: Connection) -> Begun:
            declared = self._batches.rules.active
            losses = generations.begin_rebuild(connection, declared, mapping, since_at, now)
            progress = building.read_progress(connection).get(mapping)
            return Begun(losses, 0 if progress is None else progress.of)

        return await self._run(work)

    async def next(self, sources: Sources, most: int) -> Chunk | None:
        """Read the next events to be folded, at most so many; None where nothing is built."""
        return await self._read(lambda connection: building.read_chunk(connection, sources, most))

    async def fold(self, chunk: Chunk, entries: Sequence[Entry], sources: Sources, at_once: Evaluate) -> Advance:
        """Fold what was read; where little is left, that too, and then what was built takes its place."""
        now = to_micros(self._clock())

        def work(connection: Connection) -> Advance:
            rules = self._batches.rules
            if not building.build(connection, chunk, entries, rules):
                return Advance(is_folded=False)
            if chunk.newest - chunk.upto > FEW_EVENTS:
                return Advance(is_folded=True)
            _build_the_rest(connection, sources, at_once, rules)
            moved = building.swap(connection, now)
            active = None if moved is None else generations.with_generations(connection, rules.active)
            return Advance(is_folded=True, moved=moved, active=active)

        advance = await self._run(work, then=self._load)
        if advance.moved:
            self._on_due(advance.moved)
        return advance

    async def lack(self, after: tuple[int, str], *, mapping: str | None = None, only_pending: bool) -> Lack | None:
        """Read the first event after another (number, mapping) that something live lacks."""
        return await self._read(
            lambda connection: refolding.read_lack(connection, after, mapping=mapping, only_pending=only_pending)
        )

    async def refold(self, lack: Lack, entry: Entry) -> Refolded | None:
        """Fold an event into what lacks it; None where it was evaluated by other definitions than are loaded."""
        refolded = await self._run(lambda connection: refolding.refold(connection, lack, entry, self._batches.rules))
        if refolded is not None and refolded.moved:
            self._on_due(refolded.moved)
        return refolded

    async def forget(self, lack: Lack) -> None:
        """Take back the note of an event that the journal no longer holds."""
        await self._run(lambda connection: refolding.forget(connection, lack))

    def _load(self, advance: Advance) -> None:
        if advance.active is not None:
            self._batches.load(advance.active)


def _build_the_rest(connection: Connection, sources: Sources, at_once: Evaluate, rules: Rules) -> None:
    """Fold the few events that came since, here where no other can come, unless one of them takes long."""
    chunk = building.read_chunk(connection, sources, FEW_EVENTS)
    evaluated = [] if chunk is None else [at_once(record, chunk.mappings) for record in chunk.events]
    entries = [entry for entry in evaluated if entry is not None]
    if chunk is not None and len(entries) == len(evaluated):
        building.build(connection, chunk, entries, rules)
