"""Keys open the pins, and the budget holds in every rolling window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SenderError
from bridge.sandbox.account import Account, Meter, RateLimited, require_scope
from bridge.units import Window, parse_windows

KEYS = {"pk_a": frozenset({"pins:read"})}


def test_a_key_opens_with_its_scopes() -> None:
    """The scheme's case does not matter, as RFC 9110 has it."""
    account = Account(KEYS, (Window(1, 1),))
    assert account.scopes_of("Bearer pk_a") == {"pins:read"}
    assert account.scopes_of("bearer  pk_a ") == {"pins:read"}


@pytest.mark.parametrize("authorization", ["", "pk_a", "Basic pk_a", "Bearer", "Bearer ", "Bearer pk_b"])
def test_whatever_is_no_key_is_a_401(authorization: str) -> None:
    """And it says how a key is sent, not which keys there are."""
    with pytest.raises(SenderError) as refused:
        Account(KEYS, (Window(1, 1),)).scopes_of(authorization)
    assert (refused.value.status, refused.value.code) == (401, "UNAUTHORIZED")
    assert "pk_a" not in refused.value.message


def test_a_missing_scope_is_a_403_that_names_it() -> None:
    """The bridge shows these words to whoever made the key."""
    require_scope(KEYS["pk_a"], "pins:read")
    with pytest.raises(SenderError, match="pins:write") as refused:
        require_scope(KEYS["pk_a"], "pins:write")
    assert (refused.value.status, refused.value.code) == (403, "SCOPE_REQUIRED")


def test_ninety_writes_a_minute_and_not_one_more() -> None:
    """A token comes back exactly one window after it was spent."""
    meter = Meter(parse_windows("180/60s"))
    for second in range(45):
        meter.spend(2, second)
        meter.spend(2, second + 0.5)
    with pytest.raises(RateLimited) as refused:
        meter.spend(2, 59.999)
    assert refused.value.retry_after_s == 1
    meter.spend(2, 60)
    with pytest.raises(RateLimited):
        meter.spend(2, 60.25)
    assert (meter.spent(meter.windows[0], 60.25), meter.violations) == (180, 2)


def test_retry_after_is_when_there_is_room_again_in_every_window() -> None:
    """Sent again then, the request is taken."""
    meter = Meter(parse_windows("4/10s,6/60s"))
    for at in (0, 1, 12):
        meter.spend(2, at)
    with pytest.raises(RateLimited) as refused:
        meter.spend(2, 12.5)
    assert refused.value.retry_after_s == 48
    meter.spend(2, 12.5 + 48)


@given(st.lists(st.integers(0, 320).map(lambda n: n / 64), max_size=60), st.integers(1, 3))
def test_no_window_ever_holds_more_than_its_tokens(waits: list[float], cost: int) -> None:
    """Whatever the rhythm (in times that add up exactly): each window that ends at a spending is within its bound."""
    meter, now, spendings = Meter((Window(5, 4), Window(9, 20))), 0.0, []
    for wait in waits:
        now += wait
        try:
            meter.spend(cost, now)
        except RateLimited:
            continue
        spendings.append(now)
        for window in meter.windows:
            assert cost * sum(at > now - window.length_s for at in spendings) <= window.tokens
    assert meter.violations == len(waits) - len(spendings)
