"""The ingest transaction: a batch of deliveries becomes durable with everything that follows from it.

One transaction remembers the keys, journals the events, folds their changes, bumps the pins, and renews
those that silence would make stale. Keys, newest changes and pins are read and written in sorted order.
The functions work on the driver's cursor inside a transaction that the writer began, and never commit.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import orjson

from bridge.events import Event, Receipt
from bridge.instants import maybe_micros, to_micros
from bridge.mappings import Evaluation, Outcome, stale_at
from bridge.store import statements
from bridge.store.batch_folding import Rules, fold_batch, note_failed
from bridge.store.lifetimes import lifetime
from bridge.store.preparing import Entry


class Arrival(NamedTuple):
    """One delivery and what the mappings make of it."""

    event: Event
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: a receipt for each arrival, the pins that are due by it, how many were journalled.

    `journalled_bytes` is what these take in the journal. `outcomes` counts what the triggers made of it, by mapping
    and kind. `is_pending` tells that an event was evaluated by other definitions than are loaded, and is still to be
    folded.
    """

    receipts: tuple[Receipt, ...]
    due: tuple[str, ...]
    journalled: int
    journalled_bytes: int
    outcomes: Counter[tuple[str, str]]
    is_pending: bool = False


def take_in(cursor: Any, arrivals: Sequence[Arrival], *, first_number: int, rules: Rules) -> Batch:
    """Fold and journal a batch; `first_number` is the journal number of its first new event."""
    numbers = {place: number for number, place in enumerate(_remember(cursor, arrivals, rules), first_number)}
    folded, moved, is_pending = fold_batch(
        cursor, [Entry(number, *arrivals[place]) for place, number in numbers.items()], rules
    )
    ended = _hear(cursor, arrivals, rules)
    size = _journal(
        cursor, [(number, arrivals[place].event, folded[number].outcomes) for place, number in numbers.items()]
    )
    receipts = [
        _accepted(arrival.event, numbers[place], folded[numbers[place]].mappings)
        if place in numbers
        else Receipt(status="duplicate", id=arrival.event.id, number=None, mappings=())
        for place, arrival in enumerate(arrivals)
    ]
    outcomes = _count(folded[number].outcomes for number in numbers.values())
    return Batch(tuple(receipts), (*moved, *ended), len(numbers), size, outcomes, is_pending)


def journal_failed(cursor: Any, arrival: Arrival, *, number: int, reason: str, rules: Rules) -> Batch:
    """Journal an event whose changes the database refused: nothing is folded, the reason stands beside it.

    The mappings that had changes lack it until a replay.
    """
    event, evaluation = arrival
    _remember(cursor, [Arrival(event, Evaluation(changes=(), outcomes=()))], rules)
    concerned = sorted({change.mapping for change in evaluation.changes})
    told = f"the database refused it: {reason}"
    outcomes = tuple([Outcome(mapping, "", "error", told, None) for mapping in concerned or ("",)])
    note_failed(cursor, number, concerned, rules)
    size = _journal(cursor, [(number, event, outcomes)])
    return Batch((_accepted(event, number, ()),), (), 1, size, _count([outcomes]))


def _count(outcomes: Iterable[Sequence[Outcome]]) -> Counter[tuple[str, str]]:
    """Count by mapping and kind; alike ones, as nearly all are, are counted by the interpreter itself."""
    counted = Counter[tuple[str, str]]()
    for outcome, times in Counter(chain.from_iterable(outcomes)).items():
        counted[outcome.mapping, outcome.kind] += times
    return counted


def _remember(cursor: Any, arrivals: Sequence[Arrival], rules: Rules) -> list[int]:
    """Remember the keys; gives the places of the arrivals that are new, one by key, in their order."""
    new: list[int] = []
    leaders: dict[str, dict[bytes, int]] = {}
    for place, (event, _) in enumerate(arrivals):
        if event.dedup_key is None:
            new.append(place)
            continue
        of_source = leaders.setdefault(event.source, {})
        leader = of_source.setdefault(event.dedup_key, place)
        if leader != place and event.received_at < arrivals[leader].event.received_at:
            of_source[event.dedup_key] = place
    for _, of_source in sorted(leaders.items()):
        rows = sorted([_seen_row(arrivals[place].event, rules) for place in of_source.values()])
        new += [of_source[key] for (key,) in statements.run(cursor, statements.REMEMBER, rows)]
    return sorted(new)


def _seen_row(event: Event, rules: Rules) -> statements.Row:
    return (event.source, event.id, event.dedup_key, *lifetime(event, rules.horizon))


def _hear(cursor: Any, arrivals: Sequence[Arrival], rules: Rules) -> list[str]:
    """Renew the pins that a delivery matched, a repeated one too; gives those that may be due because of it."""
    lengths_s = rules.active.stale_after_s
    if not lengths_s:
        return []
    heard: dict[tuple[str, str], datetime] = {}
    for event, evaluation in arrivals:
        for change in evaluation.changes:
            if change.mapping in lengths_s:
                pin = (change.pin, change.mapping)
                heard[pin] = max(heard.get(pin, event.received_at), event.received_at)
    rows = [
        (pin, mapping, to_micros(at), to_micros(stale_at(lengths_s[mapping], heard_at=at)))
        for (pin, mapping), at in sorted(heard.items())
    ]
    return [pin for pin, may_be_due in statements.run(cursor, statements.HEAR, rows) if may_be_due]


def _journal(cursor: Any, entries: Sequence[tuple[int, Event, Sequence[Outcome]]]) -> int:
    """Write events down; gives how many bytes they take, but for what is nearly alike in all."""
    rows = [_event_row(*entry) for entry in entries]
    statements.run(cursor, statements.JOURNAL, rows)
    # Headers, query, outcomes and body, by their places: to name them takes twice as long.
    return sum([len(row[7]) + len(row[8]) + len(row[9]) + len(row[10]) for row in rows])


def _event_row(number: int, event: Event, outcomes: Sequence[Outcome]) -> statements.Row:
    return (
        number,
        event.source,
        event.type,
        event.id,
        maybe_micros(event.at),
        to_micros(event.received_at),
        event.content_type,
        orjson.dumps(dict(event.headers)).decode(),
        orjson.dumps(dict(event.query)).decode() if event.query else "{}",
        f"[{','.join(map(_outcome_text, outcomes))}]",
        event.body,
    )


@lru_cache(maxsize=1024)
def _outcome_text(outcome: Outcome) -> str:
    """Write an outcome as JSON; nearly every event of a trigger has the same."""
    return orjson.dumps(outcome._asdict()).decode()


def _accepted(event: Event, number: int, mappings: tuple[str, ...]) -> Receipt:
    return Receipt(status="accepted", id=event.id, number=number, mappings=mappings)
