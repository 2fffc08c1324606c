"""What turns for the worse or the better while pins are delivered, told as notices: pins, what feeds them, the key."""

from collections.abc import Callable
from datetime import datetime

from bridge.mappings import Mapping
from bridge.notices import Notice, key_paused, key_resumed, pin_parked, pin_recovered, source_heard, source_silent
from bridge.outbound.gate import News
from bridge.store import Claim, Settlement


class Turns:
    """Tells `notify` of each turn once, however often it is tried in between."""

    def __init__(self, notify: Callable[[Notice], None]) -> None:
        self._notify = notify
        self._is_refused = False

    def parked(self, claim: Claim, settlement: Settlement, now: datetime) -> None:
        """A pin is set aside: news, unless it was before and nothing was confirmed since."""
        if claim.troubled:
            return
        self._notify(
            pin_parked(
                pin=claim.pin,
                mapping=claim.mapping,
                revision=settlement.revision,
                code=settlement.code,
                reason=settlement.message,
                at=now,
            )
        )

    def confirmed(self, claim: Claim, revision: int, now: datetime) -> None:
        """A pin shows its newest state: news where it was set aside."""
        if claim.troubled:
            self._notify(pin_recovered(pin=claim.pin, mapping=claim.mapping, revision=revision, at=now))

    def rendered(self, claim: Claim, mapping: Mapping, stale_since: datetime | None, now: datetime) -> None:
        """A pin was rendered, as stale or not, and that is on record: news where it was otherwise before."""
        sources = sorted(mapping.source_places)
        if stale_since is not None and stale_since != claim.stale_since:
            self._notify(source_silent(pin=claim.pin, mapping=mapping.name, sources=sources, since=stale_since, at=now))
        elif stale_since is None and claim.stale_since is not None:
            self._notify(source_heard(pin=claim.pin, mapping=mapping.name, sources=sources, at=now))

    def key(self, turn: News | None, reason: str, now: datetime) -> None:
        """The gate shut or opened: news where the API refuses the key, or took it back."""
        if turn == "paused" and not self._is_refused:
            self._notify(key_paused(reason=reason, at=now))
        elif turn == "resumed" and self._is_refused:
            self._notify(key_resumed(at=now))
        self._is_refused = turn == "paused" or (self._is_refused and turn != "resumed")
