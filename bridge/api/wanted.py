"""What requests may ask for, as models: each field with its bounds, unknown ones refused.

Of a GET these are the parameters of its path and its query, of a POST the body.
"""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bridge.mappings import OutcomeKind
from bridge.store import PinState

MOST_NAME = 200
"""No name that anyone wrote is longer, in characters."""

MOST_NUMBER = 2**53 - 1
"""The greatest number that every reader of JSON takes exactly."""

MOST_LISTED = 1000
"""How many a page lists."""

MOST_PINS = 100
"""How many pins may be named at once."""

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_YEARS = "^(19[7-9][0-9]|2[01][0-9]{2})-"
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)


def _read_whole(text: Any) -> Any:
    """Let texts be whole numbers, and nothing that only looks like one to Python."""
    if isinstance(text, str) and _WHOLE.fullmatch(text) is None:
        raise ValueError("it is not a whole number")
    return text


def _read_instant(text: Any) -> Any:
    if not (isinstance(text, str) and _INSTANT.fullmatch(text)):
        raise ValueError("it is not a time; write one such as 2026-11-28T07:30:00Z")
    return text


def _in_range(instant: datetime) -> datetime:
    if not 1970 <= instant.year < 2200:
        raise ValueError("it is not a time between the years 1970 and 2200")
    return instant


Name = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Number = Annotated[int, Field(ge=1, le=MOST_NUMBER), BeforeValidator(_read_whole)]
Limit = Annotated[int, Field(ge=1, le=MOST_LISTED, description="how many at most"), BeforeValidator(_read_whole)]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_read_instant),
    AfterValidator(_in_range),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _YEARS}),
]


class Wanted(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Nothing(Wanted):
    """Nothing can be said."""


class EventsWanted(Wanted):
    """Which events: those for which all that is said holds."""

    source: Name | None = Field(None, description="of this source")
    mapping: Name | None = Field(None, description="with an outcome of this mapping")
    outcome: OutcomeKind | None = Field(None, description="with an outcome of this kind")
    pin: Name | None = Field(None, description="with an outcome for this pin")
    since: Instant | None = Field(None, description="received then or later")
    until: Instant | None = Field(None, description="received before")
    limit: Limit = 100
    before: Number | None = Field(None, description="`next` of the page before")


class EventWanted(Wanted):
    """Which event."""

    number: Number = Field(description="its place in the journal")


class PinsWanted(Wanted):
    """Which pins: those for which all that is said holds."""

    mapping: Name | None = Field(None, description="shown by this mapping")
    state: PinState | None = Field(None, description="in this state")
    limit: Limit = 100
    after: Name | None = Field(None, description="`next` of the page before")


class ParkedWanted(Wanted):
    """Which parked pins."""

    limit: Limit = 100
    after: Name | None = Field(None, description="`next` of the page before")


class PinWanted(Wanted):
    """Which pin."""

    pin: Name = Field(description="its id")
    attempts: Limit = Field(20, description="how many attempts at most")


class RetryWanted(Wanted):
    """Which parked pins to send again."""

    pins: Annotated[tuple[Name, ...], Field(max_length=MOST_PINS)] | None = Field(
        None, description="null, or no body at all, for every one that is parked"
    )


class ReplayWanted(Wanted):
    """Whose events to fold that something lacks."""

    mapping: Name | None = Field(None, description="null, or no body at all, for every mapping's")


class KeyWanted(Wanted):
    """Which key that came over the wire."""

    number: Number = Field(description="its number in the list of keys")


class RebuildWanted(Wanted):
    """What to build anew."""

    mapping: Name = Field(description="its name: its file without the suffix")
    since: Instant | None = Field(None, description="from which events on; older buckets stay. Null for all of them")
