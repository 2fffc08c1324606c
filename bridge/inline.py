"""Inline mode: a webhook is answered once the pins that its event touched show it, or it is known that they cannot.

The event is stored first, as ever, and the delivery loop sends, as ever; only the answer waits. So an event counts
once, and a pin has one request in flight, whatever becomes of who waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from bridge.errors import NotDelivered
from bridge.events import BatchReceipt, Event, Receipt, Settle
from bridge.inbound import SettleBatch, Source
from bridge.mappings import Evaluation
from bridge.outbound import Tell, Touched

LONGEST_S = 8.0
"""How long an answer waits at most."""

MARGIN_S = 1.0
"""How long before the end of its sender's patience an answer goes out."""

R = TypeVar("R", Receipt, BatchReceipt)
"""What became of one event, or of all that came together."""


class Confirm(Protocol):
    """Tells once pins show what they were moved to until now, or cannot until then."""

    def __call__(self, touched: Touched, *, number: int | None, until: datetime, tell: Tell) -> None:
        """Begin to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineAnswers:
    """Holds answers back. `keeps` tells whether what is stored lasts; what does not is no reason to say yes."""

    confirm: Confirm
    keeps: bool

    def hold(self, sources: Mapping[str, Source], event: Event, evaluation: Evaluation, settle: Settle) -> Settle:
        """Give what is to be told of the commit: it settles once the pins took it, or it is no use to wait."""
        touched = frozenset([(change.pin, change.mapping) for change in evaluation.changes])
        until = event.received_at + timedelta(seconds=patience_s(sources.get(event.source)))
        return lambda outcome: self.stored(touched, until, settle, outcome)

    def hold_batch(self, settle: SettleBatch) -> "InlineBatch":
        """Give what holds the one answer to a delivery of several events, until the pins took all of them."""
        return InlineBatch(self, settle)

    def stored(
        self, touched: Touched, until: datetime | None, settle: Callable[[R | Exception], None], outcome: R | Exception
    ) -> None:
        """Take what became of an event, or of a delivery; `until` is None for one that brought no event."""
        if isinstance(outcome, Exception):
            settle(outcome)
        elif not touched or until is None:
            settle(outcome._replace(is_shown=True))
        else:
            self.confirm(touched, number=outcome.number, until=until, tell=partial(self._told, settle, outcome))

    def _told(self, settle: Callable[[R | Exception], None], receipt: R, is_shown: bool) -> None:  # noqa: FBT001 - as `Tell` has it
        if is_shown or self.keeps:
            settle(receipt._replace(is_shown=is_shown))
        else:
            message = "the pins do not show it yet, and it is stored on a disk that does not last; send again"
            settle(NotDelivered(message))


@dataclass(slots=True)
class InlineBatch:
    """Holds the answer to several events back: what each of them touches is gathered, and waited for once."""

    answers: InlineAnswers
    settle: SettleBatch
    _touched: set[tuple[str, str]] = field(default_factory=set)
    _until: datetime | None = None

    def hold(self, sources: Mapping[str, Source], event: Event, evaluation: Evaluation, settle: Settle) -> Settle:
        """Take in what one event touches; what it is told of its commit stays as it is."""
        self._touched.update((change.pin, change.mapping) for change in evaluation.changes)
        self._until = event.received_at + timedelta(seconds=patience_s(sources.get(event.source)))
        return settle

    def stored(self, outcome: BatchReceipt | Exception) -> None:
        """Take what became of the delivery."""
        self.answers.stored(self._touched, self._until, self.settle, outcome)


def patience_s(source: Source | None) -> float:
    """Say how long an answer to a source may wait after the arrival."""
    deadline_s = None if source is None else source.deadline_s
    return LONGEST_S if deadline_s is None else min(LONGEST_S, max(0.0, deadline_s - MARGIN_S))
