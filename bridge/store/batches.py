"""Committing batches of deliveries, so that no event shares the fate of another's.

A batch is one transaction. Where the database takes nothing at all, every arrival is refused
and its sender may retry. Where something in the batch itself is refused, the arrivals are
committed one by one, and the culprit is journalled as failed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Connection, func, select

from bridge.errors import StoreUnavailable
from bridge.events import Receipt
from bridge.store.active_set import ActiveSet
from bridge.store.batch_folding import Rules
from bridge.store.database import outages, writing
from bridge.store.ingest import Arrival, Batch, journal_failed, take_in
from bridge.store.presence import Presence
from bridge.store.segments import Segments
from bridge.store.tables import events
from bridge.tallies import StoreTally

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of each arrival, the pins that are due by it, and whether one is still to be folded by itself."""

    results: Sequence[Receipt | StoreUnavailable]
    due: Sequence[str]
    is_pending: bool = False


class _Unjournalled(StoreUnavailable):
    """One event that the database takes in no form; the others are not concerned."""


class Batches:
    """Commits on the writer's connection and numbers the journal; belongs to the writer's thread."""

    def __init__(self, connection: Connection, presence: Presence, *, horizon: timedelta) -> None:
        self._connection = connection
        self._presence = presence
        self._horizon = horizon
        self.tally = StoreTally()
        self._rules = Rules.of(ActiveSet.of(()), horizon)
        with connection.begin():
            # Pruning spares the newest event, so numbers never come back.
            self._segments = Segments(connection)
            self._next_number: int = connection.scalar(select(func.coalesce(func.max(events.c.number), 0) + 1)) or 1

    @property
    def rules(self) -> Rules:
        """What events are folded by."""
        return self._rules

    def load(self, active: ActiveSet) -> None:
        """Fold by these mappings from now on."""
        self._rules = Rules.of(active, self._horizon)

    def commit(self, arrivals: Sequence[Arrival]) -> Committed:
        """Make arrivals durable, together or else one by one; gives back in their order."""
        if len(arrivals) == 1:
            return self._commit_singly(arrivals)
        try:
            batch = self._in_transaction(lambda cursor, rules: self._take_in(cursor, arrivals, rules))
        except StoreUnavailable as outage:
            return Committed([StoreUnavailable(str(outage)) for _ in arrivals], ())
        except Exception as error:  # noqa: BLE001 - whatever one event's data can do; the culprit is found below
            log.warning("store_batch_refused", events=len(arrivals), reason=_reason(error))
            return self._commit_singly(arrivals)
        return Committed(batch.receipts, batch.due, batch.is_pending)

    def _commit_singly(self, arrivals: Sequence[Arrival]) -> Committed:
        results: list[Receipt | StoreUnavailable] = []
        due: list[str] = []
        is_pending = False
        for arrival in arrivals:
            try:
                batch = self._commit_one(arrival)
            except _Unjournalled as refusal:
                results.append(refusal)
            except StoreUnavailable as outage:
                # The others would only wait for the same lock, one after the other.
                results += [StoreUnavailable(str(outage)) for _ in arrivals[len(results) :]]
                break
            else:
                results += batch.receipts
                due += batch.due
                is_pending |= batch.is_pending
        return Committed(results, due, is_pending)

    def _commit_one(self, arrival: Arrival) -> Batch:
        try:
            return self._in_transaction(lambda cursor, rules: self._take_in(cursor, [arrival], rules))
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - this event's own fault, kept beside it
            reason = _reason(error)
        log.error("store_event_refused", source=arrival.event.source, id=arrival.event.id, reason=reason)
        number = self._next_number
        try:
            return self._in_transaction(
                lambda cursor, rules: journal_failed(cursor, arrival, number=number, reason=reason, rules=rules)
            )
        except StoreUnavailable:
            raise
        except Exception as error:
            raise _Unjournalled(f"the event cannot be journalled: {_reason(error)}") from error

    def _take_in(self, cursor: Any, arrivals: Sequence[Arrival], rules: Rules) -> Batch:
        return take_in(cursor, arrivals, first_number=self._next_number, rules=rules)

    def _in_transaction(self, work: Callable[[Any, Rules], Batch]) -> Batch:
        self._presence.confirm()
        began_s = perf_counter()
        with outages(), writing(self._connection) as cursor:
            segment_bytes = self._segments.note(cursor, self._next_number - 1)
            batch = work(cursor, self._rules)
            folded_s = perf_counter()
        committed_s = perf_counter()
        self._next_number += batch.journalled
        self._segments.grown_to(segment_bytes + batch.journalled_bytes)
        self.tally.batch_events.observe(len(batch.receipts))
        self.tally.batch_s.observe(committed_s - began_s)
        self.tally.commit_s.observe(committed_s - folded_s)
        self.tally.outcomes.update(batch.outcomes)
        return batch


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
