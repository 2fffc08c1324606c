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
    """One sample, and what became of it: it was heard, or refused."""

    sample: Sample
    heard: Heard | SenderError

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each trigger made of it; of a duplicate, what it would have."""
        if isinstance(self.heard, SenderError):
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
                yield Delivery(sample=sample, heard=self.receive(sample, arrival))
            except SenderError as error:
                yield Delivery(sample=sample, heard=error)

    def own_time_of(self, sample: Sample) -> datetime | None:
        """Give the time that a sample's event has of its own: by its source, else by the triggers' `at`.

        Raises as `receive` does.
        """
        event, _ = self._read(sample, sample.received_at or _END_OF_TIME)
        if event.at is not None:
            return event.at
        told = [change.at for change in self._mappings.evaluate(event).changes if change.at != event.received_at]
        return max(told, default=None)

    def receive(self, sample: Sample, received_at: datetime) -> Heard:
        """Hear a delivery at a time, unless the sample has an arrival of its own.

        Raises `SenderError` where the bridge would refuse it, `ConfigurationError` for an unknown source.
        """
        event, signature = self._read(sample, sample.received_at or received_at)
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
            lacks=_lacking(self._source(sample), event),
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

    def _read(self, sample: Sample, received_at: datetime) -> tuple[Event, Signature]:
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
