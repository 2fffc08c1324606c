"""However requests are booked and ended, no rolling window ever holds more than its tokens."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.instants import SECOND
from bridge.store.budget import Send, free_slots, next_slot_at
from bridge.store.records import Budget
from bridge.units import Window

STEPS = st.lists(
    st.tuples(st.integers(0, 30 * SECOND), st.one_of(st.none(), st.integers(0, 20 * SECOND)), st.floats(0, 1)),
    max_size=60,
)
WINDOWS = st.lists(st.builds(Window, st.integers(3, 12), st.sampled_from([5, 60, 200])), min_size=1, max_size=3)


@given(steps=STEPS, windows=WINDOWS, cost=st.integers(1, 3))
def test_no_window_of_the_other_side_overflows(
    steps: list[tuple[int, int | None, float]], windows: list[Window], cost: int
) -> None:
    """The other side counts a request at any moment between its booking and its end."""
    budget = Budget(windows=tuple(windows), cost=cost)
    log: list[Send] = []
    now, counted = 0, []
    for gap, lasts, share in steps:
        now += gap
        known = [Send(send.booked_at, _known(send, now), send.tokens) for send in log]
        if not free_slots(known, budget, now):
            continue
        ended_at = None if lasts is None else now + lasts
        log.append(Send(now, ended_at, cost))
        counted.append(now + int(share * (20 * SECOND if lasts is None else lasts)))

    for window in windows:
        for end in counted:
            inside = [moment for moment in counted if end - window.length_s * SECOND < moment <= end]
            assert len(inside) * cost <= window.tokens


@given(steps=STEPS, windows=WINDOWS, cost=st.integers(1, 3), later=st.integers(0, 300 * SECOND))
def test_the_next_slot_is_the_first(
    steps: list[tuple[int, int | None, float]], windows: list[Window], cost: int, later: int
) -> None:
    """At the moment that is told there is a slot, and just before there is none."""
    budget = Budget(windows=tuple(windows), cost=cost)
    now, log = 0, []
    for gap, lasts, _ in steps:
        now += gap
        log.append(Send(now, None if lasts is None else now + lasts, cost))
    now += later

    moment = next_slot_at(log, budget, now)

    assert free_slots(log, budget, moment) >= 1
    assert moment == now or free_slots(log, budget, moment - 1) == 0


def _known(send: Send, now: int) -> int | None:
    """Give the end of a request as it is known by now."""
    return send.ended_at if send.ended_at is not None and send.ended_at <= now else None
