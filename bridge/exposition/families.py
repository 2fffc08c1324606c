"""The metrics by Prometheus' conventions: names, units, labels, help. docs/operations.md has all of them.

Labels hold what is configured, and words of this code: no id, no pin, and nothing that a sender chose.
https://prometheus.io/docs/practices/naming/
"""

import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import get_args

from prometheus_client import CollectorRegistry, ProcessCollector, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from bridge.exposition.seen import Seen
from bridge.store import Sizes, Survey
from bridge.tallies import UNKNOWN, Histogram, KeyState

_ENDINGS = ("delivered", "unchanged", "retry", "doubt", "parked")
_ALWAYS = ("matched", "error")
"""The outcomes that every mapping has from the first scrape on, so that a first one is seen as a rise."""

Row = tuple[tuple[str, ...], float]


def write(seen: Seen, *, as_openmetrics: bool) -> tuple[bytes, str]:
    """Write out everything; gives the text and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Collected(seen))
    if as_openmetrics:
        text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # it has no types
        return text, openmetrics.CONTENT_TYPE_LATEST
    return exposition.generate_latest(registry), exposition.CONTENT_TYPE_PLAIN_0_0_4


class _Collected(Collector):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        seen = self._seen
        yield from _of_webhooks(seen)
        yield from _of_ingest(seen)
        yield from _of_deliveries(seen)
        yield from _of_the_process(seen)
        if seen.survey is not None:
            yield from _of_the_survey(seen.survey)
        if seen.sizes is not None:
            yield from _of_the_disk(seen.sizes)


def _of_webhooks(seen: Seen) -> Iterator[Metric]:
    answers = {(name, status, "accepted"): 0 for name, status in seen.loaded.sources.items()} | seen.answers
    yield _counter(
        "pinbridge_requests",
        "Requests to /hooks/ that were answered, by source, HTTP status and what became of them.",
        ("source", "status", "code"),
        (((source, str(status), code), count) for (source, status, code), count in answers.items()),
    )
    yield _counter(
        "pinbridge_verification_failures",
        "Requests whose signature, timestamp or credentials did not hold, by what was wrong.",
        ("source", "reason"),
        (((source, code), count) for (source, status, code), count in answers.items() if status == 401),
    )
    yield _counter(
        "pinbridge_connections_refused",
        "Connections that were closed because what came was no request within bounds.",
        ("code",),
        (((code,), count) for code, count in seen.refused_connections.items()),
    )
    yield _histogram(
        "pinbridge_ack_seconds",
        "Time from a webhook's last byte to its acknowledgement, of those that were accepted or are duplicates.",
        seen.ack_s,
    )


def _of_ingest(seen: Seen) -> Iterator[Metric]:
    always = {(mapping, kind): 0 for mapping in seen.loaded.mappings for kind in _ALWAYS}
    yield _counter(
        "pinbridge_outcomes",
        "What the triggers of a mapping made of events: one for each trigger that looked, and each item and pin.",
        ("mapping", "outcome"),
        (((mapping or UNKNOWN, kind), count) for (mapping, kind), count in (always | seen.outcomes).items()),
    )
    yield _histogram("pinbridge_batch_events", "Webhooks that one transaction made durable.", seen.batch_events)
    yield _histogram("pinbridge_batch_seconds", "Time that one such transaction took, as a whole.", seen.batch_s)
    yield _histogram(
        "pinbridge_commit_seconds", "Time that its COMMIT took: what the disk takes to keep it.", seen.commit_s
    )
    yield _gauge("pinbridge_waiting_events", "Webhooks that wait to be made durable.", seen.waiting)


def _of_deliveries(seen: Seen) -> Iterator[Metric]:
    yield _counter(
        "pinbridge_deliveries",
        "Deliveries of pins that came to an end, by how.",
        ("outcome",),
        (((ending,), seen.endings[ending]) for ending in _ENDINGS),
    )
    yield _histogram("pinbridge_api_request_seconds", "Time that requests to the Pindown API took.", seen.request_s)
    yield _gauges(
        "pinbridge_key_state",
        "What the API key may do: 1 for the state that it is in.",
        ("state",),
        (((state,), float(state == seen.key.state)) for state in get_args(KeyState)),
    )
    yield _gauge(
        "pinbridge_key_rate_ratio", "Share of the budget that is in use; the API lowers it with 429.", seen.key.rate
    )
    yield _gauges(
        "pinbridge_budget_tokens",
        "Tokens that may be spent in any window of that length, as configured.",
        ("window",),
        _by_length({window.length_s: window.tokens for window in seen.budget.windows}),
    )


def _of_the_process(seen: Seen) -> Iterator[Metric]:
    yield _gauge("pinbridge_store_up", "1 where the database took a write and could be read.", seen.store_up)
    yield _gauge("pinbridge_mappings", "Mappings that are loaded.", len(seen.loaded.mappings))
    yield _gauge(
        "pinbridge_reload_refused", "1 while mappings were changed and the change is refused.", seen.loaded.refused
    )
    yield _gauges(
        "pinbridge_build_info",
        "What is running.",
        ("version", "python", "sqlite"),
        [((version("pinbridge"), platform.python_version(), sqlite3.sqlite_version), 1)],
    )


def _of_the_survey(survey: Survey) -> Iterator[Metric]:
    yield _gauges(
        "pinbridge_pins",
        "Pins by where they stand.",
        ("state",),
        (((state,), count) for state, count in survey.pins.items()),
    )
    yield _gauge(
        "pinbridge_oldest_due_age_seconds",
        "For how long the longest due pin has been due, 0 where none is.",
        survey.oldest_due_s,
    )
    left: dict[int, int] = {}
    for window, tokens in survey.left.items():
        left[window.length_s] = min(tokens, left.get(window.length_s, tokens))
    yield _gauges(
        "pinbridge_budget_left_tokens",
        "Tokens that may be spent now, at the rate that the API allows.",
        ("window",),
        _by_length(left),
    )
    yield _gauge("pinbridge_journal_events", "Events that the journal keeps.", survey.journal_events)
    yield _gauge(
        "pinbridge_journal_age_seconds", "How long ago the oldest event of the journal came.", survey.journal_age_s
    )
    yield _gauge("pinbridge_journal_bytes", "What the events of the journal take.", survey.journal_bytes)


def _of_the_disk(sizes: Sizes) -> Iterator[Metric]:
    yield _gauges(
        "pinbridge_database_bytes",
        "Size of the database's files: the database, and the write-ahead log beside it.",
        ("file",),
        [(("database",), sizes.database), (("log",), sizes.log)],
    )
    yield _gauge("pinbridge_disk_free_bytes", "What the database's disk has left for the bridge.", sizes.free)


def _by_length(tokens: Mapping[int, int]) -> list[Row]:
    return [((f"{length_s}s",), count) for length_s, count in tokens.items()]


def _counter(name: str, help_text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, count in rows:
        family.add_metric(values, count)
    return family


def _gauges(name: str, help_text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=float(value))


def _histogram(name: str, help_text: str, histogram: Histogram) -> Metric:
    buckets: list[tuple[str, float]] = []
    count = 0
    for bound, times in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        count += times
        buckets.append((bound, count))
    return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=histogram.sum)
