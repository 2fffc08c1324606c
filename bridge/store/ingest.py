"""The ingest transaction: a batch of deliveries becomes durable with everything that follows from it.

One transaction remembers the keys, journals the events, folds their changes, bumps the pins, and renews
those that silence would make stale. Keys, newest changes and pins are read and written in sorted order.
The functions work on the driver's cursor inside a transaction that the writer began, and never commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from bridge.events import Event, Receipt
from bridge.mappings import Change, Evaluation, Outcome, stale_at
from bridge.mappings.values.values import encode_values
from bridge.mappings.values.versions import version_order
from bridge.store import statements
from bridge.store.active_set import ActiveSet
from bridge.store.folding import (
    UNKEEPABLE,
    Folded,
    LatestKey,
    Ledger,
    Newest,
    Order,
    decode_version,
    encode_version,
    fold,
    lifetime,
)
from bridge.store.instants import maybe_micros, to_micros


class Arrival(NamedTuple):
    """One delivery and what the mappings make of it."""

    event: Event
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Rules:
    """What the fold depends on beside the events: the loaded mappings, and the horizon."""

    active: ActiveSet
    horizon: timedelta


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: a receipt for each arrival, the pins that are due by it, how many were journalled."""

    receipts: tuple[Receipt, ...]
    due: tuple[str, ...]
    journalled: int


def take_in(cursor: Any, arrivals: Sequence[Arrival], *, first_number: int, rules: Rules) -> Batch:
    """Fold and journal a batch; `first_number` is the journal number of its first new event."""
    numbers = {place: number for number, place in enumerate(_remember(cursor, arrivals, rules), first_number)}
    folded, ledger, newest = _fold(cursor, [(number, arrivals[place]) for place, number in numbers.items()], rules)
    _write(cursor, ledger, newest, rules)
    ended = _hear(cursor, arrivals, rules)
    _journal(cursor, [(number, arrivals[place].event, folded[number].outcomes) for place, number in numbers.items()])
    receipts = [
        _accepted(arrival.event, numbers[place], folded[numbers[place]].mappings)
        if place in numbers
        else Receipt(status="duplicate", id=arrival.event.id, number=None, mappings=())
        for place, arrival in enumerate(arrivals)
    ]
    return Batch(tuple(receipts), (*ledger.moved, *ended), len(numbers))


def journal_failed(cursor: Any, event: Event, *, number: int, reason: str, rules: Rules) -> Batch:
    """Journal an event whose changes the database refused: nothing is folded, the reason stands beside it."""
    _remember(cursor, [Arrival(event, Evaluation(changes=(), outcomes=()))], rules)
    outcome = Outcome(mapping="", trigger="", kind="error", reason=f"the database refused it: {reason}", pin=None)
    _journal(cursor, [(number, event, (outcome,))])
    return Batch((_accepted(event, number, ()),), (), 1)


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


def _fold(
    cursor: Any, fresh: Sequence[tuple[int, Arrival]], rules: Rules
) -> tuple[dict[int, Folded], Ledger, list[statements.Row]]:
    """Fold new events by their number; gives what became of each, the ledger, and the rows of its newest changes.

    Values are written as text only for the changes that are left at the end. Where that fails,
    the fold begins anew without the changes of that event for that mapping.
    """
    broken: dict[tuple[int, str], str] = {}
    while True:
        ledger = _read_ledger(cursor, [arrival.evaluation for _, arrival in fresh], rules, broken)
        folded = {number: fold(ledger, number, arrival.event, arrival.evaluation) for number, arrival in fresh}
        known = len(broken)
        rows = []
        for key in sorted(ledger.newest):
            generation = rules.active.latest.get(key[0])
            if generation is None:
                continue  # it is being built, and reads the event from the journal
            try:
                rows.append(_latest_row(generation, key, ledger.newest[key]))
            except UNKEEPABLE as error:
                broken[ledger.newest[key].order.number, key[0]] = str(error)
        if len(broken) == known:
            return folded, ledger, rows


def _read_ledger(
    cursor: Any, evaluations: Sequence[Evaluation], rules: Rules, broken: Mapping[tuple[int, str], str]
) -> Ledger:
    """Read, in sorted order, what the fold needs to know."""
    changes = [change for evaluation in evaluations for change in evaluation.changes]
    owned = statements.run(cursor, statements.OWNERS, sorted({(change.pin,) for change in changes}))
    items = sorted({(c.mapping, c.trigger, c.item_key) for c in changes if c.item_key is not None})
    owners = {pin: mapping for pin, mapping, is_active in owned if is_active}
    bounds = rules.active.max_pins
    growing = {change.mapping for change in changes if change.mapping in bounds and change.pin not in owners}
    return Ledger(
        horizon=rules.horizon,
        max_pins=bounds,
        orders=_read_orders(cursor, changes, rules.active.latest),
        owners=owners,
        families={mapping: _family_size(cursor, mapping) for mapping in sorted(growing)},
        items={
            (mapping, trigger, key): (number, expires_at)
            for mapping, trigger, key, number, expires_at in statements.run(cursor, statements.KNOWN_ITEMS, items)
        },
        broken=broken,
        shows=rules.active.has,
    )


def _read_orders(cursor: Any, changes: Sequence[Change], latest: Mapping[str, int]) -> dict[LatestKey, Order]:
    wanted = {
        (latest[each.mapping], each.pin, each.trigger): (each.mapping, each.pin, each.trigger)
        for each in changes
        if each.mapping in latest
    }
    return {
        wanted[generation, pin, trigger]: Order(version_order(decode_version(version)), number, item)
        for generation, pin, trigger, version, number, item in statements.run(cursor, statements.NEWEST, sorted(wanted))
    }


def _family_size(cursor: Any, mapping: str) -> int:
    size: int = cursor.execute(statements.FAMILY_SIZE, (mapping,)).fetchone()[0]
    return size


def _write(cursor: Any, ledger: Ledger, newest: Sequence[statements.Row], rules: Rules) -> None:
    """Write items, newest changes and pins, each sorted."""
    statements.run(cursor, statements.KEEP_ITEMS, sorted((*key, *item) for key, item in ledger.new_items.items()))
    statements.run(cursor, statements.KEEP_NEWEST, newest)
    fingerprints = rules.active.fingerprints
    moved = sorted(ledger.moved.items())
    rows = [(pin, mapping, 1, 1, fingerprints.get(mapping), to_micros(since)) for pin, (mapping, since) in moved]
    statements.run(cursor, statements.MOVE_PINS, rows)


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


def _latest_row(generation: int, key: LatestKey, newest: Newest) -> statements.Row:
    order, change, event = newest
    header = (event.source, event.type, event.id, to_micros(event.received_at))
    rank = (to_micros(change.at), encode_version(change.version), order.number, order.item)
    return (generation, *key[1:], *rank, *header, encode_values(change.variables))


def _journal(cursor: Any, entries: Sequence[tuple[int, Event, Sequence[Outcome]]]) -> None:
    statements.run(cursor, statements.JOURNAL, [_event_row(*entry) for entry in entries])


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
