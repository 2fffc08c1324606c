"""Silence on the real process: a pin turns stale by itself, and comes back with the next delivery."""

from collections.abc import Callable

from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

HEARTBEAT = MAPPING.replace('"{{ turn }}"', "\"{{ 'silent' if stale else turn }}\"") + "stale_after: 2s\n"


def test_a_pin_turns_stale_without_an_event_and_comes_back_with_one(
    new_bridge: Callable[..., BridgeProcess], sandbox: Sandbox
) -> None:
    """An event, or the same delivery once more; over a restart it stays stale, and says so to who looks."""

    def sent() -> list[str]:
        bodies = [write["body"] for write in sandbox.writes() if write["status"] == 200]
        return [body["metadata"]["pin_config"]["cards"][0]["value"] for body in bodies]

    bridge = new_bridge(HEARTBEAT)
    bridge.start()
    beat = payment("evt_1", turn=7)
    post(bridge.url, beat)
    eventually(lambda: sent() == ["7", "silent"])
    assert "up to date, stale" in bridge.command("pins").stdout

    assert post(bridge.url, beat).json()["status"] == "duplicate"
    eventually(lambda: sent() == ["7", "silent", "7", "silent"])

    assert bridge.terminate() == 0
    bridge.start()
    assert "up to date, stale" in bridge.command("pins").stdout
    post(bridge.url, payment("evt_2", turn=8))
    eventually(lambda: sent() == ["7", "silent", "7", "silent", "8", "silent"])
    assert bridge.rows("SELECT count(*) FROM events") == [(2,)]
