"""One event that takes long to evaluate, and the others that come meanwhile."""

import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest
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


HEAVY_THOUGH_SHORT = """
pin: p-short
triggers:
  - source: stripe
    event: short
    let: {LETS}
update: {metadata: {title: x}}
""".replace("LETS", ", ".join(f"v{each}: '{{{{ range(9999) | sum }}}}'" for each in range(300)))


@pytest.mark.parametrize(("kind", "items"), [("heavy", 10_000), ("short", 0)])
def test_an_event_that_takes_long_holds_up_no_other(
    new_bridge: Callable[..., BridgeProcess], kind: str, items: int
) -> None:
    """A thousand webhooks of others are not worth one that asks for too much; it ends by its own bound."""
    bridge = new_bridge()
    (bridge.mappings / "heavy.yaml").write_text(HEAVY)
    (bridge.mappings / "short.yaml").write_text(HEAVY_THOUGH_SHORT)
    bridge.start()
    body = json.dumps({"id": "evt_heavy", "type": kind, "items": list(range(items))}).encode()
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
