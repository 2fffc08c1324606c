"""Runs a case of the state through a real database: in batches, over restarts, and folded again from the journal."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from support.rebuilding import Shop
from support.state_cases import HORIZON, SOURCES, Case, Delivery
from support.state_running import sample, shown_in
from support.state_shown import Shown, content, read_shown
from support.storing import ingest

from bridge.configuration import Configuration
from bridge.events import Event
from bridge.inbound import load_sources
from bridge.instants import to_micros
from bridge.mappings import load_texts
from bridge.outbound.drawing import Drawn, draw
from bridge.rehearsal.reception import receive
from bridge.store import active_pins
from bridge.store.activation import Moment, activate
from bridge.store.active_set import ActiveSet
from bridge.store.batches import Batches
from bridge.store.database import Database, writing_engine
from bridge.store.ingest import Arrival
from bridge.store.presence import Presence
from bridge.store.pruning import Keeping, Pruning
from bridge.store.schema import bring_up
from bridge.store.snapshots import view_pin

PIN = "p-1"


def stored(case: Case, cuts: Sequence[int], since: datetime) -> Shown:
    """Give what the pin shows after all deliveries, in batches of these sizes; 0 is a restart.

    The mapping is first loaded at an instant, `since`. What has expired is forgotten after each batch.
    """
    loaded, left = configured(case), list(case.deliveries)
    with tempfile.TemporaryDirectory() as folder:
        path, now = Path(folder) / "pinbridge.db", since
        for sizes in _split([*cuts, *[1] * len(left)]):
            with _opened(path, loaded, now) as (connection, batches):
                for size in sizes:
                    batch, left = left[:size], left[size:]
                    now = batch[-1].received_at if batch else now
                    _commit(connection, batches, [_arrival(loaded, delivery) for delivery in batch], now)
        with _opened(path, loaded, case.now) as (connection, _), connection.begin():
            declared = ActiveSet.of(active_pins(loaded.mappings)).definitions
            drawn = view_pin(
                connection, PIN, declared, lambda snapshot, rows: draw(loaded.mappings, PIN, case.now, snapshot, rows)
            )
    return _shown(drawn)


async def rebuilt(case: Case, path: Path, before: Case) -> Shown:
    """Give what the pin shows once its mapping is rebuilt from the journal of a bridge that ran another one before."""
    span = int(HORIZON.total_seconds())
    start = min((delivery.received_at for delivery in case.deliveries), default=case.now)
    shop = Shop(path, configured(before), now=start, options={"horizon_s": span, "retention_s": 10 * span})
    await shop.open()
    for delivery in case.deliveries:
        shop.now = delivery.received_at
        event = _event(shop.configuration, delivery)
        await ingest(shop.store, event, shop.mappings.evaluate(event))
    shop.now = case.now
    shop.configuration = configured(case)
    await shop.store.activate(active_pins(shop.mappings), "nowhere")
    await shop.store.builds.begin("m", None)
    await shop.rebuild()
    text = await shop.shown(PIN)
    await shop.store.close()
    return read_shown(text)


def configured(case: Case) -> Configuration:
    """Compile the mapping of a case, with a template that shows all of its state."""
    mappings = load_texts({"m.yaml": case.mapping(content(case.entries))}, {})
    return Configuration(mappings=mappings, sources=load_sources(mappings.source_places, SOURCES, lambda _: ()))


def _split(cuts: Sequence[int]) -> Iterator[list[int]]:
    """Split the sizes of batches at the restarts."""
    sizes: list[int] = []
    for cut in cuts:
        if cut:
            sizes.append(cut)
        else:
            yield sizes
            sizes = []
    yield sizes


@contextmanager
def _opened(path: Path, loaded: Configuration, now: datetime) -> Iterator[tuple[Connection, Batches]]:
    engine = writing_engine(Database(path=path), busy_wait_s=0)
    at = to_micros(now)
    with engine.connect() as connection:
        with connection.begin():
            bring_up(connection)
            active, *_ = activate(connection, ActiveSet.of(active_pins(loaded.mappings)), "nowhere", Moment(at, at))
        batches = Batches(connection, Presence(None), horizon=HORIZON)
        batches.load(active)
        yield connection, batches
    engine.dispose()


def _commit(connection: Connection, batches: Batches, arrivals: Sequence[Arrival], now: datetime) -> None:
    if arrivals:
        batches.commit(arrivals)
    with connection.begin():
        keeping = Keeping(retention=10 * HORIZON, horizon=HORIZON, journal_bytes=2**30)
        Pruning(keeping, lambda: now).step(connection)


def _arrival(loaded: Configuration, delivery: Delivery) -> Arrival:
    event = _event(loaded, delivery)
    return Arrival(event, loaded.mappings.evaluate(event))


def _event(loaded: Configuration, delivery: Delivery) -> Event:
    (event,), _ = receive(loaded.sources["shop"], sample(delivery), delivery.received_at, max_body_bytes=2**20)
    return event


def _shown(drawn: Drawn | None) -> Shown:
    assert drawn is not None
    shown: Any = drawn.shown
    return shown_in(shown.rendered.body)
