"""The commands and the bridge that they ask: one that is named, the one that runs here, or its database."""

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from support.processes import BridgeProcess, Sandbox, eventually, payment, post, run

NewBridge = Callable[..., BridgeProcess]

TOKEN = "a-token-that-nobody-guesses"


def test_a_bridge_elsewhere_is_asked_by_its_address_and_token(
    new_bridge: NewBridge, sandbox: Sandbox, tmp_path: Path
) -> None:
    """From a machine with neither its database nor its mappings; every command that looks or changes works there."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    sandbox.fault(kind="status", status=404, code="NOT_FOUND", message="Pin not found", pin="p-shop", times=1)
    post(bridge.url, payment("evt_1", turn=5))
    elsewhere = {
        "PINBRIDGE_URL": f"{bridge.url}/",
        "PINBRIDGE_ADMIN_TOKEN": TOKEN,
        "PINBRIDGE_DATABASE": f"sqlite:///{tmp_path / 'none.db'}",
    }

    def said(*words: str) -> str:
        ended = run(*words, **elsewhere)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    eventually(lambda: "404 NOT_FOUND" in said("parked"))
    assert "evt_1" in said("events", "--mapping", "payments", "--since", "1h")
    assert json.loads(said("events", "1", "--json"))["id"] == "evt_1"
    assert "tried again now: p-shop" in said("retry", "p-shop")
    eventually(lambda: "up to date" in said("pins"))
    assert "delivered" in said("pins", "p-shop")
    assert "rebuilt payments from the journal, 1 events" in said("rebuild", "payments")
    assert "folded 0 events" in said("replay")
    assert "1 up to date" in said("status")
    unknown = run("pins", "p-shp", **elsewhere)
    assert (unknown.returncode, "did you mean 'p-shop'?" in unknown.stderr) == (2, True)
    assert "no mapping of this name" in run("rebuild", "none", **elsewhere).stderr


def test_a_bridge_that_is_named_must_answer_and_take_the_token(new_bridge: NewBridge) -> None:
    """The message says what to set, and shows no token."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    assert "PINBRIDGE_ADMIN_TOKEN: is not set" in run("events", "--url", bridge.url).stderr
    wrong = run("events", "--url", bridge.url, PINBRIDGE_ADMIN_TOKEN="another-token-of-somebody")
    assert wrong.returncode == 1
    assert "has another token" in wrong.stderr
    assert "another-token" not in wrong.stderr
    nobody = run("pins", "--url", "http://127.0.0.1:1", PINBRIDGE_ADMIN_TOKEN=TOKEN)
    assert (nobody.returncode, "does not answer" in nobody.stderr) == (1, True)
    assert "PINBRIDGE_URL: 'bridge' is not the address" in run("pins", PINBRIDGE_URL="bridge").stderr


def test_status_says_how_the_bridge_stands_and_where_none_runs(new_bridge: NewBridge) -> None:
    """Both in words and as the API gives it; without a bridge it exits with 1 and tells what the database says."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()
    post(bridge.url, payment("evt_1"))
    eventually(lambda: "1 up to date" in bridge.command("status").stdout)
    shown = bridge.command("status")
    assert shown.returncode == 0
    assert "1 mapping" in shown.stdout
    assert "key       open" in shown.stdout
    told = json.loads(bridge.command("status", "--json").stdout)
    answer = httpx.get(f"{bridge.url}/api/status", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert told["bridge"]["started_at"] == answer["bridge"]["started_at"]
    assert told["store"]["pins"] == answer["store"]["pins"]

    (bridge.mappings / "payments.yaml").write_text("pin: [")
    eventually(lambda: "payments.yaml:1:" in bridge.command("status").stdout)
    refused = bridge.command("status")
    assert refused.returncode == 1
    assert "to do     mend the mappings that are refused" in refused.stdout
    bridge.terminate()
    alone = bridge.command("status")
    assert alone.returncode == 1
    assert "bridge    none runs" in alone.stdout
    assert "to do     start the bridge" in alone.stdout
    assert "1 event" in alone.stdout
    assert json.loads(bridge.command("status", "--json").stdout)["bridge"] is None


def test_a_bridge_that_hangs_does_not_hide_its_database(new_bridge: NewBridge) -> None:
    """At night that is when one wants to look: it is said, and the file is read beside it."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_1"))
    assert bridge.process is not None
    bridge.process.send_signal(signal.SIGSTOP)
    try:
        looked = bridge.command("events")
    finally:
        bridge.process.send_signal(signal.SIGCONT)
    assert looked.returncode == 0
    assert "evt_1" in looked.stdout
    assert "does not answer: timed out; this is read from its database" in looked.stderr


def test_what_no_command_can_ask_is_refused_in_words(new_bridge: NewBridge) -> None:
    """Before anybody is asked."""
    bridge = new_bridge()
    bridge.start()
    for words, message in (
        (("pins", ""), "pin: is empty"),
        (("pins", "p" * 300), "pin: is longer than 200 characters"),
        (("retry", "\udcff"), "pins: is not UTF-8 text"),
        (("rebuild", "\udcff"), "mapping: is not UTF-8 text"),
        (("events", "--source", "\udcff"), "source: is not UTF-8 text"),
        (("events", "--since", "yesterday"), "--since: 'yesterday' is not a time"),
    ):
        ended = bridge.command(*words)
        assert (ended.returncode, message in ended.stderr) == (2, True), ended.stderr


def test_wrong_tokens_by_the_thousand_shut_nobody_out(new_bridge: NewBridge) -> None:
    """Webhooks are taken meanwhile, the owner is let in, the command here works; the log says it once."""
    bridge = new_bridge(PINBRIDGE_ADMIN_TOKEN=TOKEN)
    bridge.start()

    def guess(first: int) -> set[int]:
        with httpx.Client(base_url=bridge.url, timeout=30) as http:
            headers = [{"Authorization": f"Bearer guess-{first + number}"} for number in range(500)]
            return {http.get("/api/events", headers=each).status_code for each in headers}

    with ThreadPoolExecutor(4) as guessing:
        guesses = [guessing.submit(guess, 500 * each) for each in range(4)]
        taken = [post(bridge.url, payment(f"evt_{number}")).status_code for number in range(20)]
        owner = httpx.get(f"{bridge.url}/api/status", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        assert "1 mapping" in bridge.command("status").stdout
        answers = set[int]().union(*[each.result() for each in guesses])
    assert (taken, owner.status_code) == ([202] * 20, 200)
    assert answers <= {401, 429}
    assert 429 in answers
    assert len(bridge.lines("api_refused")) <= 2
    assert "guess-" not in bridge.log.read_text()
