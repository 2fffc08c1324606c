"""Folding the events that something lacks, one after the other, each once.

An event lacks where it was evaluated by mappings from before a reload, or where it failed. What it is worth is decided
by the mappings of today; the note that it lacks goes in the transaction that folds it.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from bridge.rebuilding.rereading import Evaluator
from bridge.store import Lack, Store


class Unreplayed(NamedTuple):
    """An event that still fails for a mapping, and why."""

    number: int
    mapping: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events were folded, counted for each mapping, and those that still fail."""

    folded: int
    failed: tuple[Unreplayed, ...]


async def replay(
    store: Store, evaluator: Evaluator, *, mapping: str | None = None, only_pending: bool = False
) -> Replayed:
    """Fold what lacks, of one mapping or of all; `only_pending` leaves out what failed before.

    What a reload overtakes meanwhile is left: whoever reloads has it replayed.
    """
    folded, failed, after = 0, [], (0, "")
    while (lack := await store.builds.lack(after, mapping=mapping, only_pending=only_pending)) is not None:
        after = (lack.number, lack.mapping)
        if lack.record is None:
            await store.builds.forget(lack)
            continue
        reason = await _refold(store, evaluator, lack)
        if reason:
            failed.append(Unreplayed(lack.number, lack.mapping, reason))
        elif reason is not None:
            folded += 1
    return Replayed(folded, tuple(failed))


async def _refold(store: Store, evaluator: Evaluator, lack: Lack) -> str | None:
    """Fold one event; gives why it failed, nothing where it did not, None where it was not tried."""
    record = lack.record
    if record is None:
        return None
    entry = await asyncio.to_thread(evaluator.evaluate, record, frozenset({lack.mapping}))
    refolded = await store.builds.refold(lack, entry)
    return None if refolded is None else refolded.reason
