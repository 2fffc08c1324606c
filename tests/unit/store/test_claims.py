"""The choice of pins to claim: order, budget, and when to look again."""

from typing import Any

from bridge.store.budget import Send
from bridge.store.claims import Choice, Prospect, choose
from bridge.store.due import Standing
from bridge.store.instants import SECOND
from bridge.store.records import Budget
from bridge.units import Window

BUDGET = Budget(windows=(Window(6, 60),), cost=2)
NOW = 1000 * SECOND


def changed(pin: str, at: int, **fields: Any) -> Standing:
    """Give a pin that an event moved `at` seconds, and that was never sent."""
    given: dict[str, Any] = dict.fromkeys(Standing.__slots__)
    given |= {"pin": pin, "mapping": "m", "active": 1, "revision": 1, "changed_at": at * SECOND, "sent_revision": 0}
    return Standing(**given | fields)


def chosen(choice: Choice) -> list[str]:
    """Name the chosen pins."""
    return [standing.pin for standing, _ in choice.due]


def test_the_longest_due_goes_first() -> None:
    """Equal ones by their id, so that the order is one."""
    standings = [changed("p-c", 3), changed("p-b", 2), changed("p-a", 3)]

    assert chosen(choose(Prospect(standings, [], 0), BUDGET, 8, NOW)) == ["p-b", "p-a", "p-c"]


def test_slots_limits_and_held_claims_bound_the_choice() -> None:
    """Three slots: one is promised to a held claim, one is taken by a send."""
    standings = [changed(f"p-{n}", n) for n in range(9)]
    sends = [Send(NOW - SECOND, None, 2)]

    assert len(choose(Prospect(standings, [], 0), BUDGET, 8, NOW).due) == 3
    assert len(choose(Prospect(standings, [], 0), BUDGET, 2, NOW).due) == 2
    assert len(choose(Prospect(standings, sends, 1), BUDGET, 8, NOW).due) == 1
    assert choose(Prospect(standings, sends, 5), BUDGET, 8, NOW).due == []


def test_due_pins_beyond_the_slots_are_told() -> None:
    """Whoever claims looks again for them once a claim has ended, and else need not."""
    standings = [changed(f"p-{n}", n) for n in range(3)]
    ahead = changed("p-later", 1, not_before=NOW + 5)

    assert not choose(Prospect([*standings, ahead], [], 0), BUDGET, 8, NOW).left
    assert choose(Prospect(standings, [], 0), BUDGET, 2, NOW).left
    assert choose(Prospect(standings, [], 1), BUDGET, 8, NOW).left


def test_when_to_look_again() -> None:
    """The earliest pin that is not due yet; a missing slot is told only where a pin wants it."""
    resting = changed("p-1", 1, not_before=NOW + 5)
    spent = [Send(NOW - SECOND, NOW - SECOND, 2)] * 3

    waiting = choose(Prospect([resting], spent, 0), BUDGET, 8, NOW)
    wanting = choose(Prospect([resting, changed("p-2", 2)], spent, 0), BUDGET, 8, NOW)

    assert (waiting.next_at, waiting.no_slot_until) == (NOW + 5, None)
    assert (wanting.due, wanting.next_at, wanting.no_slot_until) == ([], NOW + 5, NOW + 59 * SECOND)
