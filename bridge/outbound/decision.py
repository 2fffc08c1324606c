"""What follows from an answer of the API, or from none: one pure, total table.

A pin's own troubles are the pin's: it backs off, or is parked with the API's words. What the
API says of the key (401, a missing scope, too fast) pauses the key and leaves the pin as it
was. Only a confirmed 2xx delivers; a 2xx never parks.

Statuses and codes: https://docs.pindown.ai (Update Pin, "Error Responses"; the 2025 server
answers 500 for its own permanent failures too, hence the bound on attempts).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bridge.outbound.answer import Answer, TransportFailure
from bridge.store import DOUBT_REST_S

BACKOFF_MIN_S = 1.0
BACKOFF_MAX_S = 300.0
MAX_ATTEMPTS = 10
PROBE_EVERY_S = 3600.0
NEW_CONTENT_EVERY_S = 300.0

Next = Literal["delivered", "retry", "doubt", "parked"]
KeyVerdict = Literal["accepted", "refused", "slowed", "unheard"]
Actor = Literal["nobody", "author", "operator", "destination"]

_KEY_REFUSED = frozenset({401, 402, 407})
"""Bad key; no plan for it; a proxy that wants a password: no pin of the key can pass."""
_CONTENT_REFUSED = frozenset({400, 413, 415, 422})
"""Another body may pass."""
_PASSING = frozenset({408, 409, 421, 423, 425})
"""4xx that speak of the moment, not of the request."""
_SERVER_IS_DONE = frozenset({500, 501, 503, 505})
"""5xx of the server itself. Any other may be a gateway that gave up on a server still at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the pin had behind it when the request went out.

    `failures` counts its failed attempts since its last delivery. `others_delivered`: other pins
    of the key were delivered since this one began to fail.
    """

    failures: int
    others_delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happens to the pin and to the key, why, and who must act.

    `rest_s` is how long the pin is not sent (0: its `min_interval` alone). A parked pin is probed
    after `probe_after_s`, and, where `new_content_after_s` is given, may be sent with new
    content after that. `pause_s` is the pause that the API asked for the whole key, if it did.
    `reason` is for people: at most the API's words, never a secret.
    """

    next: Next
    key: KeyVerdict
    act: Actor
    reason: str
    failures: int
    rest_s: float = 0.0
    probe_after_s: float | None = None
    new_content_after_s: float | None = None
    pause_s: float | None = None
    status: int | None = None
    code: str = ""


def decide(result: Answer | TransportFailure, history: History, random: Callable[[], float]) -> Decision:
    """Decide what follows; `random` gives numbers in [0, 1) for the jitter."""
    if isinstance(result, TransportFailure):
        return _after_failure(result, history, random)
    decision = _after_answer(result, history, random)
    return replace(decision, status=result.status, code=result.code)


def backoff_s(attempt: int, random: Callable[[], float]) -> float:
    """Give a wait with full jitter: 1 s up to 2, 4, 8 … s by the attempt (from 1), at most 5 minutes."""
    longest = min(BACKOFF_MAX_S, 2.0 ** min(attempt, 16))
    return BACKOFF_MIN_S + random() * (longest - BACKOFF_MIN_S)


def _after_failure(failure: TransportFailure, history: History, random: Callable[[], float]) -> Decision:
    if failure.kind == "stopped":
        return Decision(
            next="doubt",
            key="unheard",
            act="nobody",
            reason=failure.message,
            failures=history.failures,
            rest_s=DOUBT_REST_S,
            code=failure.kind,
        )
    decision = _passing("destination", failure.message, history, random)
    if failure.sent:
        decision = _in_doubt(decision)
    return replace(decision, key="unheard", code=failure.kind)


