"""Matching with 10,000 mappings on one source against 10: `MappingSet.evaluate` alone, no I/O.

Up to 32 triggers, each that does not match says why on its own, so ten may cost more than a hundred;
a hundred stand between, to show what the number alone costs.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from benchmarks.figures import spread, table
from benchmarks.process import SERVER_CPU, on_cpu
from benchmarks.traffic import event_body
from bridge.events import Event
from bridge.mappings import MappingSet, load_texts

COUNTS = (10, 100, 10_000)
SHOPS = COUNTS[0]

MAPPING = """
pin: p-shop-{number}
triggers:
  - source: stripe
    event: payment_intent.succeeded
    when:
      $.data.object.metadata.shop: shop-{number}
      $.data.object.amount_received: {{gt: 0}}
    extract:
      amount: $.data.object.amount_received
      buyer: $.data.object.receipt_email
      payment: $.data.object.id
update:
  metadata: {{pin_config: {{content: "{{{{ buyer }}}} paid {{{{ amount }}}}"}}}}
"""


def measure(_folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report; all sets see the same events, each of which one mapping takes."""
    started_at = time.perf_counter()
    sets = [_mapping_set(count) for count in COUNTS]
    loaded_s = time.perf_counter() - started_at
    events = [_event(number) for number in range(requests // 20)]
    with on_cpu(SERVER_CPU):
        rows_us = [[_microseconds(mappings, events) for mappings in sets] for _ in range(rounds + 1)][1:]
    rows = [
        (f"{count:,}", spread([us[place] for us in rows_us], 1), spread([us[place] / us[0] for us in rows_us], 2))
        for place, count in enumerate(COUNTS)
    ]
    return (
        f"## Matching among many mappings\n\n{table(('mappings on the source', 'µs an event', 'ratio'), rows)}\n\n"
        f"{rounds} rounds of {len(events):,} events each; median (lowest-highest). "
        f"Loading all sets took {loaded_s:.0f} s.\n"
        "Wanted: a ratio of 1.3 or less. Up to 32 triggers, each that does not match says why on its own; "
        "beyond, they are summed up."
    )


def _mapping_set(count: int) -> MappingSet:
    texts = {f"shops/{number:05}.yaml": MAPPING.format(number=number).encode() for number in range(count)}
    return load_texts(texts, {})


def _event(number: int) -> Event:
    now = datetime.now(UTC)
    body = event_body(number, shops=SHOPS, created=int(now.timestamp()))
    payload = orjson.loads(body)
    return Event(
        source="stripe",
        type=payload["type"],
        id=payload["id"],
        dedup_key=number.to_bytes(16),
        dedup_window_s=None,
        at=now,
        received_at=now,
        tolerance_s=300,
        content_type="application/json",
        headers={},
        query={},
        body=body,
        payload=payload,
    )


def _microseconds(mappings: MappingSet, events: list[Event]) -> float:
    started_at = time.perf_counter()
    matched = sum(len(mappings.evaluate(event).changes) for event in events)
    elapsed_s = time.perf_counter() - started_at
    assert matched == len(events)
    return 1e6 * elapsed_s / len(events)
