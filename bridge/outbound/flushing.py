"""Delivering what is due now, for whoever wakes a bridge that sleeps; nothing goes out that would not anyway.

The delivery loop sends; a flush only keeps the process awake meanwhile, and tells what came of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.events import Json
from bridge.store import Prospect

FLUSH_S = 20.0
"""How long a flush takes at most: less than the shortest limit that a platform or a proxy is known to set, 29 s."""

MOST_TOLD = 100
"""How many pins an answer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """How many pins took an update meanwhile, what the dashboard still lacks, and when the key may send again."""

    updated: int
    due: tuple[Prospect, ...]
    opens_at: datetime | None

    def to_json(self) -> dict[str, Json]:
        """Give what is told of it; of many pins, the first."""
        pins: list[Json] = [
            {
                "pin": each.pin,
                "mapping": each.mapping,
                "state": each.state,
                "next_at": None if each.at is None else each.at.isoformat(),
                "why": why(each, self.opens_at),
            }
            for each in self.due[:MOST_TOLD]
        ]
        return {"updated": self.updated, "due": len(self.due), "pins": pins}


class Flush:
    """What one flush is about: the pins that lacked something on the dashboard when it began. Pure; looks come in."""

    def __init__(self, outstanding: Iterable[Prospect], began_at: datetime) -> None:
        self.until = began_at + timedelta(seconds=FLUSH_S)
        self._began_at = began_at
        self._targets = {each.pin: each.revision for each in outstanding if lacks(each, began_at)}

    def is_over(self, outstanding: Iterable[Prospect], opens_at: datetime | None) -> bool:
        """Say whether nothing that it is about is left that can still be sent in time."""
        return not any(self._is_left(each) and self._is_in_reach(each, opens_at) for each in outstanding)

    def _is_left(self, prospect: Prospect) -> bool:
        target = self._targets.get(prospect.pin)
        return target is not None and (prospect.sent_revision < target or self._is_due(prospect))

    def _is_due(self, prospect: Prospect) -> bool:
        return prospect.state == "in_flight" or (prospect.at is not None and prospect.at <= self._began_at)

    def _is_in_reach(self, prospect: Prospect, opens_at: datetime | None) -> bool:
        if prospect.state == "in_flight":
            return True
        moments = [moment for moment in (prospect.at, opens_at) if moment is not None]
        return prospect.at is not None and max(moments) <= self.until


def lacks(prospect: Prospect, now: datetime) -> bool:
    """Tell whether the dashboard lacks something of a pin now; what time will bring is not lacking yet."""
    is_behind = prospect.revision > prospect.sent_revision or prospect.state in {"in_flight", "parked"}
    return is_behind or (prospect.at is not None and prospect.at <= now)


def why(prospect: Prospect, opens_at: datetime | None) -> str:
    """Say why a pin was not sent, or not yet."""
    if prospect.state == "in_flight":
        return "an update is under way"
    if prospect.state == "parked":
        return "it is parked; `pinbridge parked` says why"
    if prospect.state == "resting":
        return "it rests: its min_interval, or a while after a failure"
    if opens_at is not None:
        moment = opens_at.isoformat(timespec="seconds")
        return f"the key may not send before {moment}: it is paused, or the budget is spent"
    return "the time was over before its turn came"
