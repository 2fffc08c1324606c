"""The commands as a user runs them: what they print, where it goes, and how they exit."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from support.processes import BridgeProcess, Sandbox, eventually, payment, post, run

NewBridge = Callable[..., BridgeProcess]


def test_serve_without_a_key_names_the_sandbox(tmp_path: Path) -> None:
    """It exits 2 before it opens anything."""
    ended = run("serve", PINBRIDGE_MAPPINGS=str(tmp_path), PINBRIDGE_DATABASE=f"sqlite:///{tmp_path / 'a.db'}")
    assert ended.returncode == 2
    assert "PINDOWN_API_KEY" in ended.stderr
    assert "--sandbox" in ended.stderr
    assert not (tmp_path / "a.db").exists()


def test_serve_names_every_unreadable_setting() -> None:
    """All of them in one go, exit 2."""
    ended = run("serve", PORT="http", PINBRIDGE_RATE="many")
    assert ended.returncode == 2
    assert "PORT: " in ended.stderr
    assert "PINBRIDGE_RATE: " in ended.stderr


def test_serve_refuses_a_source_without_a_secret(new_bridge: NewBridge) -> None:
    """The message names the variable to set."""
    ended = new_bridge(STRIPE_WEBHOOK_SECRET="").command("serve")
    assert ended.returncode == 2
    assert "set STRIPE_WEBHOOK_SECRET" in ended.stderr


def test_serve_refuses_a_port_that_is_taken(new_bridge: NewBridge) -> None:
    """The message names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = new_bridge(PORT=str(port)).command("serve")
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr


def test_a_second_serve_on_one_database_names_the_first(new_bridge: NewBridge) -> None:
    """One process writes an SQLite database; the second waits, then exits 2."""
    bridge = new_bridge()
    bridge.start()
    ended = bridge.command("serve")
    assert ended.returncode == 2
    assert bridge.process is not None
    assert f"in use by the process {bridge.process.pid}" in ended.stderr


def test_a_second_serve_takes_over_when_the_first_ends(new_bridge: NewBridge) -> None:
    """On the same address and database, as where a new release is rolled out: it waits and then begins."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bridge = new_bridge(PORT=str(port))
    bridge.start()
    first = bridge.process
    assert first is not None
    ended = threading.Timer(2, first.terminate)
    ended.start()
    bridge.start(waits_for=first)
    assert first.wait(10) == 0
    assert post(bridge.url, payment("evt_1")).status_code == 202


def test_serve_sandbox_draws_its_pins(new_bridge: NewBridge) -> None:
    """Without a key pins go to the mounted sandbox, whose board shows them."""
    bridge = new_bridge(PINDOWN_API_KEY="", PINDOWN_API_URL="")
    bridge.start("--sandbox")
    assert post(bridge.url, payment("evt_1", turn=42)).status_code == 202
    eventually(lambda: "42" in httpx.get(f"{bridge.url}/sandbox/").text)


def test_send_signs_and_tells_what_became_of_it(new_bridge: NewBridge, tmp_path: Path) -> None:
    """The same file twice is a duplicate, made fresh it is a new event."""
    bridge = new_bridge()
    bridge.start()
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    assert "202 accepted: evt_1, moves payments" in bridge.command("send", "stripe", str(sample)).stdout
    assert "200 duplicate: evt_1" in bridge.command("send", "stripe", str(sample)).stdout
    fresh = json.loads(bridge.command("send", "stripe", str(sample), "--fresh", "--json").stdout)
    assert (fresh["status_code"], fresh["number"]) == (202, 2)


def test_send_signs_wherever_the_sender_does(new_bridge: NewBridge, tmp_path: Path) -> None:
    """In the address and in the body; what only a private key can sign is told, and not sent."""
    bridge = new_bridge(
        RING_WEBHOOK_SECRET="ring secret&1",
        MAIL_WEBHOOK_SECRET="mailed-secret",
        BOT_WEBHOOK_SECRET="8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
    )
    (bridge.mappings / "sources.yaml").write_text(
        """
ring: {verify: {scheme: token, query: k}, id: $.id}
mail:
  verify: {scheme: hmac, path: $.mac, signed: "{timestamp}{json:$.id}", timestamp: {path: $.at}, unsigned: body}
  id: $.id
bot: {verify: {scheme: ed25519, header: X-Sig, secret: {encoding: hex}}, id: $.id}
"""
    )
    bridge.start()
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    for source in ("ring", "mail"):
        assert "202 accepted: evt_1" in bridge.command("send", source, str(sample)).stdout
    ended = bridge.command("send", "bot", str(sample))
    assert ended.returncode == 2
    assert "bot: signs with a private key that only its sender has" in ended.stderr
    shown = bridge.command("events", "1").stdout
    assert "ring" in shown
    assert "secret&1" not in shown + bridge.log.read_text()


def test_send_to_nobody_says_so(new_bridge: NewBridge, tmp_path: Path) -> None:
    """Without a bridge it exits 1 and names the address it tried."""
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    ended = new_bridge(PORT="1").command("send", "stripe", str(sample))
    assert ended.returncode == 1
    assert "no bridge answers at http://127.0.0.1:1" in ended.stderr


def test_send_refuses_a_source_that_nothing_names(new_bridge: NewBridge, tmp_path: Path) -> None:
    """It lists those that are named; exit 2."""
    ended = new_bridge().command("send", "strip", str(tmp_path / "x.json"))
    assert ended.returncode == 2
    assert "stripe" in ended.stderr


def test_events_show_what_came_and_why_it_did_not_match(new_bridge: NewBridge) -> None:
    """The listing is short; one event is shown whole, with the condition that failed and what stood there."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_1", currency="usd"))
    post(bridge.url, payment("evt_2"))
    listing = bridge.command("events").stdout
    assert listing.index("evt_2") < listing.index("evt_1")
    event = bridge.command("events", "1").stdout
    assert "not_matched" in event
    assert "'eur'" in event
    assert "'usd'" in event
    assert "evt_1" in event
    whole = json.loads(bridge.command("events", "1", "--json").stdout)
    assert whole["outcomes"][0]["kind"] == "not_matched"
    assert json.loads(whole["body"])["id"] == "evt_1"
    assert bridge.command("events", "99").returncode == 2


