"""`pinbridge rebuild` and `replay`, and definitions that change, on the real process."""

import json
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

from support.processes import BridgeProcess, Sandbox, eventually, payment, post

NewBridge = Callable[..., BridgeProcess]

TOTALS = """
pin: p-totals
triggers:
  - name: sale
    source: stripe
    event: payment_intent.succeeded
    extract: {turn: $.data.object.metadata.turn, amount: $.data.object.amount}
state:
  total: {sum: turn}
  orders: {count: sale}
  today: {sum: turn, every: day}
update:
  metadata:
    pin_config:
      cards:
        - {title: Total, value: "{{ total.value }}"}
        - {title: Orders, value: "{{ orders.value }}"}
        - {title: Today, value: "{{ today.value }}"}
deliver: {min_interval: 0s}
"""
BY_AMOUNT = TOTALS.replace("total: {sum: turn}", "total: {sum: amount}")


def fill(bridge: BridgeProcess, count: int) -> None:
    """Put events into the journal of a bridge that is down, as if they had come long ago and were folded."""
    body = payment("evt_old", turn=1)
    with closing(sqlite3.connect(bridge.database)) as connection, connection:
        row = connection.execute("SELECT * FROM events ORDER BY number LIMIT 1").fetchone()
        newest = connection.execute("SELECT max(number) FROM events").fetchone()[0]
        rows = [(newest + place, *row[1:-1], body) for place in range(1, count + 1)]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def test_a_changed_definition_is_built_from_the_journal_while_it_runs(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """A reload is enough: the pin goes over to the new numbers, with all that came before."""
    bridge = new_bridge(TOTALS)
    bridge.start()
    for turn in (1, 2, 3):
        post(bridge.url, payment(f"evt_{turn}", turn=turn, cents=turn * 100))
    eventually(lambda: sandbox.values("p-totals") == ["6", "3", "6"])
    (bridge.mappings / "payments.yaml").write_text(BY_AMOUNT)
    eventually(lambda: sandbox.values("p-totals") == ["600", "3", "6"])
    post(bridge.url, payment("evt_4", turn=4, cents=400))
    eventually(lambda: sandbox.values("p-totals") == ["1000", "4", "10"])


def test_a_rebuild_gives_what_was_there(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Through the running bridge, and alone: what came meanwhile included, and told in the end."""
    bridge = new_bridge(TOTALS)
    bridge.start()
    for turn in (1, 2, 3):
        post(bridge.url, payment(f"evt_{turn}", turn=turn))
    running = bridge.command("rebuild", "payments")
    assert (running.returncode, running.stdout) == (0, "rebuilt payments from the journal, 3 events\n"), running.stderr
    eventually(lambda: sandbox.values("p-totals") == ["6", "3", "6"])
    bridge.terminate()

    alone = bridge.command("rebuild", "payments", "--since", "1d", "--json")
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout) == {"mapping": "payments", "rebuilt": True, "events": 3, "lost": []}
    bridge.start()
    post(bridge.url, payment("evt_4", turn=4))
    eventually(lambda: sandbox.values("p-totals") == ["10", "4", "10"])
    numbers = bridge.rows("SELECT status, count(*) FROM generations GROUP BY status ORDER BY status")
    assert dict(numbers)["live"] == 4


def test_what_cannot_be_rebuilt_says_why(new_bridge: NewBridge) -> None:
    """Exit 2: an unknown mapping with the nearest name, what is no time, and a database that is not there."""
    bridge = new_bridge(TOTALS)
    missing = bridge.command("rebuild", "payments")
    assert (missing.returncode, "no database yet" in missing.stderr) == (2, True)
    bridge.start()
    for _ in ("running", "alone"):
        unknown = bridge.command("rebuild", "paymnts")
        assert unknown.returncode == 2
        assert (
            "paymnts: no mapping of this name is loaded; there are payments; did you mean 'payments'?" in unknown.stderr
        )
        assert bridge.command("replay", "paymnts").returncode == 2
        no_time = bridge.command("rebuild", "payments", "--since", "yesterday")
        assert (no_time.returncode, "'yesterday' is not a time" in no_time.stderr) == (2, True)
        no_unit = bridge.command("rebuild", "payments", "--since", "7")
        assert (no_unit.returncode, "'7' has no unit" in no_unit.stderr) == (2, True)
        ahead = bridge.command("rebuild", "payments", "--since", "2199-01-01")
        assert (ahead.returncode, "lies ahead" in ahead.stderr) == (2, True)
        bridge.close()


def test_replay_tells_what_still_fails(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Exit 1 while something does; the same from a bridge that runs and from one that does not."""
    bridge = new_bridge(TOTALS)
    bridge.start()
    post(bridge.url, payment("evt_1", turn=1))
    broken = json.loads(payment("evt_2", turn=2))
    del broken["data"]["object"]["amount"]
    post(bridge.url, json.dumps(broken).encode())
    eventually(lambda: sandbox.values("p-totals") == ["1", "1", "1"])
    for _ in ("running", "alone"):
        ended = bridge.command("replay")
        assert ended.returncode == 1
        assert ended.stdout.startswith("folded 0 events; 1 still fails\nevent 2, payments: ")
        assert json.loads(bridge.command("replay", "payments", "--json").stdout)["failed"][0]["number"] == 2
        bridge.close()


def test_kills_during_a_rebuild_under_traffic_lose_and_double_nothing(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Each event of the journal counts once in what is built, whenever the process died, with what came meanwhile."""
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    bridge = new_bridge(TOTALS)
    bridge.start()
    post(bridge.url, payment("evt_first", turn=1))
    eventually(lambda: sandbox.values("p-totals") == ["1", "1", "1"])
    bridge.terminate()
    fill(bridge, 20_000)
    (bridge.mappings / "payments.yaml").write_text(
        BY_AMOUNT.replace("extract: {", "when: {$.id: {ne: x}}\n    extract: {")
    )
    bridge.start()
    acked = 20_001
    kills = 0
    while bridge.rows("SELECT 1 FROM generations WHERE status = 'building'"):
        threading.Event().wait(moments.uniform(0.05, 0.5))
        acked += post(bridge.url, payment(f"evt_{acked}", turn=1)).status_code == 202
        bridge.kill()
        kills += 1
        bridge.start()

    assert kills > 1, "it was built before it could be killed"
    acked += post(bridge.url, payment("evt_last", turn=1)).status_code == 202
    wanted = [str(acked * 2000), str(acked), str(acked)]
    eventually(lambda: sandbox.values("p-totals") == wanted, within_s=60)
