"""Whatever the order, the cuts into batches and the repetitions: one result, each event once."""

import asyncio
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import an_event
from support.storing import ingest

from bridge.mappings import Change, Evaluation, Outcome
from bridge.store import ActivePin, Store, open_readonly
from bridge.store.activation import Moment, activate
from bridge.store.active_set import ActiveSet
from bridge.store.batches import Batches
from bridge.store.database import Database, writing_engine
from bridge.store.ingest import Arrival
from bridge.store.presence import Presence
from bridge.store.schema import bring_up

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAMILY = ActivePin(pin=None, mapping="m", fingerprint=b"f" * 16)


@dataclass(frozen=True)
class Told:
    """One event as the oracle knows it: who it is, how new, and which pin and trigger it feeds."""

    name: int
    version: int
    pin: str
    trigger: str


TOLD = st.builds(
    Told, st.integers(), st.integers(), st.sampled_from(["p-1", "p-2", "p-3"]), st.sampled_from(["sale", "refund"])
)
EVENTS = st.lists(TOLD, max_size=25, unique_by=(lambda told: told.name, lambda told: told.version))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=EVENTS, data=st.data())
def test_any_order_in_any_batches_gives_the_newest_of_each(events: list[Told], data: st.DataObject) -> None:
    """The oracle takes the highest version by pin and trigger; repetitions count nothing."""
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    order = data.draw(st.permutations([*events, *repeated]))
    cuts = data.draw(st.lists(st.integers(1, 8), min_size=len(order), max_size=len(order)))

    shown, journalled = _stored(order, cuts)

    oracle: dict[tuple[str, str], int] = {}
    for told in events:
        oracle[told.pin, told.trigger] = max(told.version, oracle.get((told.pin, told.trigger), told.version))
    assert shown == oracle
    assert sorted(journalled) == sorted(str(told.name) for told in events)


@settings(max_examples=10, deadline=None)
@given(events=st.lists(TOLD, min_size=1, max_size=60, unique_by=lambda told: told.name), copies=st.integers(1, 4))
def test_of_many_senders_at_once_each_event_is_accepted_once(events: list[Told], copies: int) -> None:
    """One receipt says accepted, all others duplicate, whatever waits together."""

    async def run(folder: Path) -> list[str]:
        url = f"sqlite:///{folder / 'pinbridge.db'}"
        store = Store.open(url, clock=lambda: NOON, horizon_s=3600, retention_s=3600)
        await store.activate([FAMILY], "https://api")
        deliveries = [_arrival(told) for told in events for _ in range(copies)]
        receipts = await asyncio.gather(*(ingest(store, one.event, one.evaluation) for one in deliveries))
        await store.close()
        with open_readonly(url) as reader:
            assert len(reader.events(limit=1000)) == len(events)
        return [receipt.id for receipt in receipts if receipt.status == "accepted"]

    with tempfile.TemporaryDirectory() as folder:
        accepted = asyncio.run(run(Path(folder)))
    assert sorted(accepted) == sorted(str(told.name) for told in events)


def _stored(order: Sequence[Told], cuts: Sequence[int]) -> tuple[dict[tuple[str, str], int], list[str]]:
    """Commit the events in this order, cut into batches of these sizes; gives what is shown and journalled."""
    engine = writing_engine(Database(path=None), busy_wait_s=0)
    with engine.connect() as connection:
        with connection.begin():
            bring_up(connection)
            active, *_ = activate(connection, ActiveSet.of([FAMILY]), "https://api", Moment(0, 0))
        batches = Batches(connection, Presence(None), horizon=timedelta(hours=1))
        batches.load(active)
        left = list(order)
        for size in cuts:
            batch, left = left[:size], left[size:]
            if batch:
                batches.commit([_arrival(told) for told in batch])
        shown = {
            (pin, trigger): int(text)
            for pin, trigger, text in connection.exec_driver_sql('SELECT pin, "trigger", event_type FROM latest')
        }
        journalled = [name for (name,) in connection.exec_driver_sql("SELECT id FROM events")]
    engine.dispose()
    return shown, journalled


def _arrival(told: Told) -> Arrival:
    event = an_event(
        type=str(told.version),
        id=str(told.name),
        dedup_key=hashlib.blake2b(str(told.name).encode(), digest_size=16).digest(),
        at=NOON,
    )
    change = Change(
        mapping="m",
        trigger=told.trigger,
        pin=told.pin,
        at=NOON,
        version=(told.version,),
        item_key=None,
        variables={"version": told.version},
    )
    matched = Outcome(mapping="m", trigger=told.trigger, kind="matched", reason="", pin=told.pin)
    return Arrival(event, Evaluation(changes=(change,), outcomes=(matched,)))
