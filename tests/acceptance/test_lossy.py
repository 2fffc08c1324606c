"""The real process where the disk goes with the instance: what it refuses, and what it makes its sender carry."""

from collections.abc import Callable

import httpx
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

COUNTING = MAPPING.replace("update:", "state: {paid: {count: [payment], every: day}}\nupdate:").replace(
    "  - source: stripe", "  - name: payment\n    source: stripe"
)
LITERAL = MAPPING.replace("""pin: "{{ 'p-' ~ key }}"\npins: ["p-*"]""", "pin: p-abc123def456")


def test_a_mapping_with_state_refuses_the_start(new_bridge: NewBridge) -> None:
    """Exit code 2, with the place, why, and what to do; the operator who knows is taken at his word."""
    bridge = new_bridge(COUNTING, K_SERVICE="pinbridge")
    refused = bridge.command("serve")
    assert refused.returncode == 2
    checked = bridge.command("validate")
    assert checked.returncode == 1
    for told in ("payments.yaml", "'state'", "Cloud Run (K_SERVICE is set)", "PINBRIDGE_ALLOW_LOSSY=1"):
        assert told in refused.stderr
        assert told in checked.stderr
    lines = checked.stderr.splitlines()
    assert lines[lines.index(next(line for line in lines if "| state:" in line)) + 1].endswith("| ^")

    allowed = new_bridge(COUNTING, K_SERVICE="pinbridge", PINBRIDGE_ALLOW_LOSSY="1")
    allowed.start()
    assert post(allowed.url, payment("evt_1")).status_code == 202
    (line,) = allowed.lines("disk_does_not_last")
    assert "PINBRIDGE_DELIVERY=inline" in line["act"]
    assert allowed.command("validate").returncode == 0


def test_a_reload_with_the_first_state_is_refused(new_bridge: NewBridge) -> None:
    """What runs goes on, and /readyz says why."""
    bridge = new_bridge(MAPPING, K_SERVICE="pinbridge")
    bridge.start()
    (bridge.mappings / "payments.yaml").write_text(COUNTING)
    eventually(lambda: bool(bridge.lines("reload_refused")))
    ready = httpx.get(f"{bridge.url}/readyz", timeout=5)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert "PINBRIDGE_ALLOW_LOSSY=1" in ready.json()["errors"][0]
    assert post(bridge.url, payment("evt_1")).status_code == 202


def test_what_is_not_shown_is_left_to_its_senders_retries(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """503 and not 202; the retry is no new event, and is answered 200 once the pin shows it, and not before."""
    bridge = new_bridge(MAPPING, K_SERVICE="pinbridge", PINBRIDGE_DELIVERY="inline")
    bridge.start()
    assert post(bridge.url, payment("evt_1", turn=1)).status_code == 200
    sandbox.fault(kind="status", status=429, retry_after_s=10, method="PUT", times=1)
    for _ in range(2):
        put_off = post(bridge.url, payment("evt_2", turn=2))
        assert (put_off.status_code, put_off.json()["error"]["code"]) == (503, "not_delivered")
        assert int(put_off.headers["retry-after"]) > 0
    eventually(lambda: sandbox.values("p-shop") == ["2", "€20.00"])
    again = post(bridge.url, payment("evt_2", turn=2))
    assert (again.status_code, again.json()) == (200, {"id": "evt_2", "status": "duplicate"})
    assert bridge.rows("SELECT count(*) FROM events") == [(2,)]


def test_what_was_put_off_outlives_the_instance_with_its_sender(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The disk goes with the instance, and so does the event; its retry is a new one, is shown, and counts once."""
    bridge = new_bridge(MAPPING, K_SERVICE="pinbridge", PINBRIDGE_DELIVERY="inline")
    bridge.start()
    sandbox.fault(kind="status", status=429, retry_after_s=60, method="PUT", times=1)
    assert post(bridge.url, payment("evt_1", turn=1)).status_code == 503
    bridge.kill()
    for path in bridge.database.parent.glob("pinbridge.db*"):
        path.unlink()
    assert sandbox.values("p-shop") == []

    bridge.start()
    again = post(bridge.url, payment("evt_1", turn=1))

    assert (again.status_code, again.json()["status"]) == (200, "accepted")
    assert sandbox.values("p-shop") == ["1", "€20.00"]
    assert post(bridge.url, payment("evt_1", turn=1)).json()["status"] == "duplicate"


def test_a_retry_that_an_instance_still_knows_is_not_told_that_it_is_shown(
    new_bridge: NewBridge, sandbox: Sandbox
) -> None:
    """Where a container is started again on the same disk: 503 as long as the pin does not take it, counted once."""
    bridge = new_bridge(MAPPING, K_SERVICE="pinbridge", PINBRIDGE_DELIVERY="inline")
    bridge.start()
    sandbox.fault(kind="status", status=404, method="PUT")
    assert post(bridge.url, payment("evt_1", turn=1)).status_code == 503
    bridge.kill()
    bridge.start()
    for _ in range(2):
        again = post(bridge.url, payment("evt_1", turn=1))
        assert (again.status_code, again.json()["error"]["code"]) == (503, "not_delivered")
    assert bridge.rows("SELECT count(*) FROM events") == [(1,)]


def test_what_moves_no_pin_is_no_matter_of_retries(new_bridge: NewBridge) -> None:
    """Nothing of it is to be shown, so nothing is lost with it."""
    bridge = new_bridge(MAPPING, K_SERVICE="pinbridge", PINBRIDGE_DELIVERY="inline")
    bridge.start()
    assert post(bridge.url, payment("evt_usd", currency="usd")).status_code == 200
    (line,) = bridge.lines("disk_does_not_last")
    assert "put the database on a disk that lasts" in line["act"]


def test_a_start_without_a_past_blanks_no_pin(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The database is new with each instance, and the dashboard is not: a pin is left alone until an event moves it."""
    bridge = new_bridge(LITERAL, K_SERVICE="pinbridge", PINBRIDGE_DELIVERY="inline")
    bridge.start()
    assert post(bridge.url, payment("evt_1", turn=8)).status_code == 200
    assert sandbox.values("p-abc123def456") == ["8", "€20.00"]
    assert bridge.terminate() == 0
    for path in bridge.database.parent.glob("pinbridge.db*"):
        path.unlink()
    bridge.start()
    assert post(bridge.url, payment("evt_2", turn=9)).status_code == 200
    assert sandbox.values("p-abc123def456") == ["9", "€20.00"]
    assert len(sandbox.writes()) == 2
