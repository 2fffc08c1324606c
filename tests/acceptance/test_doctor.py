"""`pinbridge doctor` against a real sandbox: the key, the pins, and what is asked of the API."""

import json
from collections.abc import Callable
from typing import Any

from support.processes import KEY, BridgeProcess, Sandbox

NewBridge = Callable[..., BridgeProcess]

MAPPING = """
pin: p-sales
type: stat-cards
triggers: [{source: stripe}]
update: {metadata: {title: Sales}}
"""


def examined(bridge: BridgeProcess, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run it; gives the exit code, and the verdict with the message of each check."""
    ended = bridge.command("doctor", "--json", *options)
    findings: list[dict[str, Any]] = json.loads(ended.stdout)
    return ended.returncode, {each["subject"]: (each["verdict"], each["message"]) for each in findings}


def requests(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Give the method and the pin of each request that arrived."""
    listed = sandbox.http.get("/_sandbox/requests").json()["requests"]
    return [(each["method"], each["pin"]) for each in listed]


def test_all_is_well(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Nothing fails, exit 0; each pin was read once, and nothing was written."""
    sandbox.http.put("/_sandbox/pins/p-sales", json={"pin_type": "stat-cards"}).raise_for_status()
    code, findings = examined(new_bridge(MAPPING))
    assert [name for name, (verdict, _) in findings.items() if verdict == "failure"] == []
    assert code == 0
    assert findings["pin p-sales"] == ("ok", "is there, of type stat-cards, as payments says")
    assert findings["source stripe"] == ("ok", "its secret is set")
    assert findings["clock"][0] == "ok"
    assert findings["bridge"] == ("ok", "does not run on this database now")
    assert requests(sandbox) == [("GET", "p-sales")]


def test_a_running_bridge_is_found(new_bridge: NewBridge) -> None:
    """With its address."""
    bridge = new_bridge(MAPPING)
    bridge.start()
    assert examined(bridge, "--offline")[1]["bridge"] == ("ok", f"runs here, at {bridge.url}")


def test_beside_its_own_sandbox_no_key_is_needed(new_bridge: NewBridge) -> None:
    """A bridge that runs with `--sandbox` writes nowhere else; one that does not run has no such excuse."""
    bridge = new_bridge(MAPPING, PINDOWN_API_KEY="")
    code, findings = examined(bridge)
    assert (code, findings["API key"]) == (1, ("failure", "PINDOWN_API_KEY is not set"))
    bridge.start("--sandbox")
    code, findings = examined(bridge)
    assert (code, findings["API key"][0]) == (0, "ok")
    assert f"sends to its sandbox, {bridge.url}/sandbox/" in findings["API key"][1]


def test_a_pin_of_another_type_and_one_that_is_missing_fail(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Each with what to do; exit 1."""
    bridge = new_bridge(MAPPING)
    code, findings = examined(bridge)
    assert (code, findings["pin p-sales"][0]) == (1, "failure")
    assert "is not there" in findings["pin p-sales"][1]
    assert findings["API key"][0] == "ok"
    sandbox.http.put("/_sandbox/pins/p-sales", json={"pin_type": "table"}).raise_for_status()
    ended = bridge.command("doctor")
    assert ended.returncode == 1
    assert "is of type table, and payments says stat-cards; change `type`" in ended.stdout


def test_a_key_without_the_scope_to_read_is_a_warning(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The bridge can do without; a key that is refused fails, and no further pin is asked for."""
    sandbox.http.put("/_sandbox/keys", json={KEY: ["pins:write"]}).raise_for_status()
    code, findings = examined(new_bridge(MAPPING))
    assert (code, findings["API key"][0]) == (0, "warning")
    assert "SCOPE_REQUIRED" in findings["API key"][1]
    code, findings = examined(new_bridge(MAPPING, PINDOWN_API_KEY="pk_other"))
    assert (code, findings["API key"][0]) == (1, "failure")
    assert "is refused: 401" in findings["API key"][1]
    assert len(requests(sandbox)) == 2


def test_what_goes_wrong_with_the_api_ends_the_asking(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """A page in the place of the API, and one that breaks the connection."""
    sandbox.fault(kind="garbage", times=1)
    bridge = new_bridge(MAPPING)
    code, findings = examined(bridge)
    assert (code, findings["API key"][0]) == (1, "failure")
    assert "is not the API: 200 <!doctype html>" in findings["API key"][1]
    sandbox.fault(kind="reset", times=1)
    assert "does not answer: the connection broke" in examined(bridge)[1]["API key"][1]


def test_offline_asks_nothing(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """And says so."""
    code, findings = examined(new_bridge(MAPPING), "--offline")
    assert (code, findings["API key"]) == (0, ("ok", "is set; nothing was asked of the API (--offline)"))
    assert requests(sandbox) == []


def test_what_is_missing_or_wrong_is_told_line_by_line(new_bridge: NewBridge) -> None:
    """A secret, the key, a mapping that does not load, a folder that is not there, a word that is no setting."""
    code, findings = examined(new_bridge(MAPPING, STRIPE_WEBHOOK_SECRET="", PINDOWN_API_KEY="", PINBRIDGE_RATES="1"))
    assert code == 1
    assert findings["source stripe"] == ("failure", "STRIPE_WEBHOOK_SECRET is not set")
    assert findings["API key"] == ("failure", "PINDOWN_API_KEY is not set")
    assert findings["PINBRIDGE_RATES"][0] == "warning"
    code, findings = examined(new_bridge("pn: p-a\n", PINBRIDGE_DATABASE="sqlite:////no/such/folder/a.db"), "--offline")
    assert (code, findings["mappings"][0], findings["database"][0]) == (1, "failure", "failure")
    assert "payments.yaml:1:1: " in findings["mappings"][1]
    code, findings = examined(new_bridge(MAPPING, PORT="http"))
    assert (code, findings["PORT"][0]) == (1, "failure")
