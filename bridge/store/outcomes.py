"""What the journal says of an event that is folded once more; a job of the writer."""

from collections.abc import Collection, Sequence

import orjson
from sqlalchemy import Connection, update

from bridge.mappings import FAILED, Outcome
from bridge.store.records import EventRecord
from bridge.store.tables import events


def rewrite(
    connection: Connection, record: EventRecord, mappings: Collection[str], outcomes: Sequence[Outcome]
) -> None:
    """Let the journal say what became of an event for some mappings."""
    others = [outcome for outcome in record.outcomes if outcome.mapping not in mappings]
    told = [outcome for outcome in outcomes if outcome.mapping in mappings]
    text = orjson.dumps([outcome._asdict() for outcome in (*others, *told)]).decode()
    connection.execute(update(events).where(events.c.number == record.number).values(outcomes=text))


def rewrite_failures(
    connection: Connection, record: EventRecord, mappings: Collection[str], outcomes: Sequence[Outcome]
) -> None:
    """Let the journal say what became of an event for those of some mappings that it failed before, or fails now.

    To write down every event of a rebuild would cost more than the rebuild.
    """
    told = (*record.outcomes, *outcomes)
    failed = {outcome.mapping for outcome in told if outcome.kind in FAILED and outcome.mapping in mappings}
    if failed and _of(failed, record.outcomes) != _of(failed, outcomes):
        rewrite(connection, record, failed, outcomes)


def _of(mappings: Collection[str], outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.mapping in mappings]
