"""Mappings that change while the bridge runs: the real process, real files, real traffic."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post, signed

NewBridge = Callable[..., BridgeProcess]

BROKEN = MAPPING + "timezone: Europe/Berln\n"


def replace(path: Path, text: str) -> None:
    """Write a file as a careful program does: beside it, then renamed over it."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


def readiness(bridge: BridgeProcess) -> dict[str, Any]:
    """Ask whether it is ready; it must be, degraded or not."""
    answer = httpx.get(f"{bridge.url}/readyz", timeout=10)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_a_mapping_that_changes_under_traffic_loses_and_doubles_nothing(
    new_bridge: NewBridge, sandbox: Sandbox
) -> None:
    """Every event is acked and journalled once, none fails, and the pin shows the newest by the new mapping."""
    bridge = new_bridge()
    bridge.start()
    acked: list[str] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            answer = post(bridge.url, payment(f"evt_{len(acked)}", turn=len(acked)))
            assert (answer.status_code, answer.json()["mappings"]) == (202, ["payments"])
            acked.append(answer.json()["id"])

    traffic = threading.Thread(target=send)
    traffic.start()
    try:
        for version in range(1, 6):
            replace(bridge.mappings / "payments.yaml", MAPPING.replace('"{{ turn }}"', f'"v{version} {{{{ turn }}}}"'))
            eventually(lambda count=version: len(bridge.lines("reloaded")) == count)  # type: ignore[misc]  # mypy
            eventually(lambda wanted=version: "".join(sandbox.values("p-shop")).startswith(f"v{wanted} "))  # type: ignore[misc]
    finally:
        stop.set()
        traffic.join(30)
    eventually(lambda: sandbox.values("p-shop")[0] == f"v5 {len(acked) - 1}")
    assert bridge.process is not None
    assert bridge.process.poll() is None
    assert bridge.rows("SELECT id FROM events ORDER BY number") == [(each,) for each in acked]
    outcomes = [outcome for (text,) in bridge.rows("SELECT outcomes FROM events") for outcome in json.loads(text)]
    assert {outcome["kind"] for outcome in outcomes} == {"matched"}
    assert readiness(bridge) == {"status": "ready"}


