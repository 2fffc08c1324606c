"""What a trial consists of: each payload with what became of it, each pin with its request."""

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import FAILED, Mapping, Rendered
from bridge.outbound import PinUpdate
from bridge.rehearsal import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A pin as it would be sent: its body, or why there is none, the request, and what is held of its entries.

    Without an event it would be another at `changes_at`; None for never.
    """

    pin: str
    rendered: Rendered | None
    error: str
    request: PinUpdate
    state: MappingABC[str, Json]
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All that came of trying a mapping; `left_out` counts the pins that are not shown."""

    mapping: Mapping
    deliveries: tuple[Delivery, ...]
    now: datetime
    moved: frozenset[str]
    pins: tuple[Shown, ...]
    left_out: int

    @property
    def has_failed(self) -> bool:
        """Tell whether a payload was refused, a trigger failed or a pin could not be drawn."""
        refused = any(isinstance(each.heard, SenderError) for each in self.deliveries)
        failed = any(outcome.kind in FAILED for each in self.deliveries for outcome in each.outcomes)
        return refused or failed or any(shown.rendered is None for shown in self.pins)
