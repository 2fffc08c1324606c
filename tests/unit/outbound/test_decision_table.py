"""The decision table, row by row. The laws that hold for all rows: tests/properties/test_decision.py."""

import pytest

from bridge.outbound.answer import Answer, FailureKind, TransportFailure
from bridge.outbound.decision import History, backoff_s, decide

FIRST = History(failures=0, others_delivered=False)
TENTH = History(failures=9, others_delivered=False)
TENTH_ALONE = History(failures=9, others_delivered=True)


def no_jitter() -> float:
    """Give the longest wait there is."""
    return 1.0


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("success", [True, None])
def test_a_confirmed_2xx_delivers(status: int, *, success: bool | None) -> None:
    """With the envelope's word, or with the status alone."""
    decision = decide(Answer(status=status, success=success), TENTH, no_jitter)
    assert (decision.next, decision.key, decision.act) == ("delivered", "accepted", "nobody")
    assert (decision.failures, decision.rest_s, decision.status) == (0, 0.0, status)


def test_a_2xx_that_says_it_failed_is_in_doubt_with_the_words_of_the_api() -> None:
    """The update may or may not show; it is sent again."""
    decision = decide(Answer(status=200, success=False, code="OOPS", message="no space"), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.failures, decision.rest_s) == ("doubt", "accepted", 1, 20.0)
    assert decision.code == "OOPS"
    assert decision.reason == "the answer 200 says that the update failed: no space"


def test_a_2xx_that_is_none_of_the_api_is_in_doubt_and_proves_nothing_of_the_key() -> None:
    """A captive portal answers 200 as well."""
    decision = decide(Answer(status=200, readable=False, message="<html>"), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.rest_s) == ("doubt", "unheard", 20.0)


def test_doubt_that_lasts_is_sent_again_ever_less_often() -> None:
    """From 20 s to 5 minutes, and never parked."""
    rests = [
        decide(Answer(status=200, readable=False), History(failures=n, others_delivered=True), no_jitter).rest_s
        for n in range(12)
    ]
    assert rests == [20.0, 20.0, 20.0, 20.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0, 300.0]


@pytest.mark.parametrize(
    ("status", "code"), [(401, ""), (401, "UNAUTHORIZED"), (402, ""), (407, ""), (403, "SCOPE_REQUIRED")]
)
def test_a_refused_key_pauses_the_key_and_leaves_the_pin_due(status: int, code: str) -> None:
    """The operator must act; the pin's failures do not grow by it."""
    decision = decide(Answer(status=status, code=code, message="bad key"), TENTH_ALONE, no_jitter)
    assert (decision.next, decision.key, decision.act) == ("retry", "refused", "operator")
    assert (decision.failures, decision.rest_s) == (9, 0.0)
    assert decision.reason == f"the API refuses the key: {status} {code}".rstrip() + ": bad key"


@pytest.mark.parametrize("retry_after_s", [None, 17.0])
def test_a_429_slows_the_key_by_what_it_asks_for_and_leaves_the_pin_due(retry_after_s: float | None) -> None:
    """One pin too many is not that pin's fault."""
    decision = decide(Answer(status=429, code="RATE_LIMITED", retry_after_s=retry_after_s), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.act) == ("retry", "slowed", "nobody")
    assert (decision.failures, decision.rest_s, decision.pause_s) == (0, 0.0, retry_after_s)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_refused_content_parks_and_new_content_is_tried_after_five_minutes(status: int) -> None:
    """The author must act, or the next event mends it."""
    decision = decide(Answer(status=status, code="VALIDATION_FAILED", message="bad cards"), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.act) == ("parked", "accepted", "author")
    assert (decision.probe_after_s, decision.new_content_after_s, decision.failures) == (3600.0, 300.0, 1)
    assert decision.reason == f"{status} VALIDATION_FAILED: bad cards"


