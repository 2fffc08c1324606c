"""How many events of the journal a step takes: few while webhooks come, which wait for it, many while none do."""

from bridge.store import FEW_EVENTS, MANY_EVENTS

QUIET_STEPS = 128
"""How many steps without a webhook, about half a second, are a rest."""


class Pace:
    """Takes note of the newest event that each step found in the journal."""

    def __init__(self) -> None:
        self._newest = 0
        self._quiet = 0

    @property
    def events(self) -> int:
        """Say how many events the next step takes."""
        return MANY_EVENTS if self._quiet >= QUIET_STEPS else FEW_EVENTS

    def slow_down(self) -> None:
        """Take few events: one among them is refused, and is looked for."""
        self._quiet = 0

    def note(self, newest: int) -> None:
        """Take in the number of the newest event."""
        self._quiet = self._quiet + 1 if newest == self._newest else 0
        self._newest = newest
