"""What the database says of itself to whoever watches the bridge: how many pins stand where, how much is kept.

One look, at one moment, whose cost grows with the pins and the requests of the budget's window, and not with the
journal.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from bridge.instants import maybe_instant, to_instant
from bridge.store.budget import left_tokens
from bridge.store.claims import read_sends
from bridge.store.ranking import count_standings
from bridge.store.records import Budget, PinState
from bridge.store.segments import journal_bytes
from bridge.store.tables import events
from bridge.units import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found. `journal_events` is what its numbers span, so that none is counted one by one.

    `oldest_due_s` is for how long the longest due pin has been due, 0 where none is. `left` are the tokens of each
    window that may be spent now. `journal_age_s` is how long ago the oldest event came that is kept, `journal_bytes`
    what all of them take, but for the last mebibyte or so.
    """

    pins: Mapping[PinState, int]
    oldest_due_s: float
    left: Mapping[Window, int]
    journal_events: int
    journal_age_s: float
    journal_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What the files take, in bytes, and what their disk has left for the process."""

    database: int
    log: int
    free: int


def take_survey(connection: Connection, budget: Budget, now: int) -> Survey:
    """Look at everything once; `now` in microseconds."""
    counts, oldest_due_at = count_standings(connection, now)
    first = select(events.c.number, events.c.received_at).order_by(events.c.number).limit(1)
    oldest = connection.execute(first).one_or_none()
    newest = connection.scalar(select(func.max(events.c.number)))
    return Survey(
        pins=counts,
        oldest_due_s=_age_s(maybe_instant(oldest_due_at), to_instant(now)),
        left=left_tokens(read_sends(connection, budget, now), budget, now),
        journal_events=0 if oldest is None or newest is None else newest - oldest.number + 1,
        journal_age_s=_age_s(None if oldest is None else to_instant(oldest.received_at), to_instant(now)),
        journal_bytes=journal_bytes(connection),
    )


def measure(path: Path) -> Sizes:
    """Measure the files of a database; those that are not there take nothing."""
    disk = os.statvfs(path.parent)
    return Sizes(
        database=_size(path), log=_size(path.with_name(f"{path.name}-wal")), free=disk.f_bavail * disk.f_frsize
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _age_s(since: datetime | None, now: datetime) -> float:
    """Give how long ago something was; a clock that was set back makes nothing younger than now."""
    return 0.0 if since is None else max(now - since, timedelta()).total_seconds()