@pytest.mark.parametrize(("status", "code"), [(404, "NOT_FOUND"), (403, "FORBIDDEN"), (403, ""), (405, ""), (410, "")])
def test_a_pin_out_of_reach_parks_and_is_probed_hourly_whatever_its_content(status: int, code: str) -> None:
    """Missing, not ours, not writable: no other body helps."""
    decision = decide(Answer(status=status, code=code, message="no"), FIRST, no_jitter)
    assert (decision.next, decision.act) == ("parked", "operator")
    assert (decision.probe_after_s, decision.new_content_after_s) == (3600.0, None)


@pytest.mark.parametrize("status", [408, 409, 423, 425])
def test_a_4xx_of_the_moment_backs_off(status: int) -> None:
    """A conflict or a timeout passes by itself."""
    decision = decide(Answer(status=status), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.rest_s) == ("retry", "accepted", 2.0)


def test_a_500_backs_off_and_says_nothing_of_the_key() -> None:
    """The server is done with the request, so the wait may be short."""
    decision = decide(Answer(status=500, code="INTERNAL_SERVER_ERROR"), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.act, decision.rest_s) == ("retry", "unheard", "destination", 2.0)


@pytest.mark.parametrize("status", [502, 504, 522])
def test_a_gateway_that_gave_up_leaves_the_request_in_doubt(status: int) -> None:
    """The server behind it may still be at work."""
    decision = decide(Answer(status=status), FIRST, no_jitter)
    assert (decision.next, decision.rest_s) == ("doubt", 20.0)


@pytest.mark.parametrize(("asked", "rest_s"), [(1.0, 2.0), (90.0, 90.0), (3600.0, 300.0)])
def test_a_503_rests_as_long_as_it_asks_within_five_minutes(asked: float, rest_s: float) -> None:
    """Never shorter than the backoff."""
    assert decide(Answer(status=503, retry_after_s=asked), FIRST, no_jitter).rest_s == rest_s


def test_a_redirect_is_for_the_operator_and_backs_off() -> None:
    """The base address is wrong; following it would carry the key elsewhere."""
    decision = decide(Answer(status=301), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.act) == ("retry", "unheard", "operator")


@pytest.mark.parametrize("result", [Answer(status=500), Answer(status=502), Answer(status=302)])
def test_ten_failures_park_only_while_other_pins_succeed(result: Answer) -> None:
    """What fails for all is not the pin's fault."""
    assert decide(result, TENTH, no_jitter).next != "parked"
    assert decide(result, History(failures=8, others_delivered=True), no_jitter).next != "parked"
    decision = decide(result, TENTH_ALONE, no_jitter)
    assert (decision.next, decision.failures, decision.probe_after_s) == ("parked", 10, 3600.0)
    assert decision.reason.startswith("10 attempts failed while other pins were updated; the last: ")


def test_no_connection_backs_off_without_doubt() -> None:
    """The server cannot have seen the request."""
    decision = decide(TransportFailure("connect", "no connection: refused", sent=False), FIRST, no_jitter)
    assert (decision.next, decision.key, decision.rest_s) == ("retry", "unheard", 2.0)
    assert (decision.code, decision.status) == ("connect", None)


@pytest.mark.parametrize("kind", ["timeout", "broken"])
def test_a_request_that_may_have_been_applied_rests_20_s(kind: FailureKind) -> None:
    """So that it ends before the next one starts."""
    decision = decide(TransportFailure(kind, "lost", sent=True), FIRST, no_jitter)
    assert (decision.next, decision.rest_s, decision.failures) == ("doubt", 20.0, 1)


def test_going_down_during_a_request_is_doubt_but_no_failure() -> None:
    """The pin is not to blame for a restart."""
    decision = decide(TransportFailure("stopped", "going down", sent=True), TENTH_ALONE, no_jitter)
    assert (decision.next, decision.rest_s, decision.failures) == ("doubt", 20.0, 9)


def test_the_backoff_grows_to_five_minutes_with_full_jitter() -> None:
    """From 1 s up to 2, 4, 8 … s."""
    assert [backoff_s(n, lambda: 1.0) for n in (1, 2, 3, 8, 9, 10, 1000)] == [2, 4, 8, 256, 300, 300, 300]
    assert {backoff_s(n, lambda: 0.0) for n in range(1, 20)} == {1.0}
