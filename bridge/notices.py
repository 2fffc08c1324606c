"""What the bridge tells of itself, as events of the source `pinbridge`: which there are, and what each says. Pure.

Trouble has a beginning (`status` open) and an end (over), about one `subject`, so that a mapping may show what is open
now. docs/operations.md has them all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from bridge.events import Json

OWN_SOURCE = "pinbridge"
"""The source that these events come from. Nobody can post to it, and it has no secret."""

MOST_ERRORS = 20
_LONGEST = 500


class Notice(NamedTuple):
    """Something that happened to the bridge, at an instant. `mapping` is whose pin it is about, None for no pin.

    The same trouble at the same instant is one event, however often it is told.
    """

    type: str
    subject: str
    is_over: bool
    at: datetime
    reason: str
    mapping: str | None
    details: dict[str, Json]

    def payload(self) -> bytes:
        """Give the event's body."""
        said: dict[str, Json] = {
            "type": self.type,
            "id": f"{self.type} {self.subject} {self.at.isoformat()}",
            "at": self.at.isoformat(),
            "subject": self.subject,
            "status": "over" if self.is_over else "open",
            "reason": self.reason[:_LONGEST],
            "mapping": self.mapping,
        }
        return orjson.dumps(said | self.details)


def pin_parked(  # noqa: PLR0913 - what there is to say of it, each by its name
    *, pin: str, mapping: str, revision: int, code: str, reason: str, at: datetime
) -> Notice:
    """A pin was set aside that was not before."""
    details: dict[str, Json] = {"pin": pin, "revision": revision, "code": code}
    return Notice("pin.parked", f"pin {pin}", False, at, reason, mapping, details)


def pin_recovered(*, pin: str, mapping: str, revision: int, at: datetime) -> Notice:
    """A parked pin shows its newest state again."""
    return Notice("pin.recovered", f"pin {pin}", True, at, "", mapping, {"pin": pin, "revision": revision})


def key_paused(*, reason: str, at: datetime) -> Notice:
    """The API refuses the key."""
    return Notice("key.paused", "API key", False, at, reason, None, {})


def key_resumed(*, at: datetime) -> Notice:
    """The API takes the key again."""
    return Notice("key.resumed", "API key", True, at, "", None, {})


def source_silent(*, pin: str, mapping: str, sources: Sequence[str], since: datetime, at: datetime) -> Notice:
    """A pin went stale: of what feeds it, nothing came for as long as its `stale_after` says."""
    reason = f"nothing for {pin} came from {', '.join(sources)}"
    details: dict[str, Json] = {"pin": pin, "sources": [*sources], "since": since.isoformat()}
    return Notice("source.silent", f"source of {pin}", False, at, reason, mapping, details)


def source_heard(*, pin: str, mapping: str, sources: Sequence[str], at: datetime) -> Notice:
    """Something came again for a pin that was stale."""
    return Notice("source.heard", f"source of {pin}", True, at, "", mapping, {"pin": pin, "sources": [*sources]})


def reload_notice(errors: Sequence[str], at: datetime) -> Notice:
    """Changed mappings are not taken for these errors; or, without any, what is written is what runs again."""
    if not errors:
        return Notice("reload.taken", "mappings", True, at, "", None, {})
    told: list[Json] = [error[:_LONGEST] for error in errors[:MOST_ERRORS]]
    details: dict[str, Json] = {"errors": told, "count": len(errors)}
    return Notice("reload.refused", "mappings", False, at, errors[0], None, details)
