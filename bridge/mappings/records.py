"""What evaluation and rendering hand to the other rooms: changes, outcomes, bodies.

Frozen values without behaviour; `store/` keeps them, `outbound/` sends them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from bridge.mappings.values.values import Value

OutcomeKind = Literal[
    "matched",
    "not_matched",
    "no_items",
    "no_pin",
    "pin_taken",
    "duplicate_item",
    "held_back",
    "too_late",
    "inexact_number",
    "error",
]
"""What became of an event for one trigger; `held_back` and `too_late` are decided where it is folded."""

FAILED: frozenset[OutcomeKind] = frozenset({"error", "inexact_number"})
"""The outcomes that nobody wants."""


class Measurement(NamedTuple):
    """What a change says to a metric. `group` has one value for each part of `by`, None without it."""

    entry: str
    value: Value
    group: tuple[Value, ...] | None


class RowChange(NamedTuple):
    """What a change says to a row of a table. `key` has one value for each part, None in a table without keys.

    `columns` are those that it feeds: the value of a column that counts is none. `drops` says that it removes the row.
    """

    entry: str
    key: tuple[Value, ...] | None
    columns: Mapping[str, Value]
    drops: bool


Operation = Measurement | RowChange
"""What a change says to one entry of the state."""


class Change(NamedTuple):
    """What one event, or one item in it, says about one pin.

    `at` is when it happened, aware, in UTC. `version` decides which of two changes is the
    newer (see `version_order`). `item_key` (16 bytes) is the trigger's own `key`, hashed
    with the mapping's and the trigger's name; None where the trigger has none. `operations` are
    what it says to the entries of the state.
    """

    mapping: str
    trigger: str
    pin: str
    at: datetime
    version: tuple[Value, ...]
    item_key: bytes | None
    variables: Mapping[str, Value]
    operations: tuple[Operation, ...] = ()


class Outcome(NamedTuple):
    """What one trigger made of an event, with the reason in an author's words.

    `mapping` and `trigger` are empty where one outcome speaks for many triggers.
    """

    mapping: str
    trigger: str
    kind: OutcomeKind
    reason: str
    pin: str | None


Fingerprints = Mapping[tuple[str, str], bytes]
"""What tells one definition from another: for a mapping and an entry of its state, or "" for the newest events."""

NO_FINGERPRINTS: Fingerprints = MappingProxyType({})


class Evaluation(NamedTuple):
    """All that follows from one event; each change has an outcome `matched`.

    `fingerprints` are of all that was loaded: one and the same object until that changes.
    """

    changes: tuple[Change, ...]
    outcomes: tuple[Outcome, ...]
    fingerprints: Fingerprints = NO_FINGERPRINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHeader:
    """What a template may know of an event: `event.source`, `event.at` and so on.

    `at` is the time that the trigger settled on, which a change carries too.
    """

    source: str
    type: str
    id: str
    at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """What the newest event of one trigger said, as it is kept with the pin.

    `number` is the event's place in the journal, `item` the place of the change in the event.
    """

    variables: Mapping[str, Value]
    at: datetime
    event: EventHeader
    version: tuple[Value, ...]
    number: int
    item: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A body ready to be sent. `payload` is the exact request body, `notes` are warnings about it."""

    body: dict[str, object]
    notes: tuple[str, ...]
    payload: bytes
