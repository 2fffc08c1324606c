"""The internal source: a real process shows its own trouble on a pin."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

SHIPPED = Path(__file__).resolve().parents[2] / "mappings" / "pinbridge-trouble.yaml"
TROUBLE = "p-bridge-trouble"


@pytest.fixture
def bridge(new_bridge: NewBridge) -> BridgeProcess:
    """Prepare a bridge with the mapping that is shipped, updated as often as it changes."""
    bridge = new_bridge()
    shutil.copy(SHIPPED, bridge.mappings)
    text = (bridge.mappings / SHIPPED.name).read_text()
    (bridge.mappings / SHIPPED.name).write_text(text + "\ndeliver: {min_interval: 0s}\n")
    return bridge


def title(sandbox: Sandbox) -> str:
    """Give the title that the pin shows."""
    answer = sandbox.http.get(f"/v1/pins/{TROUBLE}")
    return "" if answer.status_code == 404 else str(answer.json()["data"]["metadata"]["title"])


def rows(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Give what the pin's rows say: what, and why."""
    config: Any = sandbox.http.get(f"/v1/pins/{TROUBLE}").json()["data"]["metadata"]["pin_config"]
    return [(row["subject"], row["reason"]) for row in config["rows"]]


def told(bridge: BridgeProcess) -> list[tuple[str, str]]:
    """Give the events of the bridge itself, oldest first: type, and what it is about."""
    found = bridge.rows("SELECT type, body FROM events WHERE source = 'pinbridge' ORDER BY number")
    return [(kind, json.loads(body)["subject"]) for kind, body in found]


def test_a_parked_pin_comes_and_goes(bridge: BridgeProcess, sandbox: Sandbox) -> None:
    """With the reason, as long as it is parked; a retry that fails again tells nothing new."""
    bridge.start()
    eventually(lambda: title(sandbox) == "The bridge is well")
    sandbox.fault(kind="status", status=404, pin="p-gone", code="NOT_FOUND", message="Pin not found", times=2)
    post(bridge.url, payment("evt_1", key="gone"))
    eventually(lambda: title(sandbox) == "1 thing wants somebody")
    assert rows(sandbox) == [("pin p-gone", "404 NOT_FOUND: Pin not found")]
    assert bridge.command("retry").returncode == 0
    eventually(lambda: len(bridge.lines("pin_parked")) == 2)
    assert bridge.command("retry").returncode == 0
    eventually(lambda: title(sandbox) == "The bridge is well")

    assert rows(sandbox) == []
    assert told(bridge) == [("pin.parked", "pin p-gone"), ("pin.recovered", "pin p-gone")]


def test_a_refused_reload_comes_and_goes(bridge: BridgeProcess, sandbox: Sandbox) -> None:
    """Told by the mappings that go on."""
    bridge.start()
    (bridge.mappings / "payments.yaml").write_text(MAPPING.replace("pin:", "pn:"))
    eventually(lambda: title(sandbox) == "1 thing wants somebody")
    ((subject, reason),) = rows(sandbox)
    assert subject == "mappings"
    assert "payments.yaml:2:1" in reason
    (bridge.mappings / "payments.yaml").write_text(MAPPING)
    eventually(lambda: title(sandbox) == "The bridge is well")
    assert [kind for kind, _ in told(bridge)] == ["reload.refused", "reload.taken"]


def test_nobody_can_post_there(bridge: BridgeProcess) -> None:
    """To senders it is no source at all, and what they send leaves no trace."""
    bridge.start()
    body = (SHIPPED.parent / "samples" / "pinbridge" / "pin-parked.json").read_bytes()
    posted = httpx.post(f"{bridge.url}/hooks/pinbridge", content=body, headers={"Content-Type": "application/json"})

    assert (posted.status_code, posted.json()["error"]["code"]) == (404, "unknown_source")
    assert httpx.get(f"{bridge.url}/hooks/pinbridge").status_code == 404
    assert told(bridge) == []


def test_the_commands_know_it(bridge: BridgeProcess) -> None:
    """`send` says what to do instead, `doctor` wants no secret, and `try` and `test` take it as any source."""
    bridge.start()
    sample = str(SHIPPED.parent / "samples" / "pinbridge" / "pin-parked.json")
    sent = bridge.command("send", "pinbridge", sample)
    examined = json.loads(bridge.command("doctor", "--offline", "--json").stdout)
    tried = bridge.command("try", str(bridge.mappings / SHIPPED.name), sample)

    assert sent.returncode == 2
    assert "pinbridge: is the bridge itself, to which nobody can post" in sent.stderr
    assert {"is the bridge itself, to which nobody can post"} == {
        finding["message"] for finding in examined if finding["subject"] == "source pinbridge"
    }
    assert (tried.returncode, "1 thing wants somebody" in tried.stdout) == (0, True)


def test_a_pin_that_these_events_feed_does_not_feed_itself(bridge: BridgeProcess, sandbox: Sandbox) -> None:
    """The pin that shows trouble is parked; that is no trouble to be shown by it."""
    bridge.start()
    eventually(lambda: title(sandbox) == "The bridge is well")
    sandbox.fault(kind="status", status=400, pin=TROUBLE)
    sandbox.fault(kind="status", status=404, pin="p-gone")
    post(bridge.url, payment("evt_1", key="gone"))
    eventually(lambda: len(bridge.lines("pin_parked")) == 2)
    sandbox.http.delete("/_sandbox/faults").raise_for_status()
    assert bridge.command("retry").returncode == 0
    eventually(lambda: len(told(bridge)) == 2)
    eventually(lambda: title(sandbox) == "The bridge is well" and rows(sandbox) == [])

    assert told(bridge) == [("pin.parked", "pin p-gone"), ("pin.recovered", "pin p-gone")]


def test_where_no_mapping_asks_nothing_is_kept(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The journal is for what somebody wants."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="status", status=404, pin="p-gone")
    post(bridge.url, payment("evt_1", key="gone"))
    post(bridge.url, payment("evt_2"))
    eventually(lambda: sandbox.values("p-shop") == ["1", "€20.00"] and bool(bridge.lines("pin_parked")))
    assert told(bridge) == []
