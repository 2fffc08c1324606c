"""How many events a step of a rebuild takes."""

from bridge.rebuilding.pace import QUIET_STEPS, Pace
from bridge.store import FEW_EVENTS, MANY_EVENTS


def test_steps_grow_once_no_webhook_comes_for_a_while() -> None:
    """The first that comes makes them small again, and so does one that is refused."""
    pace = Pace()
    taken = []
    for newest in [7] * (QUIET_STEPS + 2) + [8] * (QUIET_STEPS + 1):
        pace.note(newest)
        taken.append(pace.events)
    pace.slow_down()
    taken.append(pace.events)
    few = [FEW_EVENTS] * QUIET_STEPS
    assert taken == [*few, MANY_EVENTS, MANY_EVENTS, *few, MANY_EVENTS, FEW_EVENTS]
