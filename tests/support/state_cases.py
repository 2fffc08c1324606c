"""Random cases of the state: a mapping with some entries, deliveries in the order of their arrival, and a moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from support.oracle_events import Told
from support.state_entries import DEFINES, Entry, metrics, tables

SOURCES = b"{shop: {verify: none, id: $.id, event: $.type}}"
TOLERANCE = timedelta(minutes=5)
HORIZON = timedelta(days=800)

ANCHORS = (
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("America/Havana", "2026-03-08T05:00"),
    ("America/Havana", "2026-11-01T05:00"),
    ("Africa/Cairo", "2026-04-23T22:00"),
    ("Africa/Cairo", "2026-10-29T21:00"),
    ("Asia/Kathmandu", "2026-12-31T18:15"),
    ("UTC", "2028-02-29T00:00"),
    ("UTC", "2028-03-31T00:00"),
    ("UTC", "2027-01-01T00:00"),
)
"""Timezones, and instants (UTC) at which their calendars do something."""

_SHORT = (("0s", "1s", "20s"), ("0s", "1m", "30m"), ("0s", "1h", "6h"), ("0s", "1d", "8d"))
_LONG = (("1m", "5m", "15m", "1h"), ("1h", "6h", "1d", "2d"), ("1d", "7d", "14d", "31d"), ("31d", "92d", "365d"))
"""Gaps within a bucket, and those that lead to the next or the one after, by the scale of a case."""

_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

NUMBERS = st.one_of(
    st.none(),
    st.integers(-9, 9),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from([10**15, -(2**63), 2**64 - 1, Decimal("0.1"), Decimal("1.5E-7"), Decimal("-0.3")]),
)
_SAID: dict[str, st.SearchStrategy[Any]] = {
    "v": NUMBERS,
    "t": st.sampled_from(["a", "b", "B", "ä", "", "zz", None]),
    "g": st.sampled_from(["a", "b", "c", "ü", "other", None]),
    "k": st.sampled_from(["x", "y", "z", 7, "7"]),
    "s": st.sampled_from(["open", "new", "closed"]),
    "n": NUMBERS | st.sampled_from(["3", "-0.25", "1e3", " 4 ", "1e60", "-1e-40", "2.50"]),
    "d": st.sampled_from([1, Decimal("1.5"), "1", True, None, "", "x", -1]),
    "h": st.sampled_from([1, 2, "1"]),
    "r": NUMBERS,
}


class Delivery(NamedTuple):
    """One delivery: what it says of `at`, of its version (None: the time) and of the variables, and when it arrives."""

    id: str
    trigger: str
    at: datetime
    received_at: datetime
    version: int | None
    said: dict[str, Any]

    @property
    def own_at(self) -> datetime:
        """Say when it counts: at its arrival where it is dated too far ahead of that."""
        return self.received_at if self.at - self.received_at > TOLERANCE else self.at

    @property
    def body(self) -> bytes:
        """Write the payload."""
        head = {"id": self.id, "type": self.trigger, "at": self.at.isoformat(), "version": self.version}
        return json.dumps(head | self.said, default=float).encode()

    def told(self, number: int) -> Told:
        """Give the event as the oracle knows it."""
        version = (self.own_at if self.version is None else self.version,)
        variables = {name: self.said[name] for name in DEFINES[self.trigger]}
        return Told(number, 0, self.trigger, self.own_at, self.received_at, version, variables)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mapping's entries by name, its timezone, whether triggers have a `version`, and what happens.

    `scale` (0 to 3) says how long its stretches of time are.
    """

    scale: int
    zone: str
    entries: dict[str, Entry]
    is_versioned: bool
    deliveries: Sequence[Delivery]
    now: datetime

    def mapping(self, content: str) -> bytes:
        """Write the mapping, as YAML; `content` is the template of what its pin shows."""
        triggers = [
            {
                "name": name,
                "source": "shop",
                "event": name,
                "at": "$.at",
                "extract": {each: f"$.{each}" for each in defined},
            }
            | ({"version": "$.version"} if self.is_versioned else {})
            for name, defined in DEFINES.items()
        ]
        update = {"metadata": {"pin_config": {"content": content}}}
        mapping = {"pin": "p-1", "timezone": self.zone, "triggers": triggers, "state": self.entries, "update": update}
        return json.dumps(mapping, ensure_ascii=False).encode()

    def told(self) -> list[Told]:
        """Give the events of the journal: what arrived first of each id, within the horizon."""
        first: dict[str, Delivery] = {}
        for delivery in self.deliveries:
            first.setdefault(delivery.id, delivery)
        journal = [delivery.told(number) for number, delivery in enumerate(first.values(), 1)]
        return [event for event in journal if event.at >= event.received_at - HORIZON]

    @property
    def zoneinfo(self) -> ZoneInfo:
        """Give the timezone."""
        return ZoneInfo(self.zone)


@st.composite
def cases(draw: st.DrawFn, *, max_events: int = 20) -> Case:
    """Draw a case; no two of its events have the same time or version."""
    scale = draw(st.integers(0, 3))
    zone, anchor = draw(st.sampled_from(ANCHORS))
    entries = draw(st.lists(st.one_of(metrics(scale), tables(scale)), min_size=1, max_size=4))
    is_versioned = draw(st.sampled_from([False, False, True]))
    gap = durations(scale)
    arrival = datetime.fromisoformat(anchor).replace(tzinfo=UTC) - draw(gap)
    deliveries: list[Delivery] = []
    for number in range(draw(st.integers(0, max_events))):
        arrival += draw(gap)
        lateness = draw(st.one_of(st.just(timedelta(0)), gap, st.sampled_from([-TOLERANCE, -2 * TOLERANCE])))
        version = draw(st.integers(-50, 50)) * 100 + number if is_versioned else None
        trigger = draw(st.sampled_from([*DEFINES]))
        said = {name: draw(_SAID[name]) for name in DEFINES[trigger]}
        deliveries.append(Delivery(str(number), trigger, arrival - lateness, arrival, version, said))
    at_once = {delivery.own_at: delivery for delivery in deliveries}
    named = {f"e{number}": entry for number, entry in enumerate(entries)}
    kept = sorted(at_once.values(), key=lambda delivery: int(delivery.id))
    return Case(
        scale=scale, zone=zone, entries=named, is_versioned=is_versioned, deliveries=kept, now=arrival + draw(gap)
    )


def durations(scale: int) -> st.SearchStrategy[timedelta]:
    """Draw lengths of time near round ones, so that instants lie at the ends of buckets, and just beside them."""
    rounds = st.one_of(*(st.sampled_from(gaps[scale]) for gaps in (_SHORT, _SHORT, _LONG)))
    asides = st.sampled_from([timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)])
    return st.builds(lambda text, aside: int(text[:-1]) * _UNITS[text[-1]] + aside, rounds, asides)