def test_a_broken_file_degrades_and_the_old_mapping_goes_on(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """`/readyz` names the mistake and stays 200, the log tells it once; the mended file is taken up."""
    bridge = new_bridge()
    bridge.start()
    replace(bridge.mappings / "payments.yaml", BROKEN)
    eventually(lambda: readiness(bridge)["status"] == "degraded")
    (bridge.mappings / ".payments.yaml.swp").write_text("an editor's")
    (bridge.mappings / "note.txt").write_text("not a mapping")
    assert post(bridge.url, payment("evt_1", turn=4)).json()["mappings"] == ["payments"]
    eventually(lambda: sandbox.values("p-shop") == ["4", "€20.00"])
    (error,) = readiness(bridge)["errors"]
    assert "payments.yaml:21:11: 'Europe/Berln' is no time zone; did you mean 'Europe/Berlin'?" in error
    assert [line["problems"] for line in bridge.lines("reload_refused")] == [[error]]

    replace(bridge.mappings / "payments.yaml", MAPPING.replace('"{{ turn }}"', '"turn {{ turn }}"'))
    eventually(lambda: sandbox.values("p-shop") == ["turn 4", "€20.00"])
    eventually(lambda: readiness(bridge) == {"status": "ready"})


def test_a_new_source_needs_its_secret(new_bridge: NewBridge) -> None:
    """Without one the change is refused as a whole; nothing that runs is touched."""
    bridge = new_bridge()
    bridge.start()
    (bridge.mappings / "pushes.yaml").write_text(MAPPING.replace("stripe", "github").replace("p-*", "p-git-*"))
    eventually(lambda: readiness(bridge)["status"] == "degraded")
    assert "set GITHUB_WEBHOOK_SECRET" in readiness(bridge)["errors"][0]
    assert post(bridge.url, payment("evt_1")).json()["mappings"] == ["payments"]
    (bridge.mappings / "pushes.yaml").unlink()
    eventually(lambda: readiness(bridge) == {"status": "ready"})


def test_a_folder_that_is_told_of_by_nobody_is_looked_at(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """As network file systems need it."""
    bridge = new_bridge(PINBRIDGE_MAPPINGS_LOOK_EVERY="1s")
    bridge.start()
    assert post(bridge.url, payment("evt_1", turn=3)).status_code == 202
    replace(bridge.mappings / "payments.yaml", MAPPING.replace('"{{ turn }}"', '"turn {{ turn }}"'))
    eventually(lambda: sandbox.values("p-shop") == ["turn 3", "€20.00"])


def test_a_bridge_ends_in_time_while_it_watches(new_bridge: NewBridge) -> None:
    """The thread that waits for changes holds up nobody."""
    bridge = new_bridge()
    bridge.start()
    assert bridge.terminate() == 0


class SlowPayment:
    """A webhook whose body arrives in two pieces; the bridge has begun with it once it is made."""

    def __init__(self, bridge: BridgeProcess, body: bytes) -> None:
        self._body = body
        self._whole = threading.Event()
        self._answers: list[httpx.Response] = []
        self._sender = threading.Thread(target=self._send, args=(bridge.url,))
        self._sender.start()
        # The head and half the body are on their way; another request's answer tells that they were read.
        time.sleep(0.3)
        readiness(bridge)

    def finish(self) -> httpx.Response:
        """Send the rest; gives the answer."""
        self._whole.set()
        self._sender.join(30)
        return self._answers[0]

    def _send(self, url: str) -> None:
        answer = httpx.post(f"{url}/hooks/stripe", content=self._pieces(), headers=signed(self._body), timeout=30)
        self._answers.append(answer)

    def _pieces(self) -> Iterator[bytes]:
        yield self._body[:20]
        self._whole.wait(30)
        yield self._body[20:]


def test_an_event_in_flight_ends_on_the_mappings_it_began_with(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Its mapping still has the pin, and looks otherwise: the pin shows the event by the new rendering."""
    bridge = new_bridge()
    bridge.start()
    body = payment("evt_slow", turn=5)
    slow = SlowPayment(bridge, body)
    replace(bridge.mappings / "payments.yaml", MAPPING.replace('"{{ turn }}"', '"turn {{ turn }}"'))
    eventually(lambda: len(bridge.lines("reloaded")) == 1)

    answer = slow.finish()

    assert (answer.status_code, answer.json()["mappings"]) == (202, ["payments"])
    assert post(bridge.url, body).json()["status"] == "duplicate"
    eventually(lambda: sandbox.values("p-shop") == ["turn 5", "€20.00"])


def test_an_event_in_flight_is_worth_what_a_changed_trigger_makes_of_it(
    new_bridge: NewBridge, sandbox: Sandbox
) -> None:
    """It is journalled, and at once evaluated by the trigger that there is now: as if it had come a little later."""
    bridge = new_bridge()
    bridge.start()
    slow = SlowPayment(bridge, payment("evt_slow", turn=5))
    replace(bridge.mappings / "payments.yaml", MAPPING.replace("metadata.turn", "amount"))
    eventually(lambda: len(bridge.lines("reloaded")) == 1)

    answer = slow.finish()

    assert answer.status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["2000", "€20.00"])
    assert bridge.rows("SELECT count(*) FROM unfolded") == [(0,)]


def test_an_event_in_flight_moves_no_pin_that_is_gone(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Its mapping was replaced by another, which has the event from the journal, once, and whatever came before."""
    bridge = new_bridge()
    bridge.start()
    assert post(bridge.url, payment("evt_1", turn=1)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["1", "€20.00"])
    slow = SlowPayment(bridge, payment("evt_slow", turn=5))
    (bridge.mappings / "payments.yaml").rename(bridge.mappings / "renamed.yaml")
    eventually(lambda: len(bridge.lines("reloaded")) == 1)

    answer = slow.finish()
    assert post(bridge.url, payment("evt_2", key="other", turn=2)).json()["mappings"] == ["renamed"]

    assert (answer.status_code, answer.json()["mappings"]) == (202, ["payments"])
    [(outcomes,)] = bridge.rows("SELECT outcomes FROM events WHERE id = 'evt_slow'")
    assert "kept, but not shown" in outcomes
    eventually(lambda: sandbox.values("p-other") == ["2", "€20.00"])
    eventually(lambda: sandbox.values("p-shop") == ["5", "€20.00"])
    assert bridge.lines("pin_failed") == []
