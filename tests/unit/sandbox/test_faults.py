"""Faults come in order, for whom they were set, and as often as they were set."""

import pytest
from pydantic import ValidationError

from bridge.sandbox.faults import MAX_FAULTS, Fault, Faults


def kinds(faults: Faults, pin: str, method: str = "PUT", *, count: int = 4) -> list[str | None]:
    """Give what the next requests for a pin meet."""
    taken = [faults.take(pin, method) for _ in range(count)]
    return [fault.kind if fault else None for fault in taken]


def test_faults_are_used_up_in_the_order_in_which_they_were_set() -> None:
    """A test can write down a sequence."""
    faults = Faults()
    faults.add(Fault(kind="status", times=2))
    faults.add(Fault(kind="hang", times=1))
    assert kinds(faults, "p-a") == ["status", "status", "hang", None]
    assert list(faults) == []


def test_a_fault_without_times_stays_until_cleared() -> None:
    """Of one pin, or of all."""
    faults = Faults()
    faults.add(Fault(kind="reset", pin="p-a"))
    faults.add(Fault(kind="slow"))
    assert kinds(faults, "p-a", count=2) == ["reset", "reset"]
    faults.clear("p-a")
    assert kinds(faults, "p-a", count=1) == ["slow"]
    faults.clear()
    assert kinds(faults, "p-a", count=1) == [None]


def test_a_fault_meets_only_its_pin_and_its_method() -> None:
    """The others are spared."""
    faults = Faults()
    faults.add(Fault(kind="garbage", pin="p-a", method="GET", times=1))
    assert kinds(faults, "p-b", "GET", count=1) == [None]
    assert kinds(faults, "p-a", "PUT", count=1) == [None]
    assert kinds(faults, "p-a", "GET", count=2) == ["garbage", None]


def test_the_number_of_faults_is_bounded() -> None:
    """The oldest go."""
    faults = Faults()
    for _ in range(MAX_FAULTS + 5):
        faults.add(Fault(kind="slow", times=1))
    assert len(list(faults)) == MAX_FAULTS


def test_a_fault_that_does_not_exist_is_refused() -> None:
    """A misspelt fault must not make a test pass."""
    for wrong in ({"kind": "slwo"}, {"kind": "slow", "dealy_s": 1}, {"kind": "status", "status": 99}):
        with pytest.raises(ValidationError):
            Fault.model_validate(wrong)


def test_a_request_takes_effect_where_its_answer_is_what_goes_wrong() -> None:
    """Or where the fault says so."""
    assert [kind for kind in ("slow", "half", "garbage", "huge") if Fault.model_validate({"kind": kind}).applies] == [
        "slow",
        "half",
        "garbage",
        "huge",
    ]
    assert not Fault(kind="hang").applies
    assert Fault(kind="hang", applied=True).applies
