"""Power cuts between the commit of an event and its answer, inline: the retry counts nothing, and is told the truth."""

import signal
from collections.abc import Callable

import httpx
import pytest
from support.processes import BridgeProcess, Sandbox, payment, post

NewBridge = Callable[..., BridgeProcess]

DYING = """
import os, signal
from bridge.cli import main
from bridge.{module} import {owner}

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

{owner}.{method} = die
main()
"""
"""The program, which the power leaves where it is to do one thing."""

COMMITTED = ("inline", "InlineAnswers", "stored")
BOOKED = ("outbound.client", "PindownClient", "put_pin")
TAKEN = ("store", "Store", "settle")
SETTLED = ("inline", "InlineAnswers", "_told")


@pytest.mark.parametrize(
    ("moment", "writes", "status"),
    [(COMMITTED, 0, 200), (BOOKED, 0, 202), (TAKEN, 1, 202), (SETTLED, 1, 200)],
    ids=["once it is committed", "once the update is booked", "once Pindown took it", "once that is settled"],
)
def test_a_power_cut_before_the_answer(
    new_bridge: NewBridge, sandbox: Sandbox, moment: tuple[str, str, str], writes: int, status: int
) -> None:
    """200 only where the pin is known to show it. In doubt the pin rests for longer than anybody waits: 202."""
    module, owner, method = moment
    bridge = new_bridge(PINBRIDGE_DELIVERY="inline")
    bridge.program = ("-c", DYING.format(module=module, owner=owner, method=method))
    bridge.start()
    with pytest.raises(httpx.TransportError):
        post(bridge.url, payment("evt_1", turn=7))
    assert bridge.ended() == -signal.SIGKILL
    assert len(sandbox.writes()) == writes

    bridge.program = ("-m", "bridge")
    bridge.start()
    again = post(bridge.url, payment("evt_1", turn=7))

    assert (again.status_code, again.json()) == (status, {"id": "evt_1", "status": "duplicate"})
    shown = {200: ["7", "€20.00"], 202: ["7", "€20.00"] if writes else []}
    assert sandbox.values("p-shop") == shown[status]
    assert len(sandbox.writes()) == (1 if status == 200 else writes)
    assert bridge.rows("SELECT count(*) FROM events") == [(1,)]
