"""`/api/flush` on the real process: it answers once what is due is sent, or says what is left and why."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from support.processes import MAPPING, BridgeProcess, Sandbox, payment, post

NewBridge = Callable[..., BridgeProcess]
TOKEN = "a-token-for-this-test"


def flush(bridge: BridgeProcess) -> dict[str, Any]:
    """Post to it as a scheduler would."""
    answer = httpx.post(f"{bridge.url}/api/flush", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    assert answer.status_code == 200, answer.text
    flushed: dict[str, Any] = answer.json()
    return flushed


def test_a_flush_answers_once_what_is_due_is_sent(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Also what is tried again meanwhile; nothing due is told at once."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    sandbox.fault(kind="slow", delay_s=1, method="PUT", pin="p-slow")
    sandbox.fault(kind="status", status=500, method="PUT", pin="p-failing", times=1)
    for key in ("slow", "failing", "plain"):
        post(bridge.url, payment(f"evt_{key}", key=key, turn=4))
    assert flush(bridge)["due"] == 0
    assert {key: sandbox.values(f"p-{key}")[0] for key in ("slow", "failing", "plain")} == {
        "slow": "4",
        "failing": "4",
        "plain": "4",
    }
    began_at = time.monotonic()
    assert flush(bridge) == {"updated": 0, "due": 0, "pins": []}
    assert time.monotonic() - began_at < 2


def test_what_is_left_is_told_with_its_reason(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Parked, at rest, or short of budget; and no token, no flush."""
    bridge = new_bridge(
        MAPPING.replace("min_interval: 0s", "min_interval: 1h"), PINBRIDGE_ADMIN_TOKEN=TOKEN, PINBRIDGE_RATE="4/10m"
    )
    bridge.start()
    sandbox.fault(kind="status", status=404, method="PUT", pin="p-gone")
    for number, key in enumerate(("gone", "resting", "resting", "waiting")):
        post(bridge.url, payment(f"evt_{number}", key=key, turn=number))
        flush(bridge)
    flushed = flush(bridge)
    assert {pin["pin"]: (pin["state"], pin["mapping"]) for pin in flushed["pins"]} == {
        "p-gone": ("parked", "payments"),
        "p-resting": ("resting", "payments"),
        "p-waiting": ("due", "payments"),
    }
    assert (flushed["updated"], flushed["due"]) == (0, 3)
    whys = {pin["pin"]: pin["why"] for pin in flushed["pins"]}
    assert "pinbridge parked" in whys["p-gone"]
    assert "min_interval" in whys["p-resting"]
    assert "the budget is spent" in whys["p-waiting"]
    assert httpx.post(f"{bridge.url}/api/flush", timeout=5).status_code == 401


def test_the_command_flushes_the_bridge_that_runs_here(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """And says so where none does."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="status", status=404, method="PUT", pin="p-gone")
    post(bridge.url, payment("evt_1", key="gone"))
    flushed = bridge.command("flush", "--json")
    assert (flushed.returncode, json.loads(flushed.stdout)["due"]) == (0, 1)
    told = bridge.command("flush").stdout
    assert "updated: 0, still due: 1" in told
    assert "p-gone (payments): it is parked" in told
    assert bridge.terminate() == 0
    alone = bridge.command("flush")
    assert alone.returncode == 1
    assert "no bridge runs on this database" in alone.stderr
