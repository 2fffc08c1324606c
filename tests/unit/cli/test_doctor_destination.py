import pytest

from bridge.cli.doctor.destination import judge_clock, judge_key, judge_pin
from bridge.outbound.answer import Answer, TransportFailure

URL = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("result", "verdict", "said"),
    [
        (Answer(status=200, success=True), "ok", "may read pins"),
        (Answer(status=200, data={"metadata": {}}), "ok", "may read pins"),
        (Answer(status=200), "failure", "is not the API: 200 with nothing in it"),
        (Answer(status=200, readable=False), "failure", "is not the API: 200 with nothing in it"),
        (Answer(status=404, readable=False), "failure", "is not the API: 404 with nothing in it"),
        (Answer(status=404, code="NOT_FOUND"), "ok", "may read pins"),
        (Answer(status=403, code="PERMISSION_DENIED"), "ok", "may read pins"),
        (Answer(status=401, code="UNAUTHORIZED", message="no"), "failure", "is refused: 401 UNAUTHORIZED no"),
        (Answer(status=403, code="SCOPE_REQUIRED"), "warning", "may not read pins"),
        (Answer(status=302), "failure", "is not the API: 302 with nothing in it"),
        (Answer(status=404, readable=False, message="<html>"), "failure", "is not the API: 404 <html>"),
        (Answer(status=429), "warning", "does not say: 429"),
        (Answer(status=503, readable=False, message="<html>"), "warning", "does not say: 503 <html>"),
        (TransportFailure("connect", "no connection", sent=False), "failure", "does not answer: no connection"),
    ],
)
def test_the_first_answer_tells_of_the_key(result: Answer | TransportFailure, verdict: str, said: str) -> None:
    """A pin that is missing or not ours is no fault of the key."""
    finding = judge_key(result, URL)
    assert finding.verdict == verdict
    assert said in finding.message


@pytest.mark.parametrize(
    ("result", "pin_type", "verdict", "said"),
    [
        (Answer(status=200, data={"metadata": {"pin_type": "table"}}), "table", "ok", "of type table, as sales says"),
        (Answer(status=200, data={"pin_type": "table"}), "table", "ok", "of type table, as sales says"),
        (Answer(status=200, data={"pin_type": "table"}), None, "ok", "with `type: table` in sales"),
        (Answer(status=200, data={"pin_type": "table"}), "markdown", "failure", "table, and sales says markdown"),
        (Answer(status=200, data={"metadata": None}), "table", "ok", "could not be read"),
        (Answer(status=200, readable=False), "table", "warning", "was not read: 200"),
        (Answer(status=200), "table", "warning", "was not read: 200"),
        (Answer(status=200, success=False), "table", "warning", "was not read"),
        (Answer(status=404, code="NOT_FOUND"), "table", "failure", "is not there, or the key has no access"),
        (Answer(status=403, code="PERMISSION_DENIED"), "table", "failure", "not for this key: 403 PERMISSION_DENIED"),
        (Answer(status=500), "table", "warning", "was not read: 500"),
        (TransportFailure("timeout", "no answer", sent=True), "table", "warning", "was not read: no answer"),
    ],
)
def test_a_pin_is_there_and_of_its_type_or_that_is_told(
    result: Answer | TransportFailure, pin_type: str | None, verdict: str, said: str
) -> None:
    """Missing, forbidden and unread are told apart; the type is found where old and new pages show it."""
    finding = judge_pin("p-a", result, "sales", pin_type)
    assert (finding.verdict, finding.subject) == (verdict, "pin p-a")
    assert said in finding.message


@pytest.mark.parametrize(
    ("ahead_s", "verdict", "said"),
    [
        ([0.4, None], "ok", "agrees"),
        ([-3600.0, 29.0], "ok", "agrees"),
        ([31.0], "warning", "is 31 s ahead of the API's"),
        ([-301.0, -900.0], "failure", "is 301 s behind the API's"),
        ([None], "warning", "cannot be compared"),
    ],
)
def test_the_clock_is_held_against_the_apis(ahead_s: list[float | None], verdict: str, said: str) -> None:
    """By the nearest answer, for a cached one shows an old time; five minutes cost every signature."""
    (finding,) = judge_clock(ahead_s)
    assert finding.verdict == verdict
    assert said in finding.message
