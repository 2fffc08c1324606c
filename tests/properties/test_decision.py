"""Laws of the decision table: it is total, its delays are bounded, a 2xx never parks."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bridge.outbound.answer import Answer, FailureKind, TransportFailure, read_answer
from bridge.outbound.decision import Decision, History, decide

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CODES = [
    "",
    "VALIDATION_FAILED",
    "PIN_CONFIG_INVALID",
    "UNAUTHORIZED",
    "SCOPE_REQUIRED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "RATE_LIMITED",
    "INTERNAL_SERVER_ERROR",
    "UNHEARD_OF",
]
KINDS: list[FailureKind] = ["connect", "timeout", "broken", "stopped"]
fractions = st.floats(min_value=0, max_value=1, exclude_max=True)
histories = st.builds(History, failures=st.integers(0, 100_000), others_delivered=st.booleans())
answers = st.builds(
    Answer,
    status=st.integers(100, 599),
    code=st.sampled_from(CODES),
    message=st.text(max_size=20),
    success=st.sampled_from([True, False, None]),
    readable=st.booleans(),
    retry_after_s=st.none() | st.floats(min_value=0, max_value=3600),
)
failures = st.builds(TransportFailure, st.sampled_from(KINDS), st.text(min_size=1, max_size=20), sent=st.booleans())


def check_laws(decision: Decision, history: History) -> None:
    """Hold what every decision must hold."""
    assert decision.reason
    assert 0 <= decision.rest_s <= 300
    assert decision.pause_s is None or 0 <= decision.pause_s <= 3600
    assert decision.failures in {0, history.failures, history.failures + 1}
    if decision.next == "delivered":
        assert (decision.failures, decision.act, decision.key) == (0, "nobody", "accepted")
    if decision.next == "doubt":
        assert decision.rest_s >= 20
    if decision.next == "retry":
        assert decision.rest_s >= 1 or decision.key in {"refused", "slowed"}
    assert (decision.next == "parked") == (decision.probe_after_s is not None)
    assert decision.next == "parked" or decision.new_content_after_s is None
    assert decision.key not in {"refused", "slowed"} or decision.failures == history.failures


def test_every_status_with_every_code_is_decided() -> None:
    """All of 100 to 599, exhaustively, at the attempts where the table turns."""
    for status in range(100, 600):
        for code in CODES:
            for attempts in (0, 8, 9, 10, 5000):
                for others_delivered in (False, True):
                    history = History(failures=attempts, others_delivered=others_delivered)
                    decision = decide(Answer(status=status, code=code), history, lambda: 0.5)
                    check_laws(decision, history)
                    assert (decision.status, decision.code) == (status, code)
                    assert (decision.next == "delivered") == (200 <= status < 300)


@given(answers, histories, fractions)
def test_any_answer_is_decided_within_the_laws(answer: Answer, history: History, fraction: float) -> None:
    """Whatever the envelope says."""
    decision = decide(answer, history, lambda: fraction)
    check_laws(decision, history)
    if 200 <= answer.status < 300:
        assert decision.next in {"delivered", "doubt"}
    else:
        assert decision.next != "delivered"


@given(failures, histories, fractions)
def test_any_failure_is_decided_within_the_laws(failure: TransportFailure, history: History, fraction: float) -> None:
    """What may have been applied is in doubt, or parked after many attempts; it is never taken for delivered."""
    decision = decide(failure, history, lambda: fraction)
    check_laws(decision, history)
    assert decision.next != "delivered"
    if failure.sent:
        assert decision.next in {"doubt", "parked"}


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=40)),
    st.binary(max_size=80) | st.text(max_size=80).map(lambda text: f'{{"error": "{text}", "success": false}}'.encode()),
    histories,
)
def test_whatever_bytes_come_back_are_read_and_decided(
    status: int, headers: dict[str, str], body: bytes, history: History
) -> None:
    """Nothing that a server sends raises."""
    answer = read_answer(status, headers, body, NOW)
    assert answer.message.isprintable()
    assert len(answer.message) <= 300
    check_laws(decide(answer, history, lambda: 0.5), history)