def _after_answer(answer: Answer, history: History, random: Callable[[], float]) -> Decision:
    status, words = answer.status, _words(answer)
    if 200 <= status < 300:
        return _after_success(answer, history, random)
    if status in _KEY_REFUSED or (status == 403 and answer.code == "SCOPE_REQUIRED"):
        return _of_key("refused", f"the API refuses the key: {words}", answer, history)
    if status == 429:
        return _of_key("slowed", f"the API asks for fewer requests: {words}", answer, history)
    if status in _CONTENT_REFUSED:
        return _parked("author", words, history, new_content_after_s=NEW_CONTENT_EVERY_S)
    if 400 <= status < 500 and status not in _PASSING:
        return _parked("operator", words, history)
    return _after_passing_answer(answer, words, history, random)


def _after_passing_answer(answer: Answer, words: str, history: History, random: Callable[[], float]) -> Decision:
    if 300 <= answer.status < 400:
        reason = f"the API's address redirects, which is not followed: {words}"
        return replace(_passing("operator", reason, history, random), key="unheard")
    decision = _passing("destination", words, history, random)
    if answer.status in _PASSING:
        return _no_earlier(decision, answer.retry_after_s)
    decision = _no_earlier(replace(decision, key="unheard"), answer.retry_after_s)
    return decision if answer.status in _SERVER_IS_DONE else _in_doubt(decision)


def _after_success(answer: Answer, history: History, random: Callable[[], float]) -> Decision:
    if answer.readable and answer.success is not False:
        return Decision(next="delivered", key="accepted", act="nobody", reason="delivered", failures=0)
    said = "says that the update failed" if answer.readable else "is none of the API's"
    words = answer.message or "no message"
    decision = _backing_off("destination", f"the answer {answer.status} {said}: {words}", history, random)
    return replace(_in_doubt(decision), key="accepted" if answer.readable else "unheard")


def _of_key(verdict: KeyVerdict, reason: str, answer: Answer, history: History) -> Decision:
    """Leave the pin as it was, due: the key is at fault."""
    return Decision(
        next="retry",
        key=verdict,
        act="operator" if verdict == "refused" else "nobody",
        reason=reason,
        failures=history.failures,
        pause_s=answer.retry_after_s if verdict == "slowed" else None,
    )


def _passing(act: Actor, reason: str, history: History, random: Callable[[], float]) -> Decision:
    """Back off; park after ten attempts if the key works for other pins meanwhile."""
    if history.failures + 1 >= MAX_ATTEMPTS and history.others_delivered:
        tried = f"{history.failures + 1} attempts failed while other pins were updated; the last: {reason}"
        return _parked(act, tried, history)
    return _backing_off(act, reason, history, random)


def _backing_off(act: Actor, reason: str, history: History, random: Callable[[], float]) -> Decision:
    failures = history.failures + 1
    return Decision(
        next="retry", key="accepted", act=act, reason=reason, failures=failures, rest_s=backoff_s(failures, random)
    )


def _parked(act: Actor, reason: str, history: History, *, new_content_after_s: float | None = None) -> Decision:
    return Decision(
        next="parked",
        key="accepted",
        act=act,
        reason=reason,
        failures=history.failures + 1,
        probe_after_s=PROBE_EVERY_S,
        new_content_after_s=new_content_after_s,
    )


def _no_earlier(decision: Decision, retry_after_s: float | None) -> Decision:
    if retry_after_s is None or decision.next == "parked":
        return decision
    return replace(decision, rest_s=max(decision.rest_s, min(retry_after_s, BACKOFF_MAX_S)))


def _in_doubt(decision: Decision) -> Decision:
    """The request may still be applied: nothing follows it before it has ended."""
    if decision.next == "parked":
        return decision
    return replace(decision, next="doubt", rest_s=max(decision.rest_s, DOUBT_REST_S))


def _words(answer: Answer) -> str:
    """Give the API's words: `404 NOT_FOUND: Pin not found`."""
    head = f"{answer.status} {answer.code}".rstrip()
    return f"{head}: {answer.message}" if answer.message else head
