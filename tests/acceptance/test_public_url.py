"""A sender that signs the address which it posts to, with a real bridge behind another address."""

import json
from collections.abc import Callable
from pathlib import Path

from support.processes import BridgeProcess

MAPPING = """\
pin: p-square
triggers: [{name: payment, source: square}]
update: {metadata: {title: "{{ event.type }}"}}
"""
PAYLOAD = {"event_id": "e-1", "type": "payment.updated", "created_at": "2026-11-22T12:00:00Z"}


def test_the_registered_address_is_what_is_signed(new_bridge: Callable[..., BridgeProcess], tmp_path: Path) -> None:
    """Without it a start is refused, and says why; with it what is signed over it is taken."""
    bridge = new_bridge(MAPPING, SQUARE_WEBHOOK_SECRET="made-up-for-square")
    refused = bridge.command("serve", "--sandbox")
    assert refused.returncode == 2
    assert "signs the address that it posts to; set PINBRIDGE_PUBLIC_URL" in refused.stderr + refused.stdout
    warned = bridge.command("validate")
    assert (
        "PINBRIDGE_PUBLIC_URL: is not set; `serve` will not start without the address that square signs"
        in warned.stderr
    )
    bridge.environ["PINBRIDGE_PUBLIC_URL"] = "https://hooks.example.com/in"
    bridge.start()
    (tmp_path / "payment.json").write_text(json.dumps(PAYLOAD))
    sent = bridge.command("send", "square", str(tmp_path / "payment.json"))
    assert sent.stdout.startswith("202 accepted: e-1"), sent.stderr
    bridge.environ["PINBRIDGE_PUBLIC_URL"] = "https://elsewhere.example.com"
    assert "401 bad_signature" in bridge.command("send", "square", str(tmp_path / "payment.json"), "--fresh").stderr
