"""What the rooms count of their own work, in plain numbers, for whoever looks from outside.

Each tally belongs to one thread, which adds to it; others only read. Nothing here locks, and nothing is
made for a reader before one comes: a webhook pays for a few additions.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

UNKNOWN = "(unknown)"
"""Stands for every source that is none, and for no mapping in particular; no name looks like it."""

KeyState = Literal["open", "refused", "slowed", "probing"]
"""What one key may do: send; wait since it was refused; wait since it was too fast; try one request."""

_ACK_S = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COMMIT_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_REQUEST_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_BATCH_EVENTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Histogram:
    """How often a value was at most each of the rising `bounds`, and above all of them; and the sum of all values."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def copy(self) -> "Histogram":
        """Give it as it is now."""
        copy = Histogram(self.bounds)
        copy.counts, copy.sum = self.counts.copy(), self.sum
        return copy


@dataclass(slots=True)
class HookTally:
    """What webhooks were answered: by source, status and code; and how long the acknowledged ones took, in seconds.

    A source that is none counts as `UNKNOWN`. An answer's code is the error's, or else what became of the event.
    """

    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    ack_s: Histogram = field(default_factory=lambda: Histogram(_ACK_S))


@dataclass(slots=True)
class StoreTally:
    """The batches that were committed: how many events, how long all of one took, and its COMMIT alone, in seconds.

    `outcomes` counts what the triggers of each mapping made of the events, by mapping and kind.
    """

    batch_events: Histogram = field(default_factory=lambda: Histogram(_BATCH_EVENTS))
    batch_s: Histogram = field(default_factory=lambda: Histogram(_COMMIT_S))
    commit_s: Histogram = field(default_factory=lambda: Histogram(_COMMIT_S))
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class DeliveryTally:
    """How deliveries of pins ended, and how long the requests took, in seconds."""

    endings: Counter[str] = field(default_factory=Counter)
    request_s: Histogram = field(default_factory=lambda: Histogram(_REQUEST_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStanding:
    """Where a key stands: what it may do, and which share of the budget is in use, from 1/16 to 1."""

    state: KeyState
    rate: float
