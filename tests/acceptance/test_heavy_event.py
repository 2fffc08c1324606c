"""One event that takes long to evaluate, and the others that come meanwhile."""

import json
import threading
import time
from collections.abc import Callable

import httpx
from support.processes import BridgeProcess, payment, post, signed

HEAVY = """
pin: p-heavy
triggers:
  - source: stripe
    event: heavy
    each: $.items[*]
    extract: {number: $}
    let: {sum: "{{ range(2000) | sum }}"}
update: {metadata: {pin_config: {cards: [{title: Sum, value: "{{ sum }}"}]}}}
"""


def test_an_event_that_takes_long_holds_up_no_other(new_bridge: Callable[..., BridgeProcess]) -> None:
    """A thousand webhooks of others are not worth one that asks for too much; it ends by its own bound."""
    bridge = new_bridge()
    (bridge.mappings / "heavy.yaml").write_text(HEAVY)
    bridge.start()
    body = json.dumps({"id": "evt_heavy", "type": "heavy", "items": list(range(10_000))}).encode()
    answers: list[tuple[str, int]] = []

    def send_heavy() -> None:
        answer = httpx.post(f"{bridge.url}/hooks/stripe", content=body, headers=signed(body), timeout=120)
        answers.append(("heavy", answer.status_code))

    heavy = threading.Thread(target=send_heavy)
    heavy.start()
    time.sleep(0.1)
    answers.append(("other", post(bridge.url, payment("evt_other")).status_code))
    heavy.join(120)
    assert answers == [("other", 202), ("heavy", 202)]
    [(outcomes,)] = bridge.rows("SELECT outcomes FROM events WHERE id = 'evt_heavy'")
    assert "this takes too long" in outcomes
