"""Folding single events once more, into the generations that lack them. Jobs of the writer, but for the reads.

What lacks an event is noted when that is journalled (`unfolded`), and the note goes with the fold, in one transaction.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, literal_column, select, tuple_

from bridge.mappings import FAILED
from bridge.store import outcomes
from bridge.store.batch_folding import Rules, fold_batch
from bridge.store.building import Targets, is_evaluated_by, only
from bridge.store.listing import read_event
from bridge.store.preparing import Entry
from bridge.store.records import EventRecord
from bridge.store.tables import generations, unfolded

_IS_LIVE = generations.c.status == literal_column("'live'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """An event that something of a mapping lacks; `record` is None where the journal no longer holds it."""

    mapping: str
    number: int
    record: EventRecord | None


class Refolded(NamedTuple):
    """What became of an event: why it failed again, empty where it did not, and the pins that moved."""

    reason: str
    moved: list[str]


def read_lack(
    connection: Connection, after: tuple[int, str], *, mapping: str | None, only_pending: bool
) -> Lack | None:
    """Read the first event after another (number, mapping) that is lacking; `only_pending` leaves out what failed."""
    place = unfolded.c.number, generations.c.mapping
    wanted = (
        select(*place)
        .join(generations, generations.c.number == unfolded.c.generation)
        .where(_IS_LIVE, tuple_(*place) > after)
    )
    if mapping is not None:
        wanted = wanted.where(generations.c.mapping == mapping)
    if only_pending:
        wanted = wanted.where(unfolded.c.pending == 1)
    found = connection.execute(wanted.order_by(*place).limit(1)).one_or_none()
    if found is None:
        return None
    return Lack(mapping=found.mapping, number=found.number, record=read_event(connection, found.number))


def count_lacking(connection: Connection) -> int:
    """Count the events that some mapping lacks."""
    live = unfolded.join(generations, generations.c.number == unfolded.c.generation)
    lacking = select(func.count(unfolded.c.number.distinct())).select_from(live).where(_IS_LIVE)
    count: int = connection.execute(lacking).scalar_one()
    return count


def refold(connection: Connection, lack: Lack, entry: Entry, rules: Rules) -> Refolded | None:
    """Fold an event into what lacks it; None where it was evaluated by other definitions than are loaded."""
    targets = _targets(connection, lack)
    if not is_evaluated_by(entry, targets):
        return None
    forget(connection, lack)
    if not targets or lack.record is None:
        return Refolded("", [])
    folded, moved, _ = fold_batch(connection.connection.cursor(), [entry], only(rules, targets))
    told = folded[lack.number].outcomes
    outcomes.rewrite(connection, lack.record, [lack.mapping], told)
    reasons = [outcome.reason for outcome in told if outcome.kind in FAILED and outcome.mapping == lack.mapping]
    return Refolded("; ".join(reasons), moved)


def forget(connection: Connection, lack: Lack) -> None:
    """Take back the notes that something of a mapping lacks an event."""
    numbers = [row.number for row in _targets(connection, lack).values()]
    lacking = unfolded.c.generation.in_(numbers) & (unfolded.c.number == lack.number)
    connection.execute(delete(unfolded).where(lacking))


def _targets(connection: Connection, lack: Lack) -> Targets:
    found = (
        select(generations)
        .join(unfolded, unfolded.c.generation == generations.c.number)
        .where(_IS_LIVE, generations.c.mapping == lack.mapping, unfolded.c.number == lack.number)
    )
    return {(row.mapping, row.entry): row for row in connection.execute(found)}
