"""The whole way on real processes: a webhook is acked once it is stored, and its pin shows it."""

import json
import time
from collections.abc import Callable

import httpx
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post, signed

NewBridge = Callable[..., BridgeProcess]


def test_an_accepted_webhook_is_journalled_and_shown(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The answer names the mapping; the event is in the journal; the pin shows it."""
    bridge = new_bridge()
    bridge.start()
    answer = post(bridge.url, payment("evt_1", turn=7, cents=123456))
    assert answer.status_code == 202
    assert answer.json() == {"id": "evt_1", "number": 1, "status": "accepted", "mappings": ["payments"]}
    assert bridge.rows("SELECT id FROM events") == [("evt_1",)]
    eventually(lambda: sandbox.values("p-shop") == ["7", "€1,234.56"])


def test_a_repeated_delivery_counts_once(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The second delivery of one id is a duplicate, also after a restart."""
    bridge = new_bridge()
    bridge.start()
    body = payment("evt_1")
    assert post(bridge.url, body).status_code == 202
    again = post(bridge.url, body)
    assert (again.status_code, again.json()) == (200, {"id": "evt_1", "status": "duplicate"})
    assert bridge.terminate() == 0
    bridge.start()
    assert post(bridge.url, body).json()["status"] == "duplicate"
    assert bridge.rows("SELECT count(*) FROM events") == [(1,)]
    eventually(lambda: len(sandbox.writes()) == 1)


def test_a_forged_webhook_is_refused_and_leaves_no_trace(new_bridge: NewBridge) -> None:
    """A signature by another secret is a 401, and nothing is stored."""
    bridge = new_bridge()
    bridge.start()
    answer = post(bridge.url, payment("evt_1"), secret="whsec_other")
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"code", "message"}
    assert bridge.rows("SELECT count(*) FROM events") == [(0,)]
    assert bridge.rows("SELECT count(*) FROM seen") == [(0,)]


def test_two_thousand_events_become_few_updates(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """A pin is a view and no queue: one update at once, then one every five seconds, the last one right."""
    bridge = new_bridge(MAPPING.replace("deliver: {min_interval: 0s}", ""))
    bridge.start()
    began_at = time.monotonic()
    with httpx.Client(timeout=30) as http:
        for turn in range(1, 2001):
            body = payment(f"evt_{turn}", turn=turn)
            answer = http.post(f"{bridge.url}/hooks/stripe", content=body, headers=signed(body))
            assert answer.status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["2000", "€20.00"])
    assert bridge.rows("SELECT count(*) FROM events") == [(2000,)]
    assert len(sandbox.writes()) <= 2 + (time.monotonic() - began_at) / 5


def test_the_newest_event_wins_in_any_order(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """An older event that arrives later changes nothing on the pin."""
    bridge = new_bridge()
    bridge.start()
    for turn in (3, 1, 2):
        assert post(bridge.url, payment(f"evt_{turn}", turn=turn, cents=turn * 100)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["3", "€3.00"])


def test_a_poisoned_pin_delays_no_other(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """A pin that the service refuses is parked with the service's words; the others go on."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="status", status=400, pin="p-bad")
    assert post(bridge.url, payment("evt_1", key="bad")).status_code == 202
    for turn in range(1, 6):
        assert post(bridge.url, payment(f"evt_good{turn}", key="good", turn=turn)).status_code == 202
    eventually(lambda: sandbox.values("p-good") == ["5", "€20.00"])
    parked = bridge.command("parked", "--json")
    assert parked.returncode == 0, parked.stderr
    assert [pin["pin"] for pin in json.loads(parked.stdout)] == ["p-bad"]


def test_a_b_a_after_a_timeout_ends_with_a(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """B is applied though its answer never comes; the A that follows equals the last confirmed body, and is sent."""
    bridge = new_bridge()
    bridge.start()
    assert post(bridge.url, payment("evt_a", turn=1, version=1)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["1", "€20.00"])
    sandbox.fault(kind="hang", method="PUT", applied=True, times=1)
    assert post(bridge.url, payment("evt_b", turn=2, version=2)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["2", "€20.00"])
    assert post(bridge.url, payment("evt_a_again", turn=1, version=3)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["1", "€20.00"], within_s=60)


def test_sigterm_leaves_what_is_due_for_the_next_start(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """A bridge that is asked to end amid a request exits 0 within ten seconds; the next one delivers what was left."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="hang", method="PUT", times=1)
    assert post(bridge.url, payment("evt_1", turn=9)).status_code == 202
    eventually(lambda: len(sandbox.writes()) == 1)
    asked_at = time.monotonic()
    assert bridge.terminate() == 0
    assert time.monotonic() - asked_at < 10
    bridge.start()
    eventually(lambda: sandbox.values("p-shop") == ["9", "€20.00"], within_s=60)


def test_sigterm_amid_the_start_ends_it(new_bridge: NewBridge) -> None:
    """A signal is not lost between the first line that it says and the moment at which it takes webhooks."""
    bridge = new_bridge()
    for start in (1, 2, 3, 4):
        bridge.launch()
        eventually(lambda start=start: len(bridge.lines("listening")) == start)  # type: ignore[misc]  # of this start
        assert bridge.terminate() == 0
