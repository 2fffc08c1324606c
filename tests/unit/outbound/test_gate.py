"""The gate of one key: pauses, probes, the rate. Time is what the test says."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.outbound.gate import Gate, Ticket
from bridge.store import Budget
from bridge.units import Window

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BUDGET = Budget(windows=(Window(160, 60), Window(1000, 3600)), cost=2)


def after(seconds: float) -> datetime:
    """Give the instant so many seconds after the start."""
    return START + timedelta(seconds=seconds)


@pytest.fixture
def gate() -> Gate:
    """Give a gate whose jitter is always the longest."""
    return Gate(BUDGET, lambda: 1.0)


def refuse(gate: Gate, seconds: float) -> Ticket:
    """Send one request that is refused."""
    ticket = gate.admit(after(seconds))
    gate.report(ticket, "refused", None, after(seconds))
    return ticket


def test_an_open_gate_lets_through_what_is_wanted(gate: Gate) -> None:
    """The budget is not the gate's to count."""
    assert gate.slots(8, START) == 8
    assert gate.paused_until is None
    assert gate.budget(START) == BUDGET


def test_a_refused_key_is_paused_then_probed_by_one_request(gate: Gate) -> None:
    """Nothing passes before, and nothing beside the probe."""
    assert gate.report(gate.admit(START), "refused", None, START) == "paused"
    assert gate.paused_until == after(15)
    assert gate.slots(8, after(14.9)) == 0
    assert gate.slots(8, after(15)) == 1
    probe = gate.admit(after(15))
    assert probe.probe
    assert gate.slots(8, after(16)) == 0
    assert gate.paused_until is None


def test_an_accepted_probe_opens_the_gate(gate: Gate) -> None:
    """At the full rate: a refusal is no matter of speed."""
    refuse(gate, 0)
    assert gate.report(gate.admit(after(15)), "accepted", None, after(16)) == "resumed"
    assert gate.slots(8, after(16)) == 8
    assert gate.budget(after(16)) == BUDGET


def test_refused_probes_back_off_to_fifteen_minutes(gate: Gate) -> None:
    """A key that stays bad costs four requests an hour."""
    pauses, moment = [], 0.0
    for _ in range(9):
        refuse(gate, moment)
        assert gate.paused_until is not None
        pauses.append((gate.paused_until - after(moment)).total_seconds())
        moment += pauses[-1]
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_key_that_was_taken_again_starts_from_the_short_pause(gate: Gate) -> None:
    """An old backoff is forgotten."""
    refuse(gate, 0)
    refuse(gate, 15)
    gate.report(gate.admit(after(45)), "accepted", None, after(45))
    refuse(gate, 100)
    assert gate.paused_until == after(115)


def test_a_probe_without_a_word_of_the_api_keeps_a_refused_key_paused(gate: Gate) -> None:
    """A timeout proves nothing."""
    refuse(gate, 0)
    assert gate.report(gate.admit(after(15)), "unheard", None, after(35)) is None
    assert gate.paused_until == after(65)


def test_a_probe_without_a_word_of_the_api_opens_a_slowed_key(gate: Gate) -> None:
    """It was not too fast."""
    gate.report(gate.admit(START), "slowed", 5.0, START)
    assert gate.report(gate.admit(after(5)), "unheard", None, after(25)) == "resumed"
    assert gate.slots(8, after(25)) == 8


def test_a_probe_that_was_never_sent_leaves_the_next_one_its_place(gate: Gate) -> None:
    """The pin turned out unchanged, or its claim was lost."""
    refuse(gate, 0)
    gate.withdraw(gate.admit(after(15)))
    assert gate.slots(8, after(15)) == 1
    assert gate.admit(after(15)).probe


def test_withdrawing_after_the_report_changes_nothing(gate: Gate) -> None:
    """A delivery always hands its ticket back."""
    refuse(gate, 0)
    probe = gate.admit(after(15))
    gate.report(probe, "accepted", None, after(16))
    gate.withdraw(probe)
    assert gate.slots(8, after(16)) == 8


def test_answers_to_requests_from_before_a_pause_count_once(gate: Gate) -> None:
    """Eight in flight meet the same refusal: one pause, one halving."""
    tickets = [gate.admit(START) for _ in range(8)]
    news = [gate.report(ticket, "slowed", 5.0, after(1)) for ticket in tickets]
    assert news == ["slowed", *[None] * 7]
    assert gate.rate(after(1)) == 0.5
    assert gate.paused_until == after(6)


def test_a_late_success_from_before_the_pause_does_not_open_it(gate: Gate) -> None:
    """Only the probe does."""
    old = gate.admit(START)
    refuse(gate, 1)
    assert not gate.holds(old)
    assert gate.report(old, "accepted", None, after(2)) is None
    assert gate.slots(8, after(2)) == 0


def test_a_429_pauses_for_what_the_api_asks_and_halves_the_rate(gate: Gate) -> None:
    """Every window is halved; none falls below one request."""
    assert gate.report(gate.admit(START), "slowed", 30.0, START) == "slowed"
    assert gate.paused_until == after(30)
    assert gate.budget(START).windows == (Window(80, 60), Window(500, 3600))
    assert gate.budget(START).cost == 2


def test_a_429_that_asks_for_no_pause_gets_one_of_a_second(gate: Gate) -> None:
    """`Retry-After: 0` must not become a tight loop."""
    gate.report(gate.admit(START), "slowed", 0.0, START)
    assert gate.paused_until == after(1)


def test_429_without_a_wish_backs_off_by_itself_to_a_minute(gate: Gate) -> None:
    """The longest window that the API is known to count in."""
    pauses, moment = [], 0.0
    for _ in range(7):
        gate.report(gate.admit(after(moment)), "slowed", None, after(moment))
        assert gate.paused_until is not None
        pauses.append((gate.paused_until - after(moment)).total_seconds())
        moment += pauses[-1]
    assert pauses == [4, 8, 16, 32, 60, 60, 60]


def test_the_rate_climbs_back_by_a_tenth_a_minute(gate: Gate) -> None:
    """From a half to the whole in five minutes, in steps."""
    gate.report(gate.admit(START), "slowed", 1.0, START)
    rates = [round(gate.rate(after(seconds)), 3) for seconds in (0, 59, 60, 120, 240, 299, 300, 10_000)]
    assert rates == [0.5, 0.5, 0.6, 0.7, 0.9, 0.9, 1.0, 1.0]
    assert gate.budget(after(300)) == BUDGET


def test_the_rate_never_falls_below_a_sixteenth(gate: Gate) -> None:
    """So that the key is tried, however long the storm."""
    for second in range(10):
        gate.report(gate.admit(after(second)), "slowed", 1.0, after(second))
    assert gate.rate(after(10)) == 1 / 16
    assert gate.budget(after(10)).windows[0] == Window(10, 60)


def test_a_small_budget_still_holds_one_request_at_the_lowest_rate() -> None:
    """A key with one update a minute is not starved."""
    gate = Gate(Budget(windows=(Window(2, 60),), cost=2), lambda: 0.0)
    gate.report(gate.admit(START), "slowed", 1.0, START)
    assert gate.budget(START).windows == (Window(2, 60),)
