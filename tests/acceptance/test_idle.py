"""The real process while nothing is due: it sleeps, and costs a platform that counts no moment of a processor."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

WATCHED_S = 6.0


def wakings(pid: int) -> int:
    """Count how often any thread of a process has slept of its own accord, and so how often it woke up."""
    return sum(
        int(line.split()[1])
        for status in Path(f"/proc/{pid}/task").glob("*/status")
        for line in status.read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches:")
    )


def sleeps(pid: int) -> bool:
    """Watch for some seconds: a clock of any thread that ticks once in two, or more often, would show."""
    before = wakings(pid)
    time.sleep(WATCHED_S)
    return wakings(pid) - before < WATCHED_S / 2


@pytest.mark.parametrize("delivery", ["background", "inline"])
def test_a_bridge_with_nothing_due_does_not_wake_up(new_bridge: NewBridge, sandbox: Sandbox, delivery: str) -> None:
    """After it was busy, too; and it hears of changed mappings all the same."""
    bridge = new_bridge(MAPPING, PINBRIDGE_DELIVERY=delivery)
    bridge.start()
    for turn in range(1, 20):
        assert post(bridge.url, payment(f"evt_{turn}", turn=turn)).status_code in {200, 202}
    eventually(lambda: sandbox.values("p-shop") == ["19", "€20.00"])
    assert bridge.process is not None
    pid = bridge.process.pid
    eventually(lambda: sleeps(pid), within_s=60)
    (bridge.mappings / "payments.yaml").write_text(MAPPING + "# changed\n")
    eventually(lambda: bool(bridge.lines("reloaded")))
    eventually(lambda: sleeps(pid), within_s=60)
