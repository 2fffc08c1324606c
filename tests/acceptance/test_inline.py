"""Inline mode on the real process: the answer says whether the pins took the event, and never longer than may be."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

SLOW_PACE = MAPPING.replace("min_interval: 0s", "min_interval: 1h")


@pytest.fixture
def inline(new_bridge: NewBridge) -> Callable[..., BridgeProcess]:
    """Give a function that starts a bridge in inline mode."""

    def start(mapping: str = SLOW_PACE, **settings: str) -> BridgeProcess:
        bridge = new_bridge(mapping, PINBRIDGE_DELIVERY="inline", **settings)
        bridge.start()
        return bridge

    return start


def timed(url: str, body: bytes) -> tuple[httpx.Response, float]:
    """Deliver a webhook; gives the answer and how long it took."""
    began_at = time.monotonic()
    answer = post(url, body)
    return answer, time.monotonic() - began_at


def test_each_answer_comes_after_its_pin_took_the_event(inline: NewBridge, sandbox: Sandbox) -> None:
    """Whatever `min_interval` says; a repeated delivery is answered 200 at once, and sent no more."""
    bridge = inline()
    for turn in (1, 2, 3):
        answer = post(bridge.url, payment(f"evt_{turn}", turn=turn))
        assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
        assert sandbox.values("p-shop") == [str(turn), "€20.00"]
    again = post(bridge.url, payment("evt_3", turn=3))
    assert (again.status_code, again.json()) == (200, {"id": "evt_3", "status": "duplicate"})
    assert len(sandbox.writes()) == 3


def test_what_moves_no_pin_is_answered_at_once(inline: NewBridge, sandbox: Sandbox) -> None:
    """An event that matches nothing, and one that is older than what the pin shows."""
    bridge = inline()
    assert post(bridge.url, payment("evt_usd", currency="usd")).status_code == 200
    assert post(bridge.url, payment("evt_new", turn=5)).status_code == 200
    older, took_s = timed(bridge.url, payment("evt_old", turn=4))
    assert older.status_code == 200
    assert took_s < 2
    assert len(sandbox.writes()) == 1


def test_many_webhooks_of_one_pin_share_its_updates(inline: NewBridge, sandbox: Sandbox) -> None:
    """While one update is under way the others gather behind it; each is answered once what it said is shown."""
    bridge = inline()
    sandbox.fault(kind="slow", method="PUT", delay_s=0.3)
    with ThreadPoolExecutor(40) as senders:
        bodies = [payment(f"evt_{turn}", turn=turn) for turn in range(1, 41)]
        answers = list(senders.map(partial(post, bridge.url), bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sandbox.values("p-shop") == ["40", "€20.00"]
    assert len(sandbox.writes()) <= 6


def test_a_slow_update_is_waited_for(inline: NewBridge, sandbox: Sandbox) -> None:
    """As long as its sender waits."""
    bridge = inline()
    sandbox.fault(kind="slow", method="PUT", delay_s=3, times=1)
    answer, took_s = timed(bridge.url, payment("evt_1"))
    assert answer.status_code == 200
    assert took_s > 3


def test_an_update_that_hangs_is_answered_202_within_the_deadline(inline: NewBridge, sandbox: Sandbox) -> None:
    """It is stored and still to be sent; the retry is answered by what is known then, and does not send beside it."""
    bridge = inline()
    sandbox.fault(kind="hang", method="PUT", times=1)
    answer, took_s = timed(bridge.url, payment("evt_1", turn=7))
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert 7.5 < took_s < 9
    again, took_s = timed(bridge.url, payment("evt_1", turn=7))
    assert (again.status_code, again.json()["status"]) == (202, "duplicate")
    assert 7.5 < took_s < 9
    assert len(sandbox.writes()) == 1
    eventually(lambda: sandbox.values("p-shop") == ["7", "€20.00"], within_s=60)
    assert post(bridge.url, payment("evt_1", turn=7)).status_code == 200


def test_the_sources_own_deadline_is_kept(inline: NewBridge, sandbox: Sandbox, new_bridge: NewBridge) -> None:
    """A second before it ends."""
    new_bridge().mappings.joinpath("sources.yaml").write_text("stripe: {deadline: 3s}")
    bridge = inline()
    sandbox.fault(kind="hang", method="PUT", times=1)
    answer, took_s = timed(bridge.url, payment("evt_1"))
    assert answer.status_code == 202
    assert 1.5 < took_s < 3


def test_a_failure_that_passes_is_tried_again_before_the_answer(inline: NewBridge, sandbox: Sandbox) -> None:
    """500, and a request to go slower that ends in time."""
    bridge = inline()
    sandbox.fault(kind="status", status=500, method="PUT", times=1)
    assert post(bridge.url, payment("evt_1", turn=1)).status_code == 200
    sandbox.fault(kind="status", status=429, retry_after_s=2, method="PUT", times=1)
    answer, took_s = timed(bridge.url, payment("evt_2", turn=2))
    assert answer.status_code == 200
    assert took_s > 2
    assert sandbox.values("p-shop") == ["2", "€20.00"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401, "code": "UNAUTHORIZED"},
        {"status": 429, "retry_after_s": 60},
        {"status": 404, "code": "NOT_FOUND"},
        {"status": 400, "code": "VALIDATION_FAILED"},
    ],
)
def test_what_cannot_be_sent_in_time_is_answered_202_at_once(
    inline: NewBridge, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    """The key is refused or paused for longer, or the pin is parked: nobody waits for what cannot come."""
    bridge = inline()
    sandbox.fault(kind="status", method="PUT", **fault)
    for turn in (1, 2):
        answer, took_s = timed(bridge.url, payment(f"evt_{turn}", turn=turn))
        assert answer.status_code == 202
        assert took_s < 3
    assert len(sandbox.writes()) == 1


def test_the_budget_is_not_exceeded_for_who_waits(inline: NewBridge, sandbox: Sandbox) -> None:
    """Once it is spent for longer than anybody waits, 202 at once; a repeated delivery is answered by the pin."""
    bridge = inline(PINBRIDGE_RATE="4/60s")
    answers = [timed(bridge.url, payment(f"evt_{turn}", turn=turn)) for turn in (1, 2, 3, 4)]
    assert [answer.status_code for answer, _ in answers] == [200, 200, 202, 202]
    assert max(took_s for _, took_s in answers) < 3
    assert post(bridge.url, payment("evt_3", turn=3)).status_code == 202
    assert len(sandbox.writes()) == 2


def test_a_parked_pin_holds_up_no_other_of_the_event(inline: NewBridge, sandbox: Sandbox) -> None:
    """The pins that can take it have it before the answer, which is 202 for the one that cannot."""
    both = SLOW_PACE.replace("p-' ~ key", "p-copy-' ~ key").replace("p-*", "p-copy-*")
    bridge = inline()
    (bridge.mappings / "copies.yaml").write_text(both)
    eventually(lambda: bool(bridge.lines("reloaded")))
    sandbox.fault(kind="status", status=404, method="PUT", pin="p-shop")
    sandbox.fault(kind="slow", delay_s=1, method="PUT", pin="p-copy-shop")
    answer = post(bridge.url, payment("evt_1", turn=6))
    assert answer.status_code == 202
    assert sandbox.values("p-copy-shop") == ["6", "€20.00"]


def test_a_crash_before_the_answer_leaves_the_retry_to_carry_it(inline: NewBridge, sandbox: Sandbox) -> None:
    """What was committed counts once; the sender's retry is a duplicate, and is answered 200 once it is shown."""
    bridge = inline()
    sandbox.fault(kind="slow", method="PUT", delay_s=2, times=1)
    with ThreadPoolExecutor(1) as senders:
        sending = senders.submit(post, bridge.url, payment("evt_1", turn=3))
        eventually(lambda: len(sandbox.writes()) == 1)
        bridge.kill()
        assert isinstance(sending.exception(), httpx.TransportError)
    bridge.start()
    again = post(bridge.url, payment("evt_1", turn=3))
    assert again.json() == {"id": "evt_1", "status": "duplicate"}
    # The outcome of the first request is in doubt, which rests the pin for longer than anybody waits.
    assert again.status_code == 202
    assert bridge.rows("SELECT count(*) FROM events") == [(1,)]


def test_who_waits_is_answered_before_the_process_ends(inline: NewBridge, sandbox: Sandbox) -> None:
    """SIGTERM while an update hangs: 202 within the grace, and exit code 0."""
    bridge = inline()
    sandbox.fault(kind="hang", method="PUT", times=1)
    with ThreadPoolExecutor(1) as senders:
        sending = senders.submit(post, bridge.url, payment("evt_1"))
        eventually(lambda: len(sandbox.writes()) == 1)
        asked_at = time.monotonic()
        assert bridge.process is not None
        bridge.process.send_signal(signal.SIGTERM)
        assert sending.result().status_code == 202
        assert time.monotonic() - asked_at < 3
    assert bridge.process.wait(15) == 0
    assert time.monotonic() - asked_at < 10


def test_the_background_answers_before_anything_is_sent(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The default: 202, at once, also while the update hangs."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="hang", method="PUT", times=1)
    answer, took_s = timed(bridge.url, payment("evt_1"))
    assert answer.status_code == 202
    assert took_s < 2
