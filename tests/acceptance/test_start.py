"""What a start costs: a bridge that is started by a webhook loads nothing that only other work needs."""

import json
import os
import pty
import re
from collections.abc import Callable

import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

HEAVY = frozenset(
    {
        "alembic",  # migrations
        "bridge.cli.commands",  # every other command
        "bridge.rehearsal",  # try and test
        "bridge.sandbox",  # --sandbox
        "datasketches",  # distinct values
        "ddsketch",  # quantiles
        "mako",  # migrations
        "markdown_it",  # the sandbox's board
        "numpy",  # distinct values
        "pydantic",  # the admin API
        "prometheus_client",  # /metrics
        "pygments",  # terminals
        "rich.console",  # terminals
        "ruamel.yaml",  # the mistakes of a mapping
        "typer",  # the other commands
    }
)


def loaded(bridge: BridgeProcess) -> set[str]:
    """Name every module that the process loaded, by what Python told while it did."""
    return set(re.findall(r"^import time:.*\| +(\S+)$", bridge.log.read_text(), re.MULTILINE))


def test_a_bridge_that_serves_loads_nothing_heavy_that_it_does_not_need(
    new_bridge: NewBridge, sandbox: Sandbox
) -> None:
    """From a new database to a webhook's pin, and with a database that is there."""
    bridge = new_bridge(MAPPING)
    bridge.program = ("-X", "importtime", "-m", "bridge")
    for turn in ("1", "2"):
        bridge.start()
        assert turn != "1" or "httpx" not in loaded(bridge)  # until the first delivery
        assert post(bridge.url, payment(f"evt_{turn}", turn=int(turn))).status_code == 202
        eventually(lambda turn=turn: sandbox.values("p-shop") == [turn, "€20.00"])  # type: ignore[misc]  # of this turn
        assert bridge.terminate() == 0
    modules = loaded(bridge)
    assert {"bridge.app", "httpx", "sqlalchemy", "jinja2"} <= modules
    assert sorted(HEAVY & modules) == []


def test_a_mistake_is_told_as_for_any_command(new_bridge: NewBridge) -> None:
    """The way past the framework of the commands has their messages, their exit codes, and their help."""
    bridge = new_bridge(MAPPING.replace("extract:", "exctract:"))
    shown, there = pty.openpty()
    assert bridge.launch(stderr=there).wait(30) == 2
    os.close(there)
    lines = os.read(shown, 65536).decode().splitlines()
    os.close(shown)
    assert "did you mean 'extract'?" in lines[0]
    assert "exctract:" in lines[1]
    assert "^" in lines[2]
    assert bridge.command("serve", "--sandbx").returncode == 2
    assert "PINBRIDGE_DELIVERY" in bridge.command("serve", "--help").stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"PORT": "x"}, ["PORT: 'x' is not a whole number"]),
        ({"PINBRIDGE_DATABASE": "mysql://db"}, ["mysql"]),
        ({"STRIPE_WEBHOOK_SECRET": "", "PINBRIDGE_RATE": "160/60s"}, ["STRIPE_WEBHOOK_SECRET"]),
    ],
)
def test_what_reads_the_log_reads_why_a_start_was_refused(
    new_bridge: NewBridge, settings: dict[str, str], told: list[str]
) -> None:
    """Without a terminal it is a line of JSON as all others, and the last."""
    refused = new_bridge(MAPPING, **settings).command("serve")
    *before, last = [json.loads(line) for line in refused.stderr.splitlines()]
    assert (refused.returncode, last["level"], last["event"]) == (2, "critical", "start_refused")
    assert all(words in problem for words, problem in zip(told, last["problems"], strict=True))
    assert {line["level"] for line in before} <= {"info", "warning"}
