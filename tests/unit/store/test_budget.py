"""The budget's arithmetic, by hand."""

from bridge.instants import SECOND
from bridge.store.budget import Send, free_slots, left_tokens, next_slot_at
from bridge.store.records import Budget
from bridge.units import Window

MINUTE = 60 * SECOND
BUDGET = Budget(windows=(Window(5, 60),), cost=2)


def test_an_empty_log_leaves_the_whole_budget() -> None:
    """Five tokens pay for two updates of two."""
    assert free_slots([], BUDGET, 0) == 2
    assert next_slot_at([], BUDGET, 7) == 7


def test_a_slot_comes_back_one_window_after_the_request_ended() -> None:
    """Not after it was booked: nobody knows when the other side counted it."""
    sends = [Send(0, 3 * SECOND, 2), Send(0, 9 * SECOND, 2)]

    assert free_slots(sends, BUDGET, 63 * SECOND - 1) == 0
    assert free_slots(sends, BUDGET, 63 * SECOND) == 1
    assert next_slot_at(sends, BUDGET, 10 * SECOND) == 63 * SECOND


def test_a_request_without_an_end_counts_until_its_deadline() -> None:
    """A crash must not make the budget richer."""
    sends = [Send(0, None, 2), Send(0, None, 2)]

    assert next_slot_at(sends, BUDGET, SECOND) == 20 * SECOND + MINUTE


def test_the_tightest_window_decides() -> None:
    """Every window must have room."""
    budget = Budget(windows=(Window(4, 60), Window(6, 3600)), cost=2)
    sends = [Send(n * MINUTE, n * MINUTE, 2) for n in range(3)]

    assert free_slots(sends, budget, 4 * MINUTE) == 0
    assert next_slot_at(sends, budget, 4 * MINUTE) == 60 * MINUTE


def test_a_lowered_budget_frees_a_slot_only_once_enough_came_back() -> None:
    """What was spent under a richer budget counts against the poorer one."""
    sends = [Send(n * SECOND, n * SECOND, 2) for n in range(5)]
    poor = Budget(windows=(Window(2, 60),), cost=2)

    assert free_slots(sends, poor, 10 * SECOND) == 0
    assert next_slot_at(sends, poor, 10 * SECOND) == 64 * SECOND


def test_what_is_left_is_told_of_each_window() -> None:
    """Never less than nothing, whatever was spent under a richer budget."""
    budget = Budget(windows=(Window(3, 60), Window(6, 3600)), cost=2)
    sends = [Send(0, SECOND, 2), Send(0, SECOND, 2)]

    assert left_tokens(sends, budget, 2 * SECOND) == {Window(3, 60): 0, Window(6, 3600): 2}
    assert left_tokens(sends, budget, 2 * MINUTE) == {Window(3, 60): 3, Window(6, 3600): 2}