def test_events_can_be_narrowed_to_a_pin_and_an_outcome(new_bridge: NewBridge) -> None:
    """Each option alone, and together; an outcome that does not exist is refused with those that do."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_missed", currency="usd"))
    post(bridge.url, payment("evt_shown"))

    def listed(*options: str) -> list[str]:
        return [event["id"] for event in json.loads(bridge.command("events", *options, "--json").stdout)]

    assert listed("--pin", "p-shop") == ["evt_shown"]
    assert listed("--outcome", "not_matched") == ["evt_missed"]
    assert listed("--pin", "p-shop", "--outcome", "not_matched") == []
    assert "no event fits" in bridge.command("events", "--pin", "p-none").stdout
    refused = bridge.command("events", "--outcome", "lost")
    assert refused.returncode == 2
    assert "pin_taken" in refused.stderr


def test_one_pin_is_shown_with_its_attempts(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Newest first, with what the API answered; a pin that nobody knows is refused."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_1", turn=1))
    eventually(lambda: "up to date" in bridge.command("pins").stdout)
    sandbox.fault(kind="status", status=404, code="NOT_FOUND", message="Pin not found", pin="p-shop", times=1)
    post(bridge.url, payment("evt_2", turn=2))
    eventually(lambda: "404 NOT_FOUND" in bridge.command("parked").stdout)

    shown = bridge.command("pins", "p-shop").stdout
    assert shown.index("404 NOT_FOUND: Pin not found") < shown.index("delivered")
    whole = json.loads(bridge.command("pins", "p-shop", "--json").stdout)
    assert (whole["pin"], whole["state"]) == ("p-shop", "parked")
    assert [(one["outcome"], one["status"]) for one in whole["attempts"]] == [("parked", 404), ("delivered", 200)]
    assert len(json.loads(bridge.command("pins", "p-shop", "-n", "1", "--json").stdout)["attempts"]) == 1
    unknown = bridge.command("pins", "p-none")
    assert unknown.returncode == 2
    assert "p-none" in unknown.stderr
    assert "did you mean 'p-shop'?" in bridge.command("pins", "p-shp").stderr
    assert f"; the mapping {whole['mapping']} shows p-shop" in bridge.command("pins", whole["mapping"]).stderr


@pytest.mark.parametrize("is_running", [True, False], ids=["through the running bridge", "alone"])
def test_retry_brings_a_parked_pin_back(new_bridge: NewBridge, sandbox: Sandbox, is_running: bool) -> None:  # noqa: FBT001  # pytest passes parameters by name
    """Once the fault has passed a pin is sent again at a word; a pin that is not parked is named."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="status", status=404, code="NOT_FOUND", message="Pin not found", pin="p-shop", times=1)
    post(bridge.url, payment("evt_1", turn=5))
    eventually(lambda: "404 NOT_FOUND: Pin not found" in bridge.command("parked").stdout)
    if not is_running:
        bridge.terminate()
    assert "tried again now: p-shop" in bridge.command("retry", "p-shop").stdout
    if not is_running:
        bridge.start()
    eventually(lambda: sandbox.values("p-shop") == ["5", "€20.00"])
    eventually(lambda: "nothing is parked" in bridge.command("parked").stdout)
    assert "up to date" in bridge.command("pins").stdout
    again = bridge.command("retry", "p-shop")
    assert again.returncode == 1
    assert "not parked: p-shop" in again.stderr


def test_looking_before_the_first_start_says_what_to_do(new_bridge: NewBridge) -> None:
    """Without a database the commands that look exit 2 and say how one comes to be."""
    ended = new_bridge().command("pins")
    assert ended.returncode == 2
    assert "start `pinbridge serve` once" in ended.stderr


def test_the_api_is_closed_without_a_token(new_bridge: NewBridge) -> None:
    """A wrong token is a 401 in the one shape of errors; unknown paths are 404s in the same."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN="the-right-token-of-us")
    bridge.start()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic the-right-token-of-us"}):
        answer = httpx.post(f"{bridge.url}/api/retry", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    right = {"Authorization": "Bearer the-right-token-of-us"}
    assert httpx.post(f"{bridge.url}/api/retry", headers=right, json={"pins": ["p-none"]}).json() == {"pins": []}
    assert httpx.post(f"{bridge.url}/api/retry", headers=right, json={"pin": 1}).status_code == 400
    assert httpx.get(f"{bridge.url}/nowhere").json()["error"]["code"] == "not_found"


def test_without_a_database_it_is_said_what_names_one(tmp_path: Path) -> None:
    """Most often the command runs in another folder than the bridge."""
    ended = run("events", PINBRIDGE_DATABASE=f"sqlite:///{tmp_path / 'none.db'}")
    assert ended.returncode != 0
    assert (
        "there is no database yet; start `pinbridge serve` once, or look elsewhere: PINBRIDGE_DATABASE" in ended.stderr
    )
