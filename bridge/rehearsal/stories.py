"""What each trigger of a mapping made of a delivery, and why: the story that explains a pin. Pure."""

from dataclasses import dataclass

from bridge.events import Event
from bridge.mappings import Mapping, Outcome, Trigger
from bridge.mappings.triggers.facts import Facts, TriggerFault
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.conversion import ConversionError
from bridge.mappings.values.values import UnusableValue
from bridge.rehearsal.rehearsal import Heard

_MAX_REASONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One outcome of one trigger. `kind` is `not_asked` where its source or its event types are others.

    `reasons` say why: the condition that failed, what went wrong, or the conditions that held.
    """

    trigger: str
    kind: str
    pin: str | None
    reasons: tuple[str, ...]


def tell(mapping: Mapping, heard: Heard) -> tuple[Scene, ...]:
    """Tell what every trigger of the mapping made of the delivery; of a duplicate, what it would have."""
    outcomes = heard.evaluation.outcomes if heard.is_duplicate else heard.outcomes
    scenes: list[Scene] = []
    for trigger in mapping.triggers:
        own = [each for each in outcomes if (each.mapping, each.trigger) == (mapping.name, trigger.name)]
        scenes.extend(_scene(trigger, each, heard.event) for each in own)
        if not own:
            scenes.append(_not_asked(trigger, heard.event))
    return tuple(scenes)


def _scene(trigger: Trigger, outcome: Outcome, event: Event) -> Scene:
    reasons = [outcome.reason] if outcome.reason else []
    if outcome.kind == "matched":
        reasons += _held(trigger, event)
    return Scene(trigger=trigger.name, kind=outcome.kind, pin=outcome.pin, reasons=tuple(reasons))


def _held(trigger: Trigger, event: Event) -> list[str]:
    """List the conditions that held; where the trigger runs for each item, those that do not look at the item."""
    facts = Facts(event, event.payload, trigger.shared)
    conditions = trigger.of_event
    if trigger.each is None:
        conditions += trigger.early + trigger.late
        try:
            for name, read in trigger.variables:
                facts.variables[name] = read(facts)
        except (TriggerFault, ConversionError, UnusableValue, ExpressionError):
            conditions = trigger.of_event + trigger.early
    return [condition.reason(facts) for condition in conditions[:_MAX_REASONS]]


def _not_asked(trigger: Trigger, event: Event) -> Scene:
    if trigger.source != event.source:
        reason = f"it takes the source {trigger.source}, and this is of {event.source}"
    else:
        reason = f"it takes {' and '.join(trigger.events)}, and this is {event.type or 'of no type'}"
    return Scene(trigger=trigger.name, kind="not_asked", pin=None, reasons=(reason,))
