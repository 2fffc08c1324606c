"""When a look into the store is worth it."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.outbound.agenda import Agenda

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """Give the instant so many seconds after the start."""
    return START + timedelta(seconds=seconds)


@pytest.fixture
def agenda() -> Agenda:
    """Give an agenda whose first look is done."""
    agenda = Agenda(START)
    agenda.looking(START)
    return agenda


def test_the_first_look_is_at_the_start() -> None:
    """What was left due is found in the store."""
    assert Agenda(START).next_at == START


def test_nothing_known_means_no_look(agenda: Agenda) -> None:
    """Nothing polls."""
    assert agenda.next_at is None


def test_a_pin_that_moves_is_looked_for_at_once(agenda: Agenda) -> None:
    """The leading edge."""
    agenda.wake(["p-1"], after(3))
    assert agenda.next_at == after(3)


def test_the_earliest_moment_counts(agenda: Agenda) -> None:
    """Whatever the order in which they become known."""
    for moment in (after(9), None, after(4), after(7)):
        agenda.look_at(moment)
    assert agenda.next_at == after(4)


def test_a_pin_that_moves_while_it_rests_waits_for_the_end_of_its_rest(agenda: Agenda) -> None:
    """The trailing edge costs one look, however many events come."""
    agenda.started("p-1")
    agenda.ended("p-1", rest_until=after(5), revocable=False, due_at=None)
    assert agenda.next_at is None
    for second in (1, 2, 3):
        agenda.wake(["p-1"], after(second))
    assert agenda.next_at == after(5)


def test_a_pin_that_moves_in_flight_is_looked_for_after_its_rest(agenda: Agenda) -> None:
    """The delivery under way may not have seen the change."""
    agenda.started("p-1")
    agenda.wake(["p-1"], after(1))
    assert agenda.next_at is None
    agenda.ended("p-1", rest_until=after(7), revocable=False, due_at=after(900))
    assert agenda.next_at == after(7)


def test_a_pin_that_did_not_move_is_looked_for_when_it_is_due_anyway(agenda: Agenda) -> None:
    """A refresh, a retry, a probe."""
    agenda.started("p-1")
    agenda.ended("p-1", rest_until=after(7), revocable=False, due_at=after(900))
    assert agenda.next_at == after(900)


def test_a_rest_that_is_over_is_forgotten(agenda: Agenda) -> None:
    """Then a change is looked for at once again."""
    agenda.ended("p-1", rest_until=after(5), revocable=False, due_at=None)
    agenda.wake(["p-1"], after(6))
    assert agenda.next_at == after(6)


def test_looking_keeps_the_rests_that_still_run(agenda: Agenda) -> None:
    """A look for one pin does not wake another."""
    agenda.ended("p-1", rest_until=after(5), revocable=False, due_at=None)
    agenda.looking(after(2))
    agenda.wake(["p-1"], after(3))
    assert agenda.next_at == after(5)


def test_a_pin_set_aside_costs_at_most_one_look_a_second(agenda: Agenda) -> None:
    """So that a retry by hand is noticed, and a busy parked pin is no burden."""
    agenda.ended("p-1", rest_until=after(3600), revocable=True, due_at=None)
    agenda.wake(["p-1"], after(0.2))
    agenda.wake(["p-1"], after(0.4))
    assert agenda.next_at == after(1)
    agenda.looking(after(1))
    agenda.wake(["p-1"], after(1.5))
    assert agenda.next_at == after(2)
    agenda.looking(after(2))
    agenda.wake(["p-1"], after(9))
    assert agenda.next_at == after(9)


def test_a_revocable_rest_is_over_at_its_end(agenda: Agenda) -> None:
    """Not a second later."""
    agenda.ended("p-1", rest_until=after(0.5), revocable=True, due_at=None)
    agenda.wake(["p-1"], after(0.2))
    assert agenda.next_at == after(0.5)
