"""State on the real process: what is sent in, what stands beside each event, and what the pin shows in the end."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.processes import BridgeProcess, Sandbox, eventually, post

SHOP = """
pin: p-shop
triggers:
  - name: sale
    source: stripe
    event: sale
    at: $.at
    extract: {amount: {path: $.amount, default: 1}, country: {path: $.country, default: DE}, order: $.order}
state:
  total: {sum: amount}
  today: {sum: amount, every: day, keep: 2}
  by: {sum: amount, by: country, limit: 3}
  orders: {rows: {amount: amount}, key: order, capacity: 5, limit: 2}
update:
  metadata:
    pin_config:
      cards:
        - {title: Total, value: "{{ total.value }}"}
        - {title: Today, value: "{{ today.value }}"}
        - {title: By country, value: "{{ by.groups | map(attribute='key') | join(' ') }}"}
        - {title: Orders, value: "{{ orders.count }}"}
deliver: {min_interval: 0s}
"""

BESIDE = """
pin: p-beside
triggers: [{name: any, source: stripe, event: sale}]
state: {all: {count: any}}
update: {metadata: {pin_config: {cards: [{title: All, value: "{{ all.value }}"}]}}}
deliver: {min_interval: 0s}
"""

FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": "many"}, "error", "total: 'many' is not a number"),
    ({"amount": [1, 2]}, "error", "total: a list of 2 is not a number"),
    ({"amount": 1e120}, "inexact_number", "beyond 64 bits"),
    ({"amount": "1" + "0" * 120}, "error", "has more than 100 digits"),
    ({"amount": "0." + "0" * 120 + "1"}, "error", "has more than 100 decimals"),
    ({"country": {"code": "DE"}}, "error", "by: an object with 1 keys cannot tell one from another"),
    ({"country": "x" * 900_000}, "error", "takes 900,004 bytes; at most 1,024 are remembered"),
    ({"order": None}, "error", "orders"),
    ({"order": ["a"]}, "error", "orders: a list of 1 cannot tell one from another"),
    ({"order": "k" * 900_000}, "error", "takes 900,004 bytes; at most 1,024 are remembered"),
    ({"at": "30000-01-01T00:00:00Z"}, "error", "'at'"),
    ({"at": 32503680000000}, "error", "is not a time between the years 1970 and 2200"),
]
"""What an event says, the kind of its outcome, and what the reason has in it."""


def sale(number: int, **fields: Any) -> bytes:
    """Build the body of a sale."""
    return json.dumps({"id": f"evt_{number}", "type": "sale", "order": number, **fields}).encode()


@pytest.fixture
def shop(new_bridge: Callable[..., BridgeProcess]) -> BridgeProcess:
    """Run a bridge on both mappings."""
    bridge = new_bridge(SHOP)
    (bridge.mappings / "beside.yaml").write_text(BESIDE)
    bridge.start()
    return bridge


def outcomes(bridge: BridgeProcess, number: int) -> dict[str, tuple[str, str]]:
    """Give kind and reason by mapping."""
    event = json.loads(bridge.command("events", str(number), "--json").stdout)
    return {each["mapping"]: (each["kind"], each["reason"]) for each in event["outcomes"]}


def test_what_cannot_be_counted_is_told_and_the_rest_goes_on(shop: BridgeProcess, sandbox: Sandbox) -> None:
    """Each such event is acked and journalled with the reason, changes nothing of its mapping, and counts in others."""
    for number, (fields, kind, words) in enumerate(FAULTS, 1):
        assert post(shop.url, sale(number, **fields)).status_code == 202
        told = outcomes(shop, number)
        assert told["payments"][0] == kind, (fields, told)
        assert words in told["payments"][1]
        assert told["beside"][0] == "matched"
    assert post(shop.url, sale(100, amount=7)).status_code == 202
    eventually(lambda: sandbox.values("p-shop") == ["7", "7", "DE", "1"])
    eventually(lambda: sandbox.values("p-beside") == [str(len(FAULTS) + 1)])
    assert shop.rows("SELECT count(*) FROM unfolded") == [(4 * len(FAULTS) + len(FAULTS),)]


def test_what_overflows_is_bounded_and_told(shop: BridgeProcess, sandbox: Sandbox) -> None:
    """Groups beyond the limit are one, the oldest rows fall out; what is too late for one entry counts in others."""
    for number, country in enumerate(("DE", "FR", "IT", "ES", "PT"), 1):
        assert post(shop.url, sale(number, country=country)).status_code == 202
    assert "'by' has 3 groups, its limit" in outcomes(shop, 5)["payments"][1]
    for number in range(6, 9):
        post(shop.url, sale(number))
    assert "'orders' has 5 rows, its capacity" in outcomes(shop, 8)["payments"][1]
    post(shop.url, sale(9, amount=10, at=shop.rows("SELECT max(received_at) / 1000000 - 5 * 86400 FROM events")[0][0]))
    assert outcomes(shop, 9)["payments"] == ("too_late", outcomes(shop, 9)["payments"][1])
    assert "too late for 'today': it keeps 2 past buckets" in outcomes(shop, 9)["payments"][1]
    eventually(lambda: sandbox.values("p-shop") == ["18", "8", "DE FR IT other", "5"])


def test_a_repeated_delivery_changes_no_number(shop: BridgeProcess, sandbox: Sandbox) -> None:
    """Nor does a restart."""
    for _ in range(3):
        post(shop.url, sale(1, amount=5))
    shop.kill()
    shop.start()
    assert post(shop.url, sale(1, amount=5)).json()["status"] == "duplicate"
    post(shop.url, sale(2, amount="2.50"))
    # A request that the kill cut off rests its pin for 40 s.
    eventually(lambda: sandbox.values("p-shop") == ["7.5", "7.5", "DE", "2"], within_s=90)


def test_the_state_behind_a_pin_is_shown(shop: BridgeProcess, sandbox: Sandbox) -> None:
    """In words, and as JSON; where the mappings cannot be loaded, that is said and the rest is shown."""
    for number, amount in enumerate((5, 2.5)):
        post(shop.url, sale(number, amount=amount))
    eventually(lambda: sandbox.values("p-shop")[:1] == ["7.5"])
    shown = shop.command("pins", "p-shop").stdout
    assert "total   7.5\n" in shown
    assert "by      7.5; DE 7.5\n" in shown
    assert "orders  2 rows, sum of amount 7.5\n" in shown
    told = json.loads(shop.command("pins", "p-shop", "--json").stdout)["state_of_entries"]
    assert (told["total"]["value"], told["orders"]["count"], told["by"]["groups"][0]["key"]) == (7.5, 2, "DE")
    (shop.mappings / "payments.yaml").write_text("pin: [")
    assert "total   7.5\n" in shop.command("pins", "p-shop").stdout  # by what runs
    shop.terminate()
    broken = shop.command("pins", "p-shop")
    assert broken.returncode == 0
    assert "its state cannot be told: the mappings cannot be loaded: " in broken.stderr
    assert "p-shop" in broken.stdout


def test_an_event_that_says_too_much_is_refused_whole(new_bridge: Callable[..., BridgeProcess]) -> None:
    """It is journalled with the reason, and the next one counts."""
    entries = "".join(f"  e{number}: {{sum: n, by: k}}\n" for number in range(3))
    bridge = new_bridge(
        "pin: p-many\ntriggers: [{source: stripe, event: sale, each: $.items, extract: {n: $.n, k: $.k}}]\n"
        f"state:\n{entries}update: {{metadata: {{title: '{{{{ e0.value }}}}'}}}}\n"
    )
    bridge.start()
    items = [{"n": 1, "k": number} for number in range(6_667)]
    assert post(bridge.url, sale(1, items=items)).status_code == 202
    assert post(bridge.url, sale(2, items=items[:5])).status_code == 202
    kind, reason = outcomes(bridge, 1)["payments"]
    assert kind == "error"
    assert "it says 20,001 things to the state; at most 20,000 are folded at once" in reason
    assert outcomes(bridge, 2)["payments"][0] == "matched"
