"""A pin is shown as stale exactly when a naive simulation says so, whatever comes, ends, starts or is reloaded."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete
from support.events import an_event

from bridge.events import Event
from bridge.instants import to_micros
from bridge.mappings import Change, Evaluation, Outcome, stale_since
from bridge.store import ActivePin, Booking, Budget, Settlement
from bridge.store.activation import Moment, activate, release_claims
from bridge.store.active_set import ActiveSet
from bridge.store.batch_folding import Rules
from bridge.store.bookings import book, settle
from bridge.store.claims import choose, take
from bridge.store.database import writing
from bridge.store.ingest import Arrival, take_in
from bridge.store.listing import PinFilter, read_pins
from bridge.store.snapshots import read_snapshot
from bridge.store.tables import metadata
from bridge.units import Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLENTY = Budget(windows=(Window(1_000_000, 60),), cost=2)
PIN = "p-1"


@dataclass
class Naive:
    """One pin, second by second: it counts, knows no instants, and remembers what the dashboard shows."""

    stale_after_s: int
    silent_s: int = 0
    up_s: int = 0
    shows_stale: bool = False

    def hear(self) -> None:
        """Take in a delivery, or the first loading."""
        self.silent_s, self.shows_stale = 0, False

    def look(self) -> None:
        """Turn the pin stale once it was silent, and listened to, for long enough."""
        if self.silent_s >= self.stale_after_s and self.up_s >= min(self.stale_after_s, 600):
            self.shows_stale = True


@dataclass
class Real:
    """The same on the store's own code, with a loop that never lags."""

    connection: Connection
    stale_after_s: int
    now: datetime = NOON
    started_at: datetime = NOON
    shows_stale: bool = False
    events: int = 0

    def load(self, *, other: bool = False) -> None:
        """Load the mapping, or another one in its stead."""
        mapping = ActivePin(
            pin="p-other" if other else PIN, mapping="m", fingerprint=b"f" * 16, stale_after_s=self.stale_after_s
        )
        with self.connection.begin():
            moment = Moment(to_micros(self.now), to_micros(self.started_at))
            self.active, *_ = activate(self.connection, ActiveSet.of([mapping]), "sandbox", moment)

    def start(self) -> None:
        """Begin as after the end of another process."""
        self.started_at = self.now
        with self.connection.begin():
            release_claims(self.connection)
        self.load()

    def hear(self, *, repeated: bool) -> None:
        """Take in an event, or once more the newest."""
        self.events += not (repeated and self.events)
        change = Change("m", "t", PIN, self.now, (self.now,), None, {})
        outcome = Outcome(mapping="m", trigger="t", kind="matched", reason="", pin=PIN)
        arrival = Arrival(_event(str(self.events), self.now), Evaluation((change,), (outcome,)))
        with writing(self.connection) as cursor:
            take_in(cursor, [arrival], first_number=self.events, rules=Rules.of(self.active, timedelta(days=35)))

    def deliver(self) -> None:
        """Deliver all that is due."""
        now = to_micros(self.now)
        with self.connection.begin():
            for claim in take(self.connection, choose(self.connection, PLENTY, 8, now), "sandbox", now).claims:
                snapshot = read_snapshot(self.connection, claim.pin, {})
                since = stale_since(snapshot.stale_at, self.now)
                booking = book(self.connection, claim, PLENTY, now)
                assert isinstance(booking, Booking)
                sent = Settlement(
                    outcome="delivered", revision=snapshot.revision, body_hash=b"h" * 16, stale_since=since
                )
                settle(self.connection, booking, sent, "sandbox", now)
                if claim.pin == PIN:
                    self.shows_stale = since is not None
            assert choose(self.connection, PLENTY, 8, now).due == []


def _event(name: str, now: datetime) -> Event:
    return an_event(
        id=name,
        dedup_key=hashlib.blake2b(name.encode(), digest_size=16).digest(),
        at=now,
        received_at=now,
        body=b"{}",
    )


steps = st.lists(
    st.one_of(
        st.integers(1, 9),
        st.sampled_from(["event", "repeat", "reload"]),
        st.tuples(st.sampled_from(["down", "unloaded"]), st.integers(0, 9)),
    ),
    max_size=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stale_after_s=st.integers(1, 6), steps=steps)
def test_the_dashboard_shows_what_the_simulation_shows(
    connection: Connection, stale_after_s: int, steps: list[int | str | tuple[str, int]]
) -> None:
    """Whether the pin is stale, after every second; nothing stays due, and the listing agrees."""
    with connection.begin():
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    naive, real = Naive(stale_after_s), Real(connection, stale_after_s)
    real.start()
    for step in steps:
        match step:
            case int():
                for _ in range(step):
                    naive.silent_s, naive.up_s, real.now = naive.silent_s + 1, naive.up_s + 1, _later(real.now, 1)
                    _agree(naive, real)
            case "event" | "repeat":
                naive.hear()
                real.hear(repeated=step == "repeat")
            case "reload":
                real.load()
            case ("down", int(seconds)):
                naive.silent_s, naive.up_s, real.now = naive.silent_s + seconds, 0, _later(real.now, seconds)
                real.start()
            case (_, seconds):
                real.load(other=True)
                real.deliver()
                naive.up_s, real.now = naive.up_s + int(seconds), _later(real.now, int(seconds))
                naive.hear()
                real.load()
        _agree(naive, real)


def _later(instant: datetime, seconds: int) -> datetime:
    return instant + timedelta(seconds=seconds)


def _agree(naive: Naive, real: Real) -> None:
    naive.look()
    real.deliver()
    assert real.shows_stale == naive.shows_stale
    with real.connection.begin():
        page = read_pins(real.connection, to_micros(real.now), PinFilter(), limit=9)
    listed = {record.pin: record for record in page.pins}
    assert (listed[PIN].stale_since is not None) == naive.shows_stale
