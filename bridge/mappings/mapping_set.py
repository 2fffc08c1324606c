"""All the mappings of a folder, as one value: what an event changes, and how a pin looks.

Immutable but for what dispatch remembers of event types; a reload makes a new set.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bridge.errors import ConfigurationError, Problem
from bridge.events import Event
from bridge.located import Place
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.records import Evaluation, Fingerprints, Latest, Outcome, Rendered
from bridge.mappings.rendering import NO_STATE, Clock, State, render
from bridge.mappings.triggers.dispatch import Dispatch
from bridge.mappings.triggers.facts import MAX_EVENT_WORK, MOMENT_WORK
from bridge.mappings.triggers.triggers import Results
from bridge.mappings.values.bounds import Moment, Work


class MappingSet:
    """Compiled mappings by name.

    `warnings` are what an author should look at, and may leave. `fingerprints` tell by what events are evaluated.
    `source_places` has one mention of each source that the triggers of enabled mappings name.

    Raises `ConfigurationError` where two enabled mappings name the same literal pin.
    """

    def __init__(self, mappings: Iterable[CompiledMapping], warnings: Iterable[Problem] = ()) -> None:
        self.mappings: Mapping[str, CompiledMapping] = MappingProxyType({each.name: each for each in mappings})
        self.warnings = tuple(sorted(warnings))
        enabled = [mapping for mapping in self.mappings.values() if mapping.enabled]
        self._literal_pins = _literal_pins(enabled)
        self._dispatch = Dispatch(trigger for mapping in enabled for trigger in mapping.triggers)
        self.source_places: Mapping[str, Place] = source_places(enabled)
        self.fingerprints: Fingerprints = _fingerprints(enabled)

    def literal_pins(self) -> Mapping[str, str]:
        """Give the enabled mapping of each literal pin."""
        return self._literal_pins

    def alone(self, name: str) -> "MappingSet":
        """Give the set in which this mapping alone runs, disabled or not; pins of the others stay theirs."""
        mapping = replace(self.mappings[name], enabled=True)
        alone = MappingSet([mapping])
        if self._literal_pins.get(mapping.pin or "", name) == name:
            alone._literal_pins = MappingProxyType({**self._literal_pins, **alone._literal_pins})
        return alone

    def only(self, names: Collection[str]) -> "MappingSet":
        """Give the set in which just these of the enabled mappings run; pins of the others stay theirs."""
        only = MappingSet(mapping for name, mapping in self.mappings.items() if name in names and mapping.enabled)
        only._literal_pins = self._literal_pins
        return only

    def evaluate(self, event: Event) -> Evaluation:
        """Give all that follows from an event. Never raises for an author's or a payload's fault.

        Each mapping has its own budget of work, so that none takes from another's.
        """
        return self._evaluate(event, Work(MAX_EVENT_WORK), defaultdict(lambda: Work(MAX_EVENT_WORK)))

    def evaluate_at_once(self, event: Event) -> Evaluation:
        """Give what `evaluate` gives, within some milliseconds; raises `NotAtOnce` for what takes longer."""
        return self._evaluate(event, Moment(MOMENT_WORK), None)

    def _evaluate(self, event: Event, work: Work, budgets: Mapping[str, Work] | None) -> Evaluation:
        """Evaluate with a budget for each mapping; without budgets, `work` is for all of it."""
        results = Results(self._literal_pins, self.fingerprints)
        if event.fault:
            for trigger in self._dispatch.takers(event):
                results.tell(trigger, "error", event.fault)
            return results.evaluation()
        candidates = self._dispatch.candidates(event, work)
        for trigger in candidates.triggers:
            trigger.run(event, results, work if budgets is None else budgets[trigger.mapping])
        if candidates.ruled_out:
            results.outcomes.append(
                Outcome(mapping="", trigger="", kind="not_matched", reason=candidates.ruled_out, pin=None)
            )
        return results.evaluation()

    def render(  # noqa: PLR0913 - a pin, and all that it is drawn from
        self,
        mapping_name: str,
        pin: str,
        latest: Mapping[str, Latest],
        now: datetime,
        stale_since: datetime | None = None,
        *,
        state: State = NO_STATE,
    ) -> Rendered:
        """Render a pin's body; `latest` has the newest event of each trigger that has had one.

        `stale_since` is since when nothing was heard for too long, None where that is not so; `state` has a view of
        each entry.
        Raises `RenderError` with the place in the YAML, for templates that fail and for content
        that the pin model refuses.
        """
        return render(self.mappings[mapping_name], pin, latest, Clock(now, stale_since), state=state)


def source_places(mappings: Iterable[CompiledMapping]) -> Mapping[str, Place]:
    """Give one mention of each source that the triggers of enabled mappings name."""
    places: dict[str, Place] = {}
    for mapping in mappings:
        for source, place in mapping.source_places.items() if mapping.enabled else ():
            places.setdefault(source, place)
    return MappingProxyType(places)


def _fingerprints(enabled: Iterable[CompiledMapping]) -> Fingerprints:
    found = {}
    for mapping in enabled:
        found[mapping.name, ""] = mapping.latest_fingerprint
        found |= {(mapping.name, name): entry.fingerprint for name, entry in mapping.state.items()}
    return MappingProxyType(found)


def _literal_pins(enabled: Iterable[CompiledMapping]) -> Mapping[str, str]:
    owners: dict[str, CompiledMapping] = {}
    problems = []
    for mapping in enabled:
        if mapping.pin is None:
            continue
        owner = owners.setdefault(mapping.pin, mapping)
        if owner is not mapping:
            message = f"the pin {mapping.pin!r} belongs to {owner.file} (line {owner.place.line}) already"
            problems.append(mapping.place.problem(message))
    if problems:
        raise ConfigurationError(problems)
    return MappingProxyType({pin: mapping.name for pin, mapping in owners.items()})
