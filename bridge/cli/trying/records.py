"""What a trial consists of: each payload with what became of it, each pin with its request."""

from dataclasses import dataclass
from datetime import datetime

from bridge.errors import SenderError
from bridge.mappings import Mapping, Outcome, Rendered
from bridge.mappings.triggers.explanation import Explanation
from bridge.outbound import PinUpdate
from bridge.rehearsal import Heard, Sample

_FAILED = frozenset({"error", "inexact_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """One payload, what became of it (heard, or refused), and what each trigger saw in it.

    `lacks` names the headers in which its source looks for the event type, where they are missing.
    """

    sample: Sample
    heard: Heard | SenderError
    explanations: tuple[Explanation, ...]
    lacks: tuple[str, ...]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each trigger made of it; of a duplicate, what it would have."""
        if isinstance(self.heard, SenderError):
            return ()
        return self.heard.evaluation.outcomes if self.heard.is_duplicate else self.heard.outcomes

    def outcomes_of(self, trigger: str) -> list[Outcome]:
        """Give the outcomes of one trigger, in the order of its items."""
        return [outcome for outcome in self.outcomes if outcome.trigger == trigger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A pin as it would be sent: its body, or why there is none, and the request."""

    pin: str
    rendered: Rendered | None
    error: str
    request: PinUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All that came of trying a mapping; `left_out` counts the pins that are not shown."""

    mapping: Mapping
    deliveries: tuple[Heeded, ...]
    now: datetime
    moved: frozenset[str]
    pins: tuple[Shown, ...]
    left_out: int

    @property
    def has_failed(self) -> bool:
        """Tell whether a payload was refused, a trigger failed or a pin could not be drawn."""
        refused = any(isinstance(each.heard, SenderError) for each in self.deliveries)
        failed = any(outcome.kind in _FAILED for each in self.deliveries for outcome in each.outcomes)
        return refused or failed or any(shown.rendered is None for shown in self.pins)
