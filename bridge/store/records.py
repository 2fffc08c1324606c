"""What the store hands out and takes in: frozen records, no SQL and no I/O.

Instants are aware and in UTC here; in the database they are whole microseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.mappings import AllowedPins, Latest, Outcome
from bridge.mappings.entries.definitions import Definition
from bridge.state import Held
from bridge.units import Window

EVERY_PIN = AllowedPins(globs=("*",))

Reason = Literal["event", "time", "doubt", "probe"]
"""Why a pin is due: an event moved it, a time came, its last send is in doubt, or a parked pin is tried again."""

PinState = Literal["shown", "due", "resting", "in_flight", "rebuilding", "parked", "dormant"]
"""Where a pin stands: nothing outstanding; due now; due once its rest ends; claimed; kept as it is until its mapping
is rebuilt; set aside; or no loaded mapping may show it."""

Ending = Literal["delivered", "retry", "parked", "doubt"]
"""How an attempt ended: confirmed, to be tried again, set aside, or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePin:
    """What a loaded mapping may show: one literal pin, or (`pin` None) a family of at most `max_pins`.

    `allowed` are the ids that the pins of a family may have; the others sleep.
    `fingerprint` (16 bytes) covers all that decides the rendering; another one makes the pins due.
    With `stale_after_s` a pin turns stale once no delivery matched for that long. `latest_fingerprint` covers what
    decides which event is the newest of a trigger and what it says (empty: whatever the events of before said holds).
    `state` has the entries. A pin that `awaits_event` is left as it is until the first event of this database moves it.
    """

    pin: str | None
    mapping: str
    fingerprint: bytes
    allowed: AllowedPins = EVERY_PIN
    max_pins: int | None = None
    stale_after_s: int | None = None
    latest_fingerprint: bytes = b""
    state: Mapping[str, Definition] = field(default_factory=dict)
    awaits_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be sent: every window holds, and one update costs `cost` tokens of each."""

    windows: tuple[Window, ...]
    cost: int

    def __post_init__(self) -> None:
        if not self.windows or min(window.tokens for window in self.windows) < self.cost:
            raise ValueError(f"one update costs {self.cost} tokens; every window must hold at least that many")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One pin, taken for 60 s to be rendered and sent by whoever holds `token`.

    `failures` counts the failed attempts since the last success. `sent_hash` is the hash of
    the body that the dashboard is known to show, None where that is in doubt. `parked` says
    that the pin was set aside before this try, `troubled` that it was, and no update was confirmed since. `stale_since`
    says by which silence it was rendered as stale.
    """

    pin: str
    mapping: str
    token: str
    reason: Reason
    revision: int
    sent_hash: bytes | None
    failures: int
    parked: bool
    troubled: bool = False
    stale_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The claims taken, and when it is worth asking again if no event comes first.

    `next_at` is when the earliest pin that is not due yet becomes due, None where nothing
    lies ahead. `no_slot_until` is set where pins are due and the budget has no slot. `left` says
    that pins were due beyond the limit, or beyond the slots: they wait for a claim to end.
    """

    claims: tuple[Claim, ...]
    next_at: datetime | None
    no_slot_until: datetime | None
    left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a pin shows, read at one moment: its revision, the newest change by trigger, and what is held of each entry.

    `fingerprint` is that of the rendering which this revision is to be shown by. `rebuilding` tells that something of
    it is not complete, so that the pin keeps what it shows.
    `stale_at` is when it turns stale, or turned; None where silence is no matter.
    """

    revision: int
    mapping: str
    fingerprint: bytes | None
    latest: Mapping[str, Latest]
    held: Mapping[str, Held]
    rebuilding: bool
    stale_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A request that is paid for and may go out now; it must end within 20 s of `booked_at`."""

    number: int
    claim: Claim
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSlot:
    """The budget has nothing left before `until`. The claim is still held: release it."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The claim is no longer ours, or its lease is too short for a request; nothing is to be done with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """When a pin whose body did not change may be looked at again: not before `next_at`, and at `wake_at` anyway.

    `stale_since` is what it was rendered with.
    """

    next_at: datetime | None = None
    wake_at: datetime | None = None
    stale_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claim, and what follows.

    `revision`, `body_hash` and `stale_since` are what was rendered. The pin is left alone until `next_at`.
    A parked pin is tried again at `probe_at`, or, once it has moved on from `revision`, at
    `retry_on_change_at` (None: its content does not help it). `wake_at` renders it again
    without an event. `status` is the answer's, `code` and `message` say what happened and
    who must act.
    """

    outcome: Ending
    revision: int
    body_hash: bytes | None = None
    stale_since: datetime | None = None
    next_at: datetime | None = None
    probe_at: datetime | None = None
    retry_on_change_at: datetime | None = None
    wake_at: datetime | None = None
    failures: int = 0
    status: int | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event of the journal. A listing leaves `headers`, `query` and `body` empty; `body_bytes` is its size."""

    number: int
    source: str
    type: str
    id: str
    at: datetime | None
    received_at: datetime
    content_type: str
    body_bytes: int
    outcomes: tuple[Outcome, ...]
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRecord:
    """One pin: what shows it, how fresh it is, and what stands in its way.

    `stale_since` is since when nothing was heard for too long, None where that is not so.
    `changed_at` is since when the dashboard lacks a change, or else when the last change came;
    `delivered_at` when it last took one; `next_at` when the pin is tried next, None where
    nothing lies ahead. `code` and `message` tell the last failure and who must act, empty
    after a success.
    """

    pin: str
    mapping: str
    state: PinState
    revision: int
    sent_revision: int
    stale_since: datetime | None
    changed_at: datetime
    delivered_at: datetime | None
    parked_at: datetime | None
    next_at: datetime | None
    failures: int
    status: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One request that went out for a pin, and how it ended."""

    number: int
    pin: str
    started_at: datetime
    ended_at: datetime
    outcome: Ending
    revision: int
    status: int | None
    code: str
    message: str
