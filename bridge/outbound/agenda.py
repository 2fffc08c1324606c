"""When the next look into the store is worth it. In memory, pure; the clock is passed in.

Nothing polls: a look is worth it when an event moved a pin, or when a moment comes that is
known to make one due. A pin that is in flight, or that rests until a known moment, cannot be
claimed before, so what moves it meanwhile is remembered here and costs no query.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

REVOCABLE_LOOK_EVERY_S = 1.0
"""How soon a rest that somebody ended by hand is noticed, and how often a pin that is set aside may cost a look."""


@dataclass(frozen=True, slots=True)
class _Rest:
    until: datetime
    revocable: bool


class Agenda:
    """The known moments. What it forgets at a restart, the first look finds in the store again."""

    def __init__(self, first_at: datetime) -> None:
        self._next_at: datetime | None = first_at
        self._looked_at = first_at
        self._rests: dict[str, _Rest] = {}
        self._in_flight: dict[str, bool] = {}

    @property
    def next_at(self) -> datetime | None:
        """When to look next; None where nothing lies ahead."""
        return self._next_at

    def look_at(self, moment: datetime | None) -> None:
        """Look at that moment at the latest (None: no reason to)."""
        if moment is not None and (self._next_at is None or moment < self._next_at):
            self._next_at = moment

    def looking(self, now: datetime) -> None:
        """Note that a look begins: it finds everything known until now."""
        self._next_at = None
        self._looked_at = now
        self._rests = {pin: rest for pin, rest in self._rests.items() if rest.until > now}

    def wake(self, pins: Iterable[str], now: datetime) -> None:
        """Take in that pins moved, or that somebody ended their rest."""
        for pin in pins:
            if pin in self._in_flight:
                self._in_flight[pin] = True
            else:
                self.look_at(self._claimable_at(pin, now))

    def started(self, pin: str) -> None:
        """Note that a pin is claimed."""
        self._in_flight[pin] = False

    @property
    def has_in_flight(self) -> bool:
        """Say whether any pin is claimed and not settled yet."""
        return bool(self._in_flight)

    def is_in_flight(self, pin: str) -> bool:
        """Say whether a pin is claimed and not settled yet."""
        return pin in self._in_flight

    def ended(self, pin: str, *, rest_until: datetime, revocable: bool, due_at: datetime | None) -> None:
        """Note that a pin is settled.

        It cannot be claimed before `rest_until`, or, where that is `revocable`, before somebody
        ends the rest by hand. Without an event it is due at `due_at`.
        """
        self._rests[pin] = _Rest(rest_until, revocable)
        if self._in_flight.pop(pin, False):
            self.look_at(rest_until)
        self.look_at(due_at)

    def _claimable_at(self, pin: str, now: datetime) -> datetime:
        rest = self._rests.get(pin)
        if rest is None or rest.until <= now:
            return now
        if rest.revocable:
            return min(rest.until, max(now, self._looked_at + timedelta(seconds=REVOCABLE_LOOK_EVERY_S)))
        return rest.until
