"""What the API answers, as models: the routes write them, the OpenAPI document is made of them, commands read them.

A listing of the command line with `--json` is made of the same.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bridge.mappings import OutcomeKind
from bridge.state.telling import MOST_GROUPS
from bridge.store import PinState
from bridge.store.listing import MOST_BODY_BYTES
from bridge.store.records import Ending
from bridge.tallies import KeyState

MOST_OUTCOMES = 1000
"""How many outcomes of an event are told."""

Instant = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Shape(BaseModel):
    """Part of an answer. A reader passes over what a newer bridge says beyond it."""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)


class Fault(Shape):
    """What is wrong."""

    code: str = Field(description="a word for programs")
    message: str = Field(description="what is wrong, and what to do about it")


class Refusal(Shape):
    """How every refusal looks."""

    error: Fault


class Outcome(Shape):
    """What one trigger made of an event."""

    mapping: str = Field(description="empty where one outcome speaks for many triggers")
    trigger: str = Field(description="empty where one outcome speaks for many triggers")
    kind: OutcomeKind
    reason: str = Field(description="why, in an author's words; may be empty")
    pin: str | None = Field(description="the pin that it concerns")


class Event(Shape):
    """One event of the journal."""

    number: int = Field(description="its place in the journal")
    source: str
    type: str = Field(description="empty where the source has none")
    id: str = Field(description="the delivery id, or the body's hash")
    at: Instant | None = Field(description="when it happened, by its source")
    received_at: Instant
    content_type: str
    body_bytes: int = Field(description="size of its body")
    outcomes: tuple[Outcome, ...] = Field(
        description=f"what the mappings made of it, the first {MOST_OUTCOMES:,}; none where none takes it"
    )
    outcomes_in_all: int = Field(description="how many outcomes it has")


class WholeEvent(Event):
    """One event with all that is kept of it."""

    headers: dict[str, str] = Field(description="as they came, but for those that authenticate")
    query: dict[str, str]
    body: str = Field(
        description=f"as it came, the first {MOST_BODY_BYTES:,} bytes of it; what is not UTF-8 is replaced"
    )


class EventPage(Shape):
    """Events, newest first."""

    events: tuple[Event, ...]
    next: int | None = Field(
        description="where to go on, as `before`; null where nothing older is left. A page may have fewer events than"
        " asked for, or none, and still have a next one: a page looks at so many events and no more"
    )


class SourceKey(Shape):
    """A key that came over the wire, from whoever sends the webhooks of a source."""

    number: int = Field(description="what it is approved or removed by")
    source: str
    begins: str = Field(description="its first 4 characters; the rest is never shown")
    address: str = Field(description="from where it was offered")
    offered_at: Instant
    approved_at: Instant | None = Field(description="since when it counts; null where it does not yet")


class SourceKeys(Shape):
    """All keys that came over the wire."""

    keys: tuple[SourceKey, ...]


class Approved(Shape):
    """A key that counts now."""

    key: SourceKey
    paste: str | None = Field(
        description="the whole key, where its owner has to show it to the sender: once, when it is approved"
    )


class Pin(Shape):
    """How one pin stands."""

    pin: str
    mapping: str
    state: PinState = Field(
        description="nothing outstanding; due now; due later; being sent; kept as it is until its mapping is rebuilt;"
        " set aside; or shown by no mapping that is loaded"
    )
    revision: int = Field(description="counts its changes")
    sent_revision: int = Field(description="the one that the dashboard is known to show")
    stale_since: Instant | None = Field(description="since when nothing was heard for too long")
    changed_at: Instant = Field(description="since when the dashboard lacks a change, else when the last one came")
    delivered_at: Instant | None
    parked_at: Instant | None
    next_at: Instant | None = Field(description="when it is tried next")
    failures: int = Field(description="failed attempts since the last success")
    status: int | None = Field(description="status of the API's last failure")
    code: str = Field(description="its code; empty after a success")
    message: str = Field(description="what failed, and who must act; empty after a success")


class PinPage(Shape):
    """Pins, by their ids."""

    pins: tuple[Pin, ...]
    next: str | None = Field(
        description="where to go on, as `after`; null where no pin is left. A page may have fewer pins than asked for,"
        " or none, and still have a next one"
    )


class Attempt(Shape):
    """One request that went out for a pin."""

    number: int
    pin: str
    started_at: Instant
    ended_at: Instant
    outcome: Ending = Field(description="confirmed; to be tried again; set aside; or nobody knows")
    revision: int
    status: int | None
    code: str
    message: str


class WholePin(Pin):
    """One pin with its state and its newest attempts."""

    state_of_entries: dict[str, Any] = Field(
        description="by entry: a metric's `value`, `at`, `previous`, `change`, `series`, `complete_since` and first"
        f" {MOST_GROUPS} `groups`; a table's `count`, `sum` and first `rows`. Empty where its mapping is not loaded"
    )
    attempts: tuple[Attempt, ...] = Field(description="newest first")


class DuePin(Shape):
    """A pin that the dashboard lacks something of."""

    pin: str
    mapping: str
    state: PinState
    next_at: Instant | None = Field(description="when it is tried next, if the key may send then")
    why: str = Field(description="why it was not sent, or not yet")


class Flushed(Shape):
    """What a flush came to. A pin whose mapping is rebuilt keeps what it shows, and is not counted."""

    updated: int = Field(description="pins that took an update meanwhile")
    due: int = Field(description="pins that the dashboard still lacks something of")
    pins: tuple[DuePin, ...] = Field(description="the first 100 of them")


class Retried(Shape):
    """Which pins are tried again."""

    pins: tuple[str, ...]


class Unreplayed(Shape):
    """An event that still fails."""

    number: int
    mapping: str
    reason: str


class Replayed(Shape):
    """What a replay came to."""

    folded: int = Field(description="events that are folded now")
    failing: int = Field(description="events that still fail")
    failed: tuple[Unreplayed, ...] = Field(description="the first of them")


class Loss(Shape):
    """An entry that begins anew, since the journal no longer has all of its events."""

    entry: str
    before: Instant = Field(description="of what came before, nothing is left")


class RebuildLine(Shape):
    """One line of how a rebuild goes: the first, those while it goes, and the last, unless it is broken off."""

    of: int | None = Field(None, description="events to go through; not in the last line")
    lost: tuple[Loss, ...] | None = Field(None, description="in the first line")
    read: int | None = Field(None, description="events gone through; in those that follow")
    rebuilt: str | None = Field(None, description="the mapping; in the last line")


class BudgetWindow(Shape):
    """One window of the budget, at the rate in use."""

    length_s: int
    tokens: int = Field(description="what may be spent in any time of that length")
    left: int = Field(description="what may be spent now")


class Key(Shape):
    """What the API key may do."""

    state: KeyState = Field(description="open; refused by the API; asked to go slowly; or one request is out to see")
    rate: float = Field(description="share of the budget in use, from 0.0625 to 1")


class Process(Shape):
    """The bridge that runs."""

    version: str
    started_at: Instant
    uptime_s: float
    mappings: int = Field(description="how many are loaded")
    refused: tuple[str, ...] = Field(description="why changed mappings are not taken; empty where they are")
    waiting_events: int = Field(description="webhooks that wait to be made durable")
    key: Key
    update_tokens: int = Field(description="what one update costs")


class Rebuild(Shape):
    """A mapping that is being built from the journal."""

    mapping: str
    read: int = Field(description="events gone through")
    of: int = Field(description="events to go through")


class Journal(Shape):
    """What is kept of what came."""

    events: int
    bytes: int = Field(description="what they take, but for the last mebibyte or so")
    age_s: float = Field(description="how long ago the oldest came")
    lacking: int = Field(description="events that a mapping lacks, since they failed; `replay` folds them")


class Database(Shape):
    """What the files take on their disk, in bytes."""

    database: int
    log: int = Field(description="the write-ahead log")
    free: int = Field(description="what the disk has left for the bridge")


class Standing(Shape):
    """What the database says."""

    pins: dict[PinState, int] = Field(description="how many pins are in each state")
    oldest_due_s: float = Field(description="for how long the longest due pin has been due; 0 where none is")
    budget: tuple[BudgetWindow, ...]
    journal: Journal
    rebuilds: tuple[Rebuild, ...] = Field(description="mappings that are being built from the journal, the first 100")
    database: Database | None = Field(description="null for one in memory")


class Status(Shape):
    """How the bridge stands."""

    bridge: Process | None = Field(description="null where none runs; only the command line can say so")
    store: Standing | None = Field(description="null where the database does not answer; `problem` says why")
    problem: str = Field(description="empty where the database answers")
