"""`pinbridge backup` and `restore`, with the real process and the traffic that it has meanwhile."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from support.processes import BridgeProcess, Sandbox, eventually, payment, post
from support.senders import COUNTING, Senders, shown

NewBridge = Callable[..., BridgeProcess]

BACKUPS = 5


def test_a_backup_under_load_holds_all_that_was_acked_before_it(
    new_bridge: NewBridge, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is whole, nothing in it is doubled, and put in place it makes every pin show its own sums again."""
    bridge = new_bridge(COUNTING)
    bridge.start()
    senders = Senders(bridge, random.randrange(2**32))
    senders.start()
    acked_before: dict[Path, set[str]] = {}
    for number in range(BACKUPS):
        enough = 100 * (number + 1)
        eventually(lambda enough=enough: len(senders.acked) > enough)  # type: ignore[misc]  # bound in this round
        file = tmp_path / f"backup-{number}.db"
        acked_before[file] = set(senders.acked)
        made = bridge.command("backup", str(file))
        assert made.returncode == 0, made.stderr
    senders.stop()
    eventually(lambda: shows(sandbox, shown(senders.acked.values())))
    bridge.terminate()

    for file, acked in acked_before.items():
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            kept = [event_id for (event_id,) in connection.execute("SELECT id FROM events")]
        assert acked <= set(kept), "an event was acked before the backup and is not in it"
        assert len(kept) == len(set(kept)) < len(senders.acked)
        shutil.copyfile(file, bridge.database)
        bridge.start()
        expected = shown(senders.acked[event_id] for event_id in kept)
        eventually(lambda expected=expected: shows(sandbox, expected), within_s=90)  # type: ignore[misc]  # bound in this round
        bridge.terminate()


def shows(sandbox: Sandbox, expected: dict[str, list[str]]) -> bool:
    """Tell whether every pin shows what it must."""
    return {pin: sandbox.values(pin)[:6] for pin in expected} == expected


def test_a_backup_is_restored_and_what_it_lacks_may_come_again(new_bridge: NewBridge, tmp_path: Path) -> None:
    """The command says what the database holds, where the other one is kept, and what is to be sent again."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_1"))
    file = tmp_path / "backup.db"

    made = bridge.command("backup", str(file))
    again = bridge.command("backup", str(file), "--json")
    post(bridge.url, payment("evt_2"))
    refused = bridge.command("restore", str(file))
    bridge.terminate()
    restored = bridge.command("restore", str(file), "--json")

    assert (made.returncode, made.stderr) == (0, "")
    assert f"backed up to {file}: 0.2 MiB, up to event 1, received 2" in made.stdout
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.rstrip().endswith("is there already, and nothing is overwritten; name another file")
    assert refused.returncode == 2
    assert "in use by the process" in refused.stderr
    told = json.loads(restored.stdout)
    assert (restored.returncode, told["newest_event"]) == (0, 1)
    assert [*Path(told["before"]).parent.glob("pinbridge.db.before-*")] == [Path(told["before"])]
    bridge.start()
    answers = [post(bridge.url, payment(event_id)).json()["status"] for event_id in ("evt_1", "evt_2")]
    assert answers == ["duplicate", "accepted"]
