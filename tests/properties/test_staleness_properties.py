"""When a pin turns stale, held against a simulation that counts every second."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.mappings import stale_at, stale_since

START = datetime(2026, 11, 22, tzinfo=UTC)
TEN_MINUTES_S = 600


@dataclass
class Naive:
    """One pin and one bridge, second by second; it counts, and knows no instants."""

    stale_after_s: int
    silent_s: int = 0
    up_s: int = 0

    def tick(self) -> None:
        """Let a second pass in which nothing is heard."""
        self.silent_s += 1
        self.up_s += 1

    def is_stale(self) -> bool:
        """Say whether it was silent for long enough, and listened to for long enough."""
        return self.silent_s >= self.stale_after_s and self.up_s >= min(self.stale_after_s, TEN_MINUTES_S)


lengths = st.integers(1, 900)
steps = st.lists(st.one_of(st.sampled_from(["heard", "started"]), st.integers(1, 700)), max_size=12)


@given(stale_after_s=lengths, steps=steps)
def test_a_pin_is_stale_exactly_when_the_simulation_says_so(stale_after_s: int, steps: list[str | int]) -> None:
    """Through any sequence of arrivals, starts of the bridge and seconds that pass."""
    naive = Naive(stale_after_s)
    now = heard_at = started_at = START
    for step in steps:
        if step == "heard":
            naive.silent_s, heard_at = 0, now
        elif step == "started":
            naive.up_s, started_at = 0, now
        for _ in range(step if isinstance(step, int) else 0):
            turns_at = stale_at(stale_after_s, heard_at=heard_at, started_at=started_at)
            assert (stale_since(turns_at, now) is not None) == naive.is_stale()
            naive.tick()
            now += timedelta(seconds=1)


@given(stale_after_s=lengths, steps=st.lists(st.integers(1, 900), max_size=20))
def test_without_a_start_only_the_last_arrival_counts(stale_after_s: int, steps: list[int]) -> None:
    """As in a rehearsal, where a mapping has always been loaded."""
    naive = Naive(stale_after_s, up_s=10**9)
    now = heard_at = START
    for gap_s in steps:
        for _ in range(gap_s):
            naive.tick()
        now += timedelta(seconds=gap_s)
        since = stale_since(stale_at(stale_after_s, heard_at=heard_at), now)
        assert since == (now - timedelta(seconds=naive.silent_s - stale_after_s) if naive.is_stale() else None)
        if gap_s % 2:
            naive.silent_s, heard_at = 0, now
