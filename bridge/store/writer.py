"""The one thread that writes: it takes what waits, commits it, and wakes all waiters at once.

Deliveries and jobs (everything else that writes) come from the event loop over one queue. A
round commits one batch of at most `BATCH` deliveries and then a few jobs, each a transaction of
its own, so that neither starves the other. There is no gathering delay: while one batch commits,
the next one gathers. Only what the loop has before it anyway is handed over together, because
a commit costs as much as many events, and a thread that is woken for one event stands in the
way of the next. Past its bound the queue refuses, so that memory is bounded. Should the thread
ever fail, all who wait are told so at once.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from bridge.errors import StoreUnavailable
from bridge.events import Receipt, Settle
from bridge.store.batches import Batches, Committed
from bridge.store.checkpoints import Checkpointer
from bridge.store.database import PAGE_BYTES, not_waiting_for_the_disk, outages
from bridge.store.ingest import Arrival
from bridge.store.pruning import Pruning

BATCH = 256
"""Deliveries that one transaction takes at most."""

MAX_WAITING = 2048
"""Deliveries that may wait; one more is refused."""

MAX_WAITING_BYTES = 64 * 2**20
"""Bytes of bodies that may wait."""

JOBS_A_ROUND = 8
"""Jobs between two batches."""

_JOB_PAGES, _PRUNING_PAGES = 8, 16
"""How many pages of the write-ahead log a job, and a step of pruning, count for, roughly."""

PRUNING_RESTS = 3
"""How many times as long as a step of pruning took the next one is left to webhooks."""

T = TypeVar("T")

log = structlog.get_logger()


_Delivery = tuple[Arrival, Settle]


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Connection], Any]
    then: Callable[[Any], None]
    waiter: asyncio.Future[Any]


class Writer:
    """Owns the writing connection from construction to `close`."""

    def __init__(  # noqa: PLR0913 - the parts it works with, each passed in; none is an option
        self,
        connection: Connection,
        *,
        batches: Batches,
        pruning: Pruning,
        checkpointer: Checkpointer | None,
        on_due: Callable[[Sequence[str]], None],
        on_pending: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._connection = connection
        self._batches = batches
        self._pruning = pruning
        self._checkpointer = checkpointer
        self._on_due = on_due
        self._on_pending = on_pending
        self._on_failure = on_failure
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: SimpleQueue[list[_Delivery] | _Job | None] = SimpleQueue()
        self._gathered: list[_Delivery] = []
        self._waiting = 0
        self._waiting_bytes = 0
        self._closed = False
        self._deliveries: deque[_Delivery] = deque()
        self._jobs: deque[_Job] = deque()
        self._prune_at = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    # Called on the event loop.

    @property
    def waiting(self) -> int:
        """How many deliveries wait."""
        return self._waiting

    def ingest(self, arrival: Arrival, settle: Settle) -> None:
        """Queue a delivery; `settle` is told once that is durable, or cannot be (`StoreUnavailable`)."""
        self._refuse_if_closed()
        size = len(arrival.event.body)
        if self._waiting >= MAX_WAITING or (self._waiting and self._waiting_bytes + size > MAX_WAITING_BYTES):
            raise StoreUnavailable("too many deliveries wait to be stored", retry_after_s=1)
        self._waiting += 1
        self._waiting_bytes += size
        if not self._gathered:
            loop = self._loop = self._loop or asyncio.get_running_loop()
            loop.call_soon(self._hand_over)
        self._gathered.append((arrival, settle))

    def run(
        self, work: Callable[[Connection], T], *, then: Callable[[T], None] = lambda _result: None
    ) -> asyncio.Future[T]:
        """Queue a job: one transaction, committed where it returns and rolled back where it raises.

        `then` is called with its result on the writer's thread once it is committed, before anything else is.
        """
        self._refuse_if_closed()
        loop = self._loop = self._loop or asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Job(work, then, waiter))
        return waiter

    async def close(self) -> None:
        """Finish what waits, then end the thread; later calls are refused."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    def _hand_over(self) -> None:
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []

    def _wake(self, deliveries: Sequence[_Delivery], body_bytes: int, committed: Committed) -> None:
        self._waiting -= len(deliveries)
        self._waiting_bytes -= body_bytes
        for (_, settle), result in zip(deliveries, committed.results, strict=True):
            _settle(settle, result)
        if committed.due:
            self._on_due(committed.due)
        if committed.is_pending:
            self._on_pending()

    def _give_up(self, error: BaseException) -> None:
        """Refuse all who wait, and all who come: the thread has failed, and touches nothing any more."""
        self._closed = True
        self._hand_over()
        with suppress(Empty):
            while True:
                self._sort_in(self._queue.get(block=False))
        refusal = StoreUnavailable(f"the store's writer failed: {type(error).__name__}: {error}")
        for _, settle in self._deliveries:
            _settle(settle, refusal)
        for job in self._jobs:
            _answer(job.waiter, refusal)
        self._on_failure(error)

    # Called on the writer's thread.

    def _work(self) -> None:
        try:
            while self._gather():
                self._go_round()
        except BaseException as error:  # noqa: BLE001 - told to whoever runs the process; nobody may wait for ever
            # What comes before the loop hears of it is queued, and refused with the rest.
            if self._loop is not None:
                _on_loop(self._loop, self._give_up, error)

    def _go_round(self) -> None:
        if self._deliveries:
            self._commit_batch()
        for _ in range(min(JOBS_A_ROUND, len(self._jobs))):
            self._run_job(self._jobs[0])
            self._jobs.popleft()
            self._note(_JOB_PAGES)
        self._pruning.begin()
        if self._pruning.is_under_way and monotonic() >= self._prune_at:
            self._prune()
        if self._checkpointer is not None:
            self._checkpointer.finish(self._driver_connection())

    def _gather(self) -> bool:
        """Take all that waits, sleeping where there is nothing to do; False once the end is reached."""
        rest_s = self._rest_s()
        try:
            while True:
                self._sort_in(self._queue.get(block=rest_s != 0, timeout=rest_s))
                rest_s = 0
        except Empty:
            return bool(self._deliveries or self._jobs) or not self._stopping

    def _rest_s(self) -> float | None:
        """Say how long there is nothing to do, if nothing comes; None: without end."""
        if self._deliveries or self._jobs or self._stopping:
            return 0
        return max(0, self._prune_at - monotonic()) if self._pruning.is_under_way else None

    def _sort_in(self, item: list[_Delivery] | _Job | None) -> None:
        match item:
            case list():
                self._deliveries += item
            case _Job():
                self._jobs.append(item)
            case None:
                self._stopping = True

    def _commit_batch(self) -> None:
        # What is in hand stays in the queue until it is answered, so that a failure finds whoever waits.
        deliveries = list(islice(self._deliveries, BATCH))
        committed = self._batches.commit([arrival for arrival, _ in deliveries])
        body_bytes = sum([len(arrival.event.body) for arrival, _ in deliveries])
        if self._loop is not None:  # set by whoever queued them
            _on_loop(self._loop, self._wake, deliveries, body_bytes, committed)
        for _ in deliveries:
            self._deliveries.popleft()
        self._note(8 + len(deliveries) // 2 + body_bytes // PAGE_BYTES)

    def _run_job(self, job: _Job) -> None:
        result: Any
        try:
            with outages(), self._connection.begin():
                result = job.work(self._connection)
            job.then(result)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the job
            result = error
        _on_loop(job.waiter.get_loop(), _answer, job.waiter, result)

    def _prune(self) -> None:
        began_at = monotonic()
        # Whatever keeps it from waiting again ends the writer: nothing may be told that is not on the disk.
        with not_waiting_for_the_disk(self._connection):
            try:
                with outages(), self._connection.begin():
                    self._pruning.step(self._connection)
            except Exception as error:  # noqa: BLE001 - what cannot be forgotten must not end what is remembered
                self._pruning.give_up()
                log.warning("store_pruning_failed", reason=f"{type(error).__name__}: {error}"[:500])
        ended_at = monotonic()
        self._prune_at = ended_at + PRUNING_RESTS * (ended_at - began_at)
        self._note(_PRUNING_PAGES)

    def _note(self, pages: int) -> None:
        if self._checkpointer is not None:
            self._checkpointer.note(pages)

    def _driver_connection(self) -> Any:
        return self._connection.connection.driver_connection


def _on_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: object) -> None:
    # A loop that has ended refuses; nobody waits there any more.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *arguments)


def _settle(settle: Settle, result: Receipt | StoreUnavailable) -> None:
    try:
        settle(result)
    except Exception:
        # What one waiter does wrong concerns none of those behind it.
        log.exception("store_waiter_failed")


def _answer(waiter: asyncio.Future[Any], result: object) -> None:
    if waiter.done():
        return
    if isinstance(result, Exception):
        waiter.set_exception(result)
    else:
        waiter.set_result(result)
