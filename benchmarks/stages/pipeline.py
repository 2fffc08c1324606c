"""A webhook's way through the bridge in this process, by its own functions, one stage after the other.

Each stage takes as many events in a row as come at once under load, and nothing else runs beside it. Only CPU time
counts: what the disk takes is not in it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.active_database import active_database
from benchmarks.rounds import CONNECTIONS
from benchmarks.sales import sales_mapping
from benchmarks.stages.timed_cursor import TimedCursor
from benchmarks.stages.wire import wire_s
from benchmarks.traffic import SECRET
from bridge.events import Receipt, Settle
from bridge.inbound import Source, load_sources
from bridge.inbound.answers import acknowledgement
from bridge.inbound.bodies import read_format, read_payload
from bridge.inbound.receive import Request, read_event, read_headers
from bridge.inbound.verification import Unverified
from bridge.mappings import MappingSet, load_texts
from bridge.store import Store, active_pins
from bridge.store.batch_folding import Rules
from bridge.store.database import writing
from bridge.store.ingest import Arrival, take_in

HORIZON = timedelta(days=35)
MAX_BODY_BYTES = 2**20

STAGES = {
    "HTTP": "read the request into a scope, write the answer; without the socket",
    "headers": "read them, and what they say of the body",
    "verify": "Stripe's signature over 1.6 KB",
    "parse": "the JSON of the body",
    "event": "its id, type and time, the key that recognises it, the headers to keep",
    "evaluate": "match the conditions, extract four variables",
    "hand-over": "to the writer's thread, and back to those who wait",
    "fold": "what is in the database already, with what is new; the rows to write",
    "SQLite": "the statements and the commit, without the checkpoints",
    "answer": "what the sender is told",
}
"""The stages in their order, with what each is."""


class Pipeline:
    """The bridge's parts for one source and its mappings, with a database for the fold alone beside the store."""

    def __init__(
        self, source: Source, mappings: MappingSet, *, connection: Connection, rules: Rules, store: Store
    ) -> None:
        self._mappings = mappings
        self._source = source
        self._connection = connection
        self._rules = rules
        self._store = store
        self._next_number = 1

    async def measure(self, requests: Sequence[bytes]) -> dict[str, float]:
        """Take new events through all stages, as many at once as under load; gives the CPU of each in µs an event."""
        spent_s = dict.fromkeys(STAGES, 0.0)
        for first in range(0, len(requests), CONNECTIONS):
            for stage, seconds in (await self._stages_s(requests[first : first + CONNECTIONS])).items():
                spent_s[stage] += seconds
        driver: Any = self._connection.connection.driver_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return {stage: 1e6 * seconds / len(requests) for stage, seconds in spent_s.items()}

    async def _stages_s(self, requests: Sequence[bytes]) -> dict[str, float]:
        now = datetime.now(UTC)
        parts = [_raw_headers(request) for request in requests]
        headers_s, read = _timed(lambda: [self._read(raw, body) for raw, body in parts])
        verifier = self._source.verifier
        verify_s, _ = _timed(lambda: [verifier(Unverified(each.body, each.headers), now) for each in read])
        parse_s, _ = _timed(lambda: [read_payload(each.body, each.format, form_json=None) for each in read])
        make = partial(read_event, self._source, max_body_bytes=MAX_BODY_BYTES, now=now)
        event_s, events = _timed(lambda: [make(each) for each in read])
        evaluate_s, evaluated = _timed(lambda: [self._mappings.evaluate_at_once(each) for each in events])
        arrivals = [
            Arrival(event.without_payload(), evaluation) for event, evaluation in zip(events, evaluated, strict=True)
        ]
        fold_s, sqlite_s, receipts = self._commit(arrivals)
        answer_s, _ = _timed(lambda: [acknowledgement(self._source, each) for each in receipts])
        return {
            "HTTP": await wire_s(requests),
            "headers": headers_s,
            "verify": verify_s,
            "parse": parse_s,
            "event": event_s - verify_s - parse_s,
            "evaluate": evaluate_s,
            "hand-over": await _store_s(self._store, arrivals) - fold_s - sqlite_s,
            "fold": fold_s,
            "SQLite": sqlite_s,
            "answer": answer_s,
        }

    def _read(self, raw: list[tuple[bytes, bytes]], body: bytes) -> Request:
        headers = read_headers(self._source, raw)
        return Request(headers, read_format(headers), b"", body)

    def _commit(self, arrivals: Sequence[Arrival]) -> tuple[float, float, Sequence[Receipt]]:
        """Commit a batch; gives the seconds in Python and those in SQLite, with the receipts."""
        began_s = time.thread_time()
        with writing(self._connection) as cursor:
            timed = TimedCursor(cursor)
            entered_s = time.thread_time()
            taken = take_in(timed, arrivals, first_number=self._next_number, rules=self._rules)
            fold_s = time.thread_time() - entered_s - timed.spent_s
        sqlite_s = time.thread_time() - began_s - fold_s
        self._next_number += taken.journalled
        return fold_s, sqlite_s, taken.receipts


@asynccontextmanager
async def opened(folder: Path, *, state: bool) -> AsyncIterator[Pipeline]:
    """Open the databases for the usual mapping, without state or with four entries."""
    mappings = load_texts({"sales.yaml": sales_mapping(state=state).encode()}, {})
    source = load_sources(mappings.source_places, None, lambda _: (SECRET.encode(),))["stripe"]
    store = Store.open(
        f"sqlite:///{folder / 'store.db'}", clock=lambda: datetime.now(UTC), horizon_s=3_024_000, retention_s=3_024_000
    )
    with active_database(folder / "fold.db", mappings, datetime.now(UTC)) as (connection, active):
        await store.activate(active_pins(mappings), "nowhere")
        try:
            yield Pipeline(source, mappings, connection=connection, rules=Rules.of(active, HORIZON), store=store)
        finally:
            await store.close()


def _timed(work: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    began_s = time.thread_time()
    made = work()
    return time.thread_time() - began_s, made


def _raw_headers(request: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    fields = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    return [(name.lower(), value) for name, value in fields], body


async def _store_s(store: Store, arrivals: Sequence[Arrival]) -> float:
    """Have a store ingest events that came at once; gives the CPU of all threads."""
    stored = [asyncio.get_running_loop().create_future() for _ in arrivals]
    began_s = time.process_time()
    for (event, evaluation), settle in zip(arrivals, map(_settling, stored), strict=True):
        store.ingest(event, evaluation, settle)
    await stored[-1]
    spent_s = time.process_time() - began_s
    await asyncio.gather(*stored)
    return spent_s


def _settling(stored: "asyncio.Future[Receipt]") -> Settle:
    def settle(outcome: Receipt | Exception) -> None:
        if isinstance(outcome, Exception):
            stored.set_exception(outcome)
        else:
            stored.set_result(outcome)

    return settle
