"""What one key may do now: open, paused until an instant, or probing. Pure; the clock is passed in.

    open ──401, missing scope, 429──▶ paused ──its time comes──▶ probing (one request)
      ▲                                  ▲                           │
      └────────── the API takes it ──────┼───────────────────────────┤
                                         └──── refused or slowed ────┘

A 429 halves the rate as well; each minute without another gives back a tenth of the whole. What
requests report that were admitted before the last pause is old news and changes nothing, so
that eight answers to one mistake count as one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bridge.outbound.decision import KeyVerdict
from bridge.store import Budget
from bridge.tallies import KeyState

PAUSE_MIN_S = 1.0
REFUSED_PAUSE_MIN_S = 15.0
REFUSED_PAUSE_MAX_S = 900.0
SLOWED_PAUSE_MAX_S = 60.0
"""The longest window that the API is known to count in; what it asks for itself may be longer."""
RATE_MIN = 1 / 16
RATE_STEP = 1 / 10
RATE_STEP_EVERY_S = 60.0

Cause = Literal["refused", "slowed"]
News = Literal["paused", "slowed", "resumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The leave to send what `slots` granted. `pauses` counts the key's pauses when it was given."""

    pauses: int
    probe: bool


class Gate:
    """The state of one key. All instants are passed in, aware, never going back by intent."""

    def __init__(self, budget: Budget, random: Callable[[], float]) -> None:
        self._budget = budget
        self._random = random
        self._state: Literal["open", "paused", "probing"] = "open"
        self._cause: Cause = "slowed"
        self._paused_until: datetime | None = None
        self._pauses = 0
        self._in_a_row = 0
        self._rate = 1.0
        self._slowed_at: datetime | None = None

    @property
    def paused_until(self) -> datetime | None:
        """When the gate takes its probe; None where it is open or the probe is under way."""
        return self._paused_until if self._state == "paused" else None

    @property
    def key_state(self) -> KeyState:
        """Say in one word what the key may do."""
        return self._cause if self._state == "paused" else self._state

    def slots(self, wanted: int, now: datetime) -> int:
        """Say how many of `wanted` requests may start now."""
        if self._state == "open":
            return wanted
        return min(wanted, 1) if self._state == "paused" and self._time_has_come(now) else 0

    def admit(self, now: datetime) -> Ticket:
        """Give leave for the requests that `slots` granted; where it was the probe, for that one."""
        probe = self._state == "paused" and self._time_has_come(now)
        if probe:
            self._state = "probing"
        return Ticket(pauses=self._pauses, probe=probe)

    def holds(self, ticket: Ticket) -> bool:
        """Say whether the leave still stands: no pause began since it was given."""
        return ticket.pauses == self._pauses

    def withdraw(self, ticket: Ticket) -> None:
        """Take back a leave whose request was never sent; another may probe in its place."""
        if ticket.probe and self.holds(ticket) and self._state == "probing":
            self._state = "paused"

    def report(self, ticket: Ticket, verdict: KeyVerdict, pause_s: float | None, now: datetime) -> News | None:
        """Take in what a request learned of the key; `pause_s` is what the API asked for.

        Gives what changed, None where nothing did.
        """
        if not self.holds(ticket):
            return None
        if verdict == "refused":
            self._pause("refused", self._refused_pause_s(), now)
            return "paused"
        if verdict == "slowed":
            self._slow(pause_s, now)
            return "slowed"
        if verdict == "unheard" and ticket.probe and self._cause == "refused":
            self._pause("refused", self._refused_pause_s(), now)
            return None
        return self._open(ticket, verdict)

    def clock_was_set_back(self, now: datetime) -> None:
        """Let no pause, and no lowered rate, last until an instant of the clock as it was."""
        if self._paused_until is not None:
            self._paused_until = min(self._paused_until, now + timedelta(seconds=SLOWED_PAUSE_MAX_S))
        if self._slowed_at is not None:
            self._slowed_at = min(self._slowed_at, now)

    def rate(self, now: datetime) -> float:
        """Give the share of the budget in use, from 1/16 to 1."""
        if self._slowed_at is None:
            return 1.0
        steps = (now - self._slowed_at).total_seconds() // RATE_STEP_EVERY_S
        return min(1.0, self._rate + max(0.0, steps) * RATE_STEP)

    def budget(self, now: datetime) -> Budget:
        """Give the budget at the present rate; a window that holds one request still holds one."""
        rate, cost = self.rate(now), self._budget.cost
        if rate == 1.0:
            return self._budget
        windows = (replace(window, tokens=_scaled(window.tokens, rate, cost)) for window in self._budget.windows)
        return replace(self._budget, windows=tuple(windows))

    def _time_has_come(self, now: datetime) -> bool:
        return self._paused_until is not None and now >= self._paused_until

    def _pause(self, cause: Cause, pause_s: float, now: datetime) -> None:
        self._in_a_row = self._streak(cause) + 1
        self._state, self._cause = "paused", cause
        self._paused_until = now + timedelta(seconds=pause_s)
        self._pauses += 1

    def _slow(self, pause_s: float | None, now: datetime) -> None:
        self._rate = max(RATE_MIN, self.rate(now) / 2)
        self._slowed_at = now
        self._pause("slowed", self._slowed_pause_s() if pause_s is None else max(PAUSE_MIN_S, pause_s), now)

    def _open(self, ticket: Ticket, verdict: KeyVerdict) -> News | None:
        if verdict == "accepted":
            self._in_a_row = 0
        if not ticket.probe:
            return None
        self._state, self._paused_until = "open", None
        return "resumed"

    def _refused_pause_s(self) -> float:
        return min(REFUSED_PAUSE_MAX_S, REFUSED_PAUSE_MIN_S * 2.0 ** self._streak("refused"))

    def _slowed_pause_s(self) -> float:
        longest = min(SLOWED_PAUSE_MAX_S, 4.0 * 2.0 ** self._streak("slowed"))
        return PAUSE_MIN_S + self._random() * (longest - PAUSE_MIN_S)

    def _streak(self, cause: Cause) -> int:
        """Count the pauses for one cause that nothing accepted has interrupted."""
        return min(self._in_a_row, 16) if self._cause == cause else 0


def _scaled(tokens: int, rate: float, cost: int) -> int:
    return max(cost, int(tokens * rate))
