"""What a start costs: a bridge that is started by a webhook loads nothing that only other work needs."""

import re
from collections.abc import Callable

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
        assert post(bridge.url, payment(f"evt_{turn}", turn=int(turn))).status_code == 202
        eventually(lambda turn=turn: sandbox.values("p-shop") == [turn, "€20.00"])  # type: ignore[misc]  # of this turn
        assert bridge.terminate() == 0
    modules = loaded(bridge)
    assert {"bridge.app", "httpx", "sqlalchemy", "jinja2"} <= modules
    assert sorted(HEAVY & modules) == []


def test_a_mistake_is_told_as_for_any_command(new_bridge: NewBridge) -> None:
    """The way past the framework of the commands has their messages, their exit codes, and their help."""
    bridge = new_bridge(MAPPING.replace("extract:", "exctract:"))
    refused = bridge.command("serve")
    assert refused.returncode == 2
    assert "did you mean 'extract'?" in refused.stderr
    assert "exctract:" in refused.stderr.splitlines()[1]
    assert bridge.command("serve", "--sandbx").returncode == 2
    assert "PINBRIDGE_DELIVERY" in bridge.command("serve", "--help").stdout
    assert "PORT" in new_bridge(MAPPING, PORT="x").command("serve").stderr
