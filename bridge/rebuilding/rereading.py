"""From the journal back to an event, and to what the mappings of today make of it. Pure."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from bridge.configuration import Configuration
from bridge.events import Event
from bridge.inbound import reread
from bridge.mappings import Evaluation, NotAtOnce, Outcome
from bridge.store import Entry, EventRecord

REMEMBERED_SETS = 16


class Evaluator:
    """Evaluates events of the journal by the mappings and the sources of one configuration.

    `sources` are those of each enabled mapping.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.sources: Mapping[str, Collection[str]] = {
            name: frozenset(mapping.source_places)
            for name, mapping in configuration.mappings.mappings.items()
            if mapping.enabled
        }
        self._declared = configuration.sources
        self._only = lru_cache(REMEMBERED_SETS)(configuration.mappings.only)

    def evaluate(self, record: EventRecord, mappings: frozenset[str]) -> Entry:
        """Give what these mappings make of an event, however long that takes."""
        event = self._read(record)
        return Entry(record.number, event, self._only(mappings).evaluate(event))

    def evaluate_at_once(self, record: EventRecord, mappings: frozenset[str]) -> Entry | None:
        """Give the same within a moment; None where it takes longer."""
        event = self._read(record)
        try:
            return Entry(record.number, event, self._only(mappings).evaluate_at_once(event))
        except NotAtOnce:
            return None

    def failed(self, record: EventRecord, mappings: frozenset[str], reason: str) -> Entry:
        """Give an event of which these mappings keep nothing, and why."""
        only = self._only(mappings)
        event = self._read(record)
        outcomes = tuple(Outcome(name, "", "error", reason, None) for name in sorted(only.mappings))
        return Entry(record.number, event, Evaluation((), outcomes, only.fingerprints))

    def _read(self, record: EventRecord) -> Event:
        """Give the event as it was when it came, with its fault where its payload cannot be read, or not any more."""
        source = self._declared.get(record.source)
        if source is None:
            return _event(record, 0.0)  # no trigger is left that would take it
        payload, fault = reread(source, record.body, record.content_type)
        return _event(record, source.tolerance_s)._replace(payload=payload, fault=fault)


def _event(record: EventRecord, tolerance_s: float) -> Event:
    """Give an event that is no delivery any more, and so is recognised by nothing."""
    return Event(
        source=record.source,
        type=record.type,
        id=record.id,
        dedup_key=None,
        dedup_window_s=None,
        at=record.at,
        received_at=record.received_at,
        tolerance_s=tolerance_s,
        content_type=record.content_type,
        headers=record.headers,
        query=record.query,
        body=record.body,
        payload=None,
    )
