"""Silence on the real process: a pin turns stale by itself, and comes back with the next delivery."""

from collections.abc import Callable

from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

HEARTBEAT = MAPPING.replace('"{{ turn }}"', "\"{{ 'silent' if stale else turn }}\"") + "stale_after: 2s\n"


def test_a_pin_turns_stale_without_an_event_and_comes_back_with_one(
    new_bridge: Callable[..., BridgeProcess], sandbox: Sandbox
) -> None:
    """An event, or the same delivery once more; over a restart it stays stale, and says so to who looks."""
    bridge = new_bridge(HEARTBEAT)
    bridge.start()
    beat = payment("evt_1", turn=7)
    post(bridge.url, beat)
    eventually(lambda: sandbox.values("p-shop")[:1] == ["7"])
    assert "up to date, stale" not in bridge.command("pins").stdout
    eventually(lambda: sandbox.values("p-shop")[:1] == ["silent"], within_s=10)
    assert "up to date, stale" in bridge.command("pins").stdout

    assert post(bridge.url, beat).json()["status"] == "duplicate"
    eventually(lambda: sandbox.values("p-shop")[:1] == ["7"], within_s=10)
    eventually(lambda: sandbox.values("p-shop")[:1] == ["silent"], within_s=10)

    assert bridge.terminate() == 0
    sent = len(sandbox.writes())
    bridge.start()
    post(bridge.url, payment("evt_2", turn=8))
    eventually(lambda: sandbox.values("p-shop")[:1] == ["8"], within_s=10)
    assert len(sandbox.writes()) == sent + 1
    eventually(lambda: sandbox.values("p-shop")[:1] == ["silent"], within_s=10)
    assert bridge.rows("SELECT count(*) FROM events") == [(2,)]
