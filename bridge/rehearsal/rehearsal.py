"""The bridge as mappings know it: what it hears, what that changes, and how a pin then looks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Event, Json
from bridge.inbound import Source, Sources
from bridge.mappings import Evaluation, Latest, MappingSet, Outcome, Rendered, stale_at, stale_since
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.rendering import Clock
from bridge.rehearsal.memory import Memory
from bridge.rehearsal.reception import Signature, receive
from bridge.rehearsal.samples import Sample
from bridge.spelling import suggest
from bridge.state import Shown, show, tell_state

_END_OF_TIME = datetime(2199, 12, 31, tzinfo=UTC)
"""An arrival that no event is dated ahead of, to learn what time an event has of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of one delivery.

    `number` is the event's place in the journal, None for a duplicate. `evaluation` is what the
    mappings made of it, `outcomes` what was left of that after folding; a duplicate has none.
    `moved` gives each pin that it changed, with its mapping. `lacks` names the headers in which its source looks
    for the event type, where that could not be told without them.
    """

    event: Event
    signature: Signature
    number: int | None
    evaluation: Evaluation
    outcomes: tuple[Outcome, ...]
    moved: Mapping[str, str]
    lacks: tuple[str, ...]

    @property
    def is_duplicate(self) -> bool:
        """Tell whether the delivery was met before."""
        return self.number is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One sample, or one event of it where it brings several, and what became of it: it was heard, or refused.

    None was heard of a sample that brings no event. `of` counts the events that come with this one, itself included.
    """

    sample: Sample
    heard: Heard | SenderError | None
    of: int = 1

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each trigger made of it; of a duplicate, what it would have."""
        if not isinstance(self.heard, Heard):
            return ()
        return self.heard.evaluation.outcomes if self.heard.is_duplicate else self.heard.outcomes

    def outcomes_of(self, trigger: str) -> list[Outcome]:
        """Give the outcomes of one trigger, in the order of its items."""
        return [outcome for outcome in self.outcomes if outcome.trigger == trigger]


class Rehearsal:
    """One offline run.

    `horizon_s` is how long delivery ids are remembered, `max_body_bytes` bounds a body. `active_since` is when the
    mappings were first loaded; without it a pin that was never heard does not turn stale.
    """

    def __init__(
        self,
        mappings: MappingSet,
        sources: Sources,
        *,
        horizon_s: int,
        max_body_bytes: int,
        active_since: datetime | None = None,
    ) -> None:
        self._mappings = mappings
        self._sources = sources
        self._max_body_bytes = max_body_bytes
        self._active_since = active_since
        self._memory = Memory(mappings, timedelta(seconds=horizon_s))
        self._heard_at: dict[str, datetime] = {}

    def deliver(self, samples: Iterable[Sample], arrival: datetime) -> Iterator[Delivery]:
        """Deliver one after the other, each at its event's own time; what tells none arrives with the one before it.

        `arrival` is when the first arrives where it tells none. Raises `ConfigurationError` for an unknown source.
        """
        for sample in samples:
            try:
                arrival = sample.received_at or self.own_time_of(sample) or arrival
                heard = self.receive_all(sample, arrival)
                yield from (Delivery(sample=sample, heard=each, of=len(heard)) for each in heard)
                if not heard:
                    yield Delivery(sample=sample, heard=None, of=0)
            except SenderError as error:
                yield Delivery(sample=sample, heard=error)

    def own_time_of(self, sample: Sample) -> datetime | None:
        """Give the newest time that a sample's events have of their own: by its source, else by the triggers' `at`.

        Raises as `receive` does.
        """
        events, _ = self._read(sample, sample.received_at or _END_OF_TIME)
        return max([own for event in events if (own := self._own_time_of(event)) is not None], default=None)

    def _own_time_of(self, event: Event) -> datetime | None:
        if event.at is not None:
            return event.at
        told = [change.at for change in self._mappings.evaluate(event).changes if change.at != event.received_at]
        return max(told, default=None)

    def receive(self, sample: Sample, received_at: datetime) -> Heard:
        """Hear a delivery of one event as `receive_all` does."""
        (heard,) = self.receive_all(sample, received_at)
        return heard

    def receive_all(self, sample: Sample, received_at: datetime) -> list[Heard]:
        """Hear a delivery at a time, unless the sample has an arrival of its own; gives what became of each event.

        Raises `SenderError` where the bridge would refuse it, `ConfigurationError` for an unknown source.
        """
        source = self._source(sample)
        events, signature = self._read(sample, sample.received_at or received_at)
        return [self._hear(source, event, signature) for event in events]

    def _hear(self, source: Source, event: Event, signature: Signature) -> Heard:
        evaluation = self._mappings.evaluate(event)
        for change in evaluation.changes:
            self._heard_at[change.pin] = event.received_at
        number: int | None = None
        outcomes: tuple[Outcome, ...] = ()
        moved: Mapping[str, str] = {}
        if not self._memory.is_duplicate(event):
            number, folded, moved = self._memory.take_in(event, evaluation)
            outcomes = folded.outcomes
        return Heard(
            event=event,
            signature=signature,
            number=number,
            evaluation=evaluation,
            outcomes=outcomes,
            moved=moved,
            lacks=_lacking(source, event),
        )

    def render(self, mapping: str, pin: str, now: datetime) -> Rendered:
        """Render a pin as it stands. Raises `RenderError`."""
        return self.show(mapping, pin, now).rendered

    def show(self, mapping: str, pin: str, now: datetime) -> Shown:
        """Render a pin as it stands, and say when it changes by itself. Raises `RenderError`."""
        clock = Clock(now, stale_since(self._turns_stale_at(mapping, pin), now))
        return show(self._mappings, mapping, self._memory.state(mapping, pin), self.latest(mapping, pin), clock)

    def tell_state(self, mapping: CompiledMapping, pin: str, now: datetime) -> dict[str, Json]:
        """Give what is held of a pin's entries, as JSON."""
        return tell_state(self._memory.state(mapping.name, pin), mapping, now)

    def latest(self, mapping: str, pin: str) -> Mapping[str, Latest]:
        """Give the newest of each trigger that has fed a pin."""
        return self._memory.latest(mapping, pin)

    def _turns_stale_at(self, mapping: str, pin: str) -> datetime | None:
        stale_after_s = self._mappings.mappings[mapping].stale_after_s
        heard_at = self._heard_at.get(pin, self._active_since)
        if stale_after_s is None or heard_at is None:
            return None
        return stale_at(stale_after_s, heard_at=heard_at)

    def _read(self, sample: Sample, received_at: datetime) -> tuple[list[Event], Signature]:
        return receive(self._source(sample), sample, received_at, max_body_bytes=self._max_body_bytes)

    def _source(self, sample: Sample) -> Source:
        if sample.source in self._sources:
            return self._sources[sample.source]
        known = f"there are {', '.join(sorted(self._sources))}" if self._sources else "there is none"
        message = f"{sample.source[:80]!r} is no source here; {known}{suggest(sample.source, self._sources)}"
        raise ConfigurationError([Problem(file=sample.name, message=message)])


def _lacking(source: Source, event: Event) -> tuple[str, ...]:
    wanted = source.event.headers if source.event is not None and not event.type else frozenset()
    return tuple(sorted(wanted - event.headers.keys()))
