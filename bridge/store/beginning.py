"""The beginning of generations: their rows, and what they take over from those before them. Jobs of the writer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, func, insert, select

from bridge.instants import to_instant
from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.carrying import carry_buckets, carry_items, carry_newest, first_whole_bucket, is_carried
from bridge.store.journal import JournalEnds
from bridge.store.tables import generations

Key = tuple[str, str]
"""Mapping, entry."""


log = structlog.get_logger()


class Loss(NamedTuple):
    """An entry that a new definition begins anew, without what came before an instant (microseconds)."""

    mapping: str
    entry: str
    before: int

    @property
    def before_at(self) -> datetime:
        """Give the instant."""
        return to_instant(self.before)


class Beginnings:
    """Gathers the generations that begin, and writes them down together."""

    def __init__(self, connection: Connection, declared: ActiveSet, now: int) -> None:
        self.losses: list[Loss] = []
        self._connection = connection
        self._declared = declared
        self._now = now
        self._next: int = connection.scalar(select(func.coalesce(func.max(generations.c.number), 0) + 1)) or 1
        self._rows: list[dict[str, Any]] = []

    def live(self, key: Key) -> None:
        """Let a generation begin that takes events at once; none is missing from now on."""
        self._add(key, status="live", complete_since=self._now)

    def building(self, key: Key, journal: JournalEnds, old: Any | None, since: int | None = None) -> None:
        """Let a generation begin that is built from the journal, or from its events since an instant.

        What lies before that is taken over from the `old` one, if there is one, as far as may be.
        """
        row = self._add(key, status="building", complete_since=journal.complete_since, cursor=0)
        if old is None or (journal.is_whole and since is None):
            return
        carry_items(self._connection, journal.oldest, old=old.number, new=row["number"])
        if key[1] == LATEST:
            carry_newest(self._connection, journal.oldest, old=old.number, new=row["number"])
        elif not self._carry(key, row, journal, old, since) and journal.lacks(old.complete_since):
            self.losses.append(Loss(*key, journal.complete_since))

    def write(self) -> None:
        """Write down what begins."""
        if self._rows:
            self._connection.execute(insert(generations), self._rows)

    def _add(self, key: Key, *, status: str, complete_since: int, cursor: int | None = None) -> dict[str, Any]:
        mapping, entry = key
        row = {
            "number": self._next,
            "mapping": mapping,
            "entry": entry,
            "fingerprint": self._declared.folded_by[key],
            "shape": self._declared.shape_of(mapping, entry),
            "status": status,
            "complete_since": complete_since,
            "cursor": cursor,
            "carried_before": None,
            "carried_until": None,
            "started_at": self._now,
        }
        self._next += 1
        self._rows.append(row)
        return row

    def _carry(self, key: Key, row: dict[str, Any], journal: JournalEnds, old: Any, since: int | None) -> bool:
        mapping, entry = key
        definition = self._declared.definitions[mapping][entry]
        buckets = definition.entry.buckets
        if buckets is None or not is_carried(old, definition):
            return False
        before = first_whole_bucket(buckets, max(journal.complete_since, since or 0))
        carry_buckets(self._connection, before, old=old.number, new=row["number"])
        until = journal.newest if old.cursor is None else old.cursor
        row |= {"carried_before": before, "carried_until": until}
        if until + 1 >= journal.oldest:
            row["complete_since"] = old.complete_since
        return True


def tell_losses(losses: Iterable[Loss]) -> None:
    """Warn of what a changed definition loses, since the journal no longer has it."""
    for loss in losses:
        since = loss.before_at.isoformat(timespec="seconds")
        log.warning("state_begins_anew", mapping=loss.mapping, entry=loss.entry, complete_since=since)
