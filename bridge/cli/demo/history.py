"""Writes the past into the demo's database, by the store's own ingest, with a clock that stood then.

So the bridge that opens it afterwards has a whole yesterday to compare with, as one that has run for a month.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import orjson

from bridge.cli.demo.traffic import Delivery
from bridge.configuration import Configuration
from bridge.events import Event, Receipt
from bridge.rehearsal import Sample, receive
from bridge.settings import Settings
from bridge.store import Store, active_pins


def write_history(settings: Settings, configuration: Configuration, deliveries: Sequence[Delivery]) -> None:
    """Ingest deliveries, oldest first, each at the time when it happened.

    The mappings are active since a day before the first. Raises `OperatorError` where the database takes nothing.
    """
    began_at = deliveries[0].at - timedelta(days=1)
    store = Store.open(
        settings.database, clock=lambda: began_at, horizon_s=settings.horizon, retention_s=settings.retention
    )
    asyncio.run(_write(store, configuration, [_event(each, settings, configuration) for each in deliveries]))


def _event(delivery: Delivery, settings: Settings, configuration: Configuration) -> Event:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    sample = Sample(name=delivery.says, source=delivery.source, body=orjson.dumps(delivery.payload), headers=headers)
    source = configuration.sources[delivery.source]
    ((event,), _) = receive(source, sample, delivery.at, max_body_bytes=settings.max_body)
    return event


async def _write(store: Store, configuration: Configuration, events: Sequence[Event]) -> None:
    try:
        await store.activate(active_pins(configuration.mappings), "nowhere yet")
        for event in events:
            await _ingest(store, configuration, event)
    finally:
        await store.close()


async def _ingest(store: Store, configuration: Configuration, event: Event) -> None:
    stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle(outcome: Receipt | Exception) -> None:
        if isinstance(outcome, Exception):
            stored.set_exception(outcome)
        else:
            stored.set_result(None)

    store.ingest(event, configuration.mappings.evaluate(event), settle)
    await stored
