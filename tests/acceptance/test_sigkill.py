"""SIGKILL at random moments, under senders that retry: nothing acked is lost or doubled, and every pin ends right."""

import random
import threading
from collections.abc import Callable

from support.processes import BridgeProcess, Sandbox, eventually
from support.senders import COUNTING, Senders, shown

KILLS = 30


def test_thirty_kills_lose_and_double_nothing(new_bridge: Callable[..., BridgeProcess], sandbox: Sandbox) -> None:
    """Every acked event stands once in the journal and in every number; every pin shows its newest event."""
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    bridge = new_bridge(COUNTING)
    bridge.start()
    senders = Senders(bridge, seed)
    senders.start()
    for _ in range(KILLS):
        threading.Event().wait(moments.uniform(0.02, 0.8))
        bridge.kill()
        bridge.start()
    senders.stop()

    journal = [event_id for (event_id,) in bridge.rows("SELECT id FROM events")]
    assert len(journal) == len(set(journal)), "an event was journalled twice"
    assert set(journal) == set(senders.acked), f"what was acked and what is journalled differ (seed {seed})"
    expected = shown(senders.acked.values())
    eventually(lambda: {pin: sandbox.values(pin)[:6] for pin in expected} == expected, within_s=60)
