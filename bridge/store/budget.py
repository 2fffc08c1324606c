"""The arithmetic of the outbound budget: pure, in microseconds and tokens.

A request takes its tokens when it is booked and gives them back one window after it *ended*,
because nobody knows when in between the other side counted it. A request with no recorded
end counts as ended at its deadline.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.instants import SECOND
from bridge.store.protocol import REQUEST_DEADLINE_S
from bridge.store.records import Budget
from bridge.units import Window

REQUEST_DEADLINE = REQUEST_DEADLINE_S * SECOND


@dataclass(frozen=True, slots=True)
class Send:
    """One booked request."""

    booked_at: int
    ended_at: int | None
    tokens: int

    @property
    def over_at(self) -> int:
        """When it ended, or must have."""
        return self.booked_at + REQUEST_DEADLINE if self.ended_at is None else self.ended_at


def free_slots(sends: Iterable[Send], budget: Budget, now: int) -> int:
    """Say how many updates may be sent now, by the tightest window."""
    return min(left_tokens(sends, budget, now).values()) // budget.cost


def left_tokens(sends: Iterable[Send], budget: Budget, now: int) -> Mapping[Window, int]:
    """Say how many tokens of each window may be spent now."""
    log = list(sends)
    return {window: max(0, window.tokens - _spent(log, window.length_s * SECOND, now)) for window in budget.windows}


def next_slot_at(sends: Sequence[Send], budget: Budget, now: int) -> int:
    """Say when at least one update may be sent, if none is sent before; `now` where one may already."""
    return max(
        _affordable_at(sends, window.length_s * SECOND, window.tokens - budget.cost, now) for window in budget.windows
    )


def _spent(sends: Iterable[Send], length: int, now: int) -> int:
    return sum(send.tokens for send in sends if send.over_at + length > now)


def _affordable_at(sends: Sequence[Send], length: int, allowed: int, now: int) -> int:
    """Find the earliest moment at which at most `allowed` tokens are spent in the window."""
    spent, moment = _spent(sends, length, now), now
    for send in sorted(sends, key=lambda send: send.over_at):
        if spent <= allowed:
            break
        if send.over_at + length > now:
            spent -= send.tokens
            moment = send.over_at + length
    return moment
