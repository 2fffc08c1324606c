"""The offline run and the real store agree: the same deliveries, one by one, give the same pins."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.storing import ingest

from bridge.events import Event
from bridge.inbound import load_sources
from bridge.mappings import Latest, MappingSet, Outcome, load_texts
from bridge.rehearsal import Heard, Rehearsal, Sample
from bridge.store import ActivePin, Store, open_readonly
from bridge.store.database import reading_engine
from bridge.store.snapshots import read_snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HORIZON_S = 3600
SOURCES = b"{once: {verify: none, id: $.id, event: $.type}, brief: {verify: none, dedupe: 10m, event: $.type}}"
FILES = {
    "family.yaml": b"""
pin: "{{ 'p-' ~ shop }}"
pins: ["p-*"]
max_pins: 2
triggers:
  - {name: sale, source: once, event: sale, at: $.at, extract: {shop: $.shop, n: $.n}}
  - {name: item, source: brief, each: "$.items[*]", key: $.sku, version: $.n, extract: {shop: {body: $.shop}, m: $.n}}
update: {metadata: {pin_config: {content: "{{ n }} {{ m }} {{ event.id }} {{ event.at }}"}}}
""",
    "one.yaml": b"""
pin: p-a
triggers: [{source: once, version: [$.n, $.at], extract: {n: $.n, deep: $.items}, at: $.at}]
update: {metadata: {pin_config: {content: "{{ n }} {{ deep | tojson }} {{ event.received_at }}"}}}
""",
}
ITEMS = st.lists(st.fixed_dictionaries({"sku": st.sampled_from(["x", "y", None]), "n": st.integers(0, 3)}), max_size=3)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One delivery: what it says, from where, and after how many minutes it arrives."""

    source: str
    body: dict[str, Any]
    minutes: int


BODIES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3", "4"]),
        "type": st.sampled_from(["sale", "other"]),
        "shop": st.sampled_from(["a", "b", "c", "d"]),
        "n": st.sampled_from([0, 1, 2.5, "3", None, 2**63]),
        "at": st.sampled_from([(NOON + timedelta(minutes=m)).isoformat() for m in (-90, -20, 0, 20, 200)] + ["soon"]),
        "items": ITEMS,
    }
)
DELIVERIES = st.lists(
    st.builds(Sent, source=st.sampled_from(["once", "brief"]), body=BODIES, minutes=st.integers(0, 15)), max_size=12
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries=DELIVERIES)
def test_the_rehearsal_and_the_store_show_the_same(deliveries: list[Sent]) -> None:
    """Duplicates, outcomes, what is kept of the newest events, and every body."""
    mappings = load_texts(FILES, {})
    sources = load_sources(mappings.source_places, SOURCES, lambda _: ())
    rehearsal = Rehearsal(mappings, sources, horizon_s=HORIZON_S, max_body_bytes=2**20)
    heard, arrival = [], NOON
    for sent in deliveries:
        arrival += timedelta(minutes=sent.minutes)
        sample = Sample(name="drawn", source=sent.source, body=json.dumps(sent.body).encode())
        heard.append(rehearsal.receive(sample, arrival))

    stored = asyncio.run(_stored(mappings, [each.event for each in heard]))

    assert stored.numbers == [each.number for each in heard]
    assert stored.outcomes == {each.number: each.outcomes for each in heard if each.number is not None}
    moved = {(pin, mapping) for each in heard for pin, mapping in each.moved.items()}
    assert {key for key, latest in stored.latest.items() if latest} == moved
    for (pin, mapping), latest in stored.latest.items():
        assert latest == rehearsal.latest(mapping, pin)
        rendered = mappings.render(mapping, pin, latest, arrival)
        assert rendered.payload == rehearsal.render(mapping, pin, arrival).payload


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store made of the deliveries: their numbers, outcomes by number, the newest events of every pin."""

    numbers: list[int | None]
    outcomes: dict[int, tuple[Outcome, ...]]
    latest: dict[tuple[str, str], dict[str, Latest]]


async def _stored(mappings: MappingSet, events: Sequence[Event]) -> Stored:
    """Take the events in, each after the other, on a real SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pinbridge.db"
        url = f"sqlite:///{path}"
        store = Store.open(url, clock=lambda: NOON, horizon_s=HORIZON_S, retention_s=35 * 86400)
        await store.activate([_active(mappings, name) for name in mappings.mappings], "https://api")
        receipts = [await ingest(store, event, mappings.evaluate(event)) for event in events]
        await store.close()
        with open_readonly(url) as reader:
            outcomes = {each.number: each.outcomes for each in reader.events(limit=1000)}
            pins = [each.pin for each in reader.pins()]
        engine = reading_engine(path)
        with engine.connect() as connection, connection.begin():
            snapshots = {pin: read_snapshot(connection, pin, {}) for pin in pins}
        engine.dispose()
    latest = {(pin, snapshot.mapping): dict(snapshot.latest) for pin, snapshot in snapshots.items()}
    return Stored(numbers=[receipt.number for receipt in receipts], outcomes=outcomes, latest=latest)


def _active(mappings: MappingSet, name: str) -> ActivePin:
    mapping = mappings.mappings[name]
    return ActivePin(pin=mapping.pin, mapping=name, fingerprint=mapping.render_fingerprint, max_pins=mapping.max_pins)


def test_the_deliveries_reach_every_outcome_of_the_fold() -> None:
    """So that the agreement is not about nothing: one run that has them all."""
    mappings = load_texts(FILES, {})
    sources = load_sources(mappings.source_places, SOURCES, lambda _: ())
    rehearsal = Rehearsal(mappings, sources, horizon_s=HORIZON_S, max_body_bytes=2**20)
    base = {"type": "sale", "n": 1, "at": NOON.isoformat(), "items": []}
    said = [
        ("once", {**base, "id": "1", "shop": "b"}),
        ("once", {**base, "id": "1", "shop": "b"}),
        ("once", {**base, "id": "2", "shop": "c", "at": (NOON - timedelta(hours=2)).isoformat()}),
        ("once", {**base, "id": "3", "shop": "a"}),
        ("once", {**base, "id": "4", "shop": "c"}),
        ("once", {**base, "id": "5", "shop": "d"}),
        ("brief", {**base, "shop": "b", "items": [{"sku": "x", "n": 1}]}),
        ("brief", {**base, "shop": "b", "items": [{"sku": "x", "n": 2}]}),
    ]
    heard: list[Heard] = [
        rehearsal.receive(Sample(name="said", source=source, body=json.dumps(body).encode()), NOON)
        for source, body in said
    ]
    assert [each.is_duplicate for each in heard].count(True) == 1
    kinds = {outcome.kind for each in heard for outcome in each.outcomes}
    assert {"matched", "too_late", "pin_taken", "duplicate_item", "error"} <= kinds
