"""Keys that come over the wire, with a real process: offered, approved, counted, and never told."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.processes import BridgeProcess
from support.secrecy import hold_untold

from bridge.app import now
from bridge.inbound import Source, sign
from bridge.inbound.sources import load_sources
from bridge.located import Place

NewBridge = Callable[..., BridgeProcess]

KEY, TOKEN, FORGED = (
    b"b537207f20cbfa02357cf448134da559",
    b"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl",
    b"0123456789abcdef0123456789abcdef",
)
MAPPING = """
pin: p-tasks
triggers:
  - {name: task, source: asana}
  - {name: page, source: notion}
state: {tasks: {count: task}, pages: {count: page}}
update: {metadata: {pin_config: {content: "{{ tasks.value }} and {{ pages.value }}"}}}
deliver: {min_interval: 0s}
"""
SOURCES = load_sources(dict.fromkeys(("asana", "notion"), Place("m.yaml", 1, 1)), None, lambda _: ())
TASK = b'{"events":[{"action":"changed","resource":{"resource_type":"task"}}]}'
PAGE = b'{"id":"p1","type":"page.created","timestamp":"2026-11-28T09:00:00Z"}'


@pytest.fixture
def bridge(new_bridge: NewBridge) -> BridgeProcess:
    """Start a bridge whose sources have no secret set."""
    bridge = new_bridge()
    (bridge.mappings / "tasks.yaml").write_text(MAPPING)
    bridge.start()
    return bridge


def post(bridge: BridgeProcess, source: Source, body: bytes, key: bytes) -> int:
    """Send an event, signed with a key; gives the status."""
    headers = {"content-type": "application/json", **sign(source, body, key, now())}
    return httpx.post(f"{bridge.url}/hooks/{source.name}", content=body, headers=headers, timeout=10).status_code


def offer(bridge: BridgeProcess, key: bytes) -> httpx.Response:
    """Offer a key as Asana does."""
    return httpx.post(f"{bridge.url}/hooks/asana", headers={"x-hook-secret": key.decode()}, timeout=10)


def listed(bridge: BridgeProcess) -> list[dict[str, Any]]:
    """Give the keys that the command lists."""
    told = bridge.command("keys", "--json")
    assert told.returncode == 0, told.stderr
    keys: list[dict[str, Any]] = json.loads(told.stdout)["keys"]
    return keys


def test_an_offered_key_counts_once_it_is_approved(bridge: BridgeProcess) -> None:
    """While it runs, and over a restart; a key that is offered later takes nothing over."""
    asana = SOURCES["asana"]
    assert post(bridge, asana, TASK, KEY) == 503
    answer = offer(bridge, KEY)
    assert (answer.status_code, answer.headers["x-hook-secret"]) == (200, KEY.decode())
    assert post(bridge, asana, TASK, KEY) == 503
    assert [(key["number"], key["begins"], key["approved_at"]) for key in listed(bridge)] == [(1, "b537", None)]

    approved = bridge.command("keys", "--approve", "1")
    assert approved.stdout == "approved: key 1 of asana; what it signs counts from now on\n"
    assert offer(bridge, FORGED).status_code == 200
    assert [post(bridge, asana, TASK, key) for key in (KEY, KEY, FORGED)] == [200, 200, 503]
    assert bridge.command("keys", "--remove", "2").returncode == 0
    assert post(bridge, asana, TASK, FORGED) == 401

    bridge.terminate()
    bridge.start()
    assert [post(bridge, asana, TASK, key) for key in (KEY, FORGED)] == [200, 401]
    assert bridge.command("keys", "--remove", "1").returncode == 0
    assert post(bridge, asana, TASK, KEY) == 503
    assert len(bridge.rows("SELECT * FROM events WHERE source = 'asana'")) == 1
    assert {line["number"] for line in bridge.lines("key_offered")} == {1, 2}
    hold_untold([KEY, FORGED], bridge.log)


def test_a_key_that_must_be_pasted_is_shown_once(bridge: BridgeProcess) -> None:
    """When it is approved, and nowhere else."""
    offered = httpx.post(f"{bridge.url}/hooks/notion", json={"verification_token": TOKEN.decode()}, timeout=10)
    assert (offered.status_code, offered.content) == (200, b"")
    before = bridge.command("keys")
    approved = bridge.command("keys", "--approve", "1")
    again = bridge.command("keys", "--approve", "1", "--json")

    assert TOKEN.decode() not in before.stdout + again.stdout
    assert approved.stdout.endswith(f"paste it into the form of notion, it is not shown again: {TOKEN.decode()}\n")
    assert post(bridge, SOURCES["notion"], PAGE, TOKEN) == 202
    assert bridge.rows("SELECT count(*) FROM events WHERE instr(body, 'secret_')") == [(0,)]
    hold_untold([TOKEN], bridge.log)


def test_keys_are_approved_where_no_bridge_runs(bridge: BridgeProcess) -> None:
    """The next start knows them; a number that there is not is told."""
    offer(bridge, KEY)
    bridge.terminate()
    unknown = bridge.command("keys", "--approve", "7")
    assert (unknown.returncode, unknown.stderr) == (2, "error: key 7: there is none; `pinbridge keys` lists them\n")
    assert bridge.command("keys", "--approve", "1").returncode == 0
    assert [key["approved_at"] is not None for key in listed(bridge)] == [True]
    bridge.start()
    assert post(bridge, SOURCES["asana"], TASK, KEY) == 200


def test_the_list_says_what_to_do(bridge: BridgeProcess) -> None:
    """Where nothing was offered, and where something waits."""
    assert bridge.command("keys").stdout == "no sender has offered a key; those of most sources are set as variables\n"
    offer(bridge, KEY)
    told = bridge.command("keys").stdout.splitlines()
    assert told[0].split() == ["NUMBER", "SOURCE", "STATE", "OFFERED", "FROM", "BEGINS", "WITH"]
    assert told[1].split()[:3] == ["1", "asana", "offered"]
    assert told[1].rstrip().endswith("127.0.0.1  b537…")
    assert told[-1] == "approve the one that came when you set up the webhook: pinbridge keys --approve NUMBER"
    assert bridge.command("keys", "--approve", "1", "--remove", "1").returncode == 2
