"""What an event costs the writer with a long history behind it, against a short one; in one process.

Each kind of history stands in two databases, long in one and short in the other. Both are brought the same
events in turn, in batches as under load; only the processor's time counts, the disk's does not.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from benchmarks.active_database import active_database
from benchmarks.figures import spread, table
from benchmarks.process import SERVER_CPU, BenchmarkFailed, on_cpu
from bridge.events import Event, Json
from bridge.mappings import MappingSet, load_texts
from bridge.store.batches import Batches
from bridge.store.ingest import Arrival
from bridge.store.presence import Presence

BATCH = 64
MOST_RATIO = 1.2
TEN = 10
NOW = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)

MAPPING = """
pin: p-sales
triggers:
  - {{name: sale, source: shop, event: "*", extract: {{amount: $.amount, place: $.place}}}}
state:
  kept: {entry}
update:
  metadata: {{pin_config: {{content: "{{{{ amount }}}}"}}}}
"""


class Sale(NamedTuple):
    """What an event says: when it happened, and the group or row that it belongs to."""

    at: datetime
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of history: `entry` is the definition that keeps it, `past` its sales, `lengths` how many.

    The sales that are measured follow each other from `next_sale`, which is told their number. `is_bounded` says
    whether a long history is held to `MOST_RATIO`.
    """

    what: str
    entry: str
    lengths: tuple[int, int]
    past: Callable[[int], Sale]
    next_sale: Callable[[int], Sale]
    is_bounded: bool = True


KINDS = (
    Kind(
        what="kept days",
        entry="{{sum: amount, every: day, keep: {length}}}",
        lengths=(TEN, 1_000),
        past=lambda number: Sale(NOW - timedelta(days=number), 0),
        next_sale=lambda _number: Sale(NOW, 0),
    ),
    Kind(
        what="groups",
        entry="{{sum: amount, every: day, by: place, limit: {length}}}",
        lengths=(TEN, 1_000),
        past=lambda number: Sale(NOW, number),
        next_sale=lambda number: Sale(NOW, number % TEN),
    ),
    Kind(
        what="rows, ten of them fed",
        entry="{{rows: {{amount: amount}}, key: place, capacity: {length}}}",
        lengths=(TEN, 10_000),
        past=lambda number: Sale(NOW, number),
        next_sale=lambda number: Sale(NOW, number % TEN),
    ),
    Kind(
        what="rows of a full table, for each new one the oldest goes",
        entry="{{rows: {{amount: amount}}, key: place, capacity: {length}}}",
        lengths=(100, 10_000),
        past=lambda number: Sale(NOW - timedelta(seconds=number), number),
        next_sale=lambda number: Sale(NOW + timedelta(milliseconds=number), 10_000 + number),
        is_bounded=False,
    ),
)


class Writer:
    """A database of its own, and what the bridge's writer does to it."""

    def __init__(self, connection: Connection, batches: Batches, mappings: MappingSet) -> None:
        self._driver: Any = connection.connection.driver_connection
        self._batches = batches
        self._mappings = mappings
        self._brought = 0

    def bring(self, sales: Iterable[Sale]) -> float:
        """Commit sales in batches; gives the processor's time for each, in microseconds."""
        arrivals = [self._arrival(sale) for sale in sales]
        # As the bridge does it now and then, on another thread.
        self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        started_at = time.process_time()
        for first in range(0, len(arrivals), BATCH):
            self._batches.commit(arrivals[first : first + BATCH])
        return 1e6 * (time.process_time() - started_at) / len(arrivals)

    def _arrival(self, sale: Sale) -> Arrival:
        self._brought += 1
        event = _event(self._brought, sale)
        return Arrival(event, self._mappings.evaluate(event))


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report; raises `BenchmarkFailed` where a long history costs too much."""
    with on_cpu(SERVER_CPU):
        rows = [_measure_kind(folder, kind, rounds=rounds, events=requests // 20) for kind in KINDS]
    headings = ("history", "µs an event, short", "µs an event, long", "ratio")
    return (
        f"## State with a long history\n\n{table(headings, rows)}\n\n"
        f"{rounds} rounds of {requests // 20:,} events each, in batches of {BATCH}; median (lowest-highest). "
        "The processor's time in the writer, of everything that a batch takes.\n"
        f"Wanted, or the benchmark fails: a ratio of {MOST_RATIO} or less, where events touch as many rows as with a "
        "short history. A full table is not held to it: its rows stand by the hashes of their keys, so that those that "
        "come and go lie on the more pages of the file the more rows there are."
    )


def _measure_kind(folder: Path, kind: Kind, *, rounds: int, events: int) -> tuple[str, ...]:
    with ExitStack() as opened:
        writers = [opened.enter_context(_writer(folder, kind, length)) for length in kind.lengths]
        numbers = iter(range((rounds + 1) * events))
        times_us = []
        for _ in range(rounds + 1):
            sales = [kind.next_sale(number) for number in islice(numbers, events)]
            times_us.append([writer.bring(sales) for writer in writers])
    short, long = zip(*times_us[1:], strict=True)
    ratios = [one / other for one, other in zip(long, short, strict=True)]
    if kind.is_bounded and statistics.median(ratios) > MOST_RATIO:
        raise BenchmarkFailed(f"{kind.what}: {kind.lengths[1]:,} cost {spread(ratios, 2)} of {kind.lengths[0]}")
    name = f"{kind.lengths[1]:,} {kind.what}, against {kind.lengths[0]}"
    return name, spread(short, 1), spread(long, 1), spread(ratios, 2)


@contextmanager
def _writer(folder: Path, kind: Kind, length: int) -> Iterator[Writer]:
    """Open a database and give it its history, the oldest first."""
    entry = kind.entry.format(length=length)
    mappings = load_texts({"sales.yaml": MAPPING.format(entry=entry).encode()}, {})
    path = folder / f"{KINDS.index(kind)}-{length}.db"
    with active_database(path, mappings, NOW) as (connection, active):
        batches = Batches(connection, Presence(path), horizon=timedelta(days=35))
        batches.load(active)
        writer = Writer(connection, batches, mappings)
        writer.bring([kind.past(number) for number in reversed(range(length))])
        yield writer


def _event(number: int, sale: Sale) -> Event:
    payload: Json = {"amount": 4900, "place": sale.place}
    return Event(
        source="shop",
        type="sale",
        id=str(number),
        dedup_key=number.to_bytes(16),
        dedup_window_s=None,
        at=sale.at,
        received_at=sale.at,
        tolerance_s=300,
        content_type="application/json",
        headers={},
        query={},
        body=orjson.dumps(payload),
        payload=payload,
    )
