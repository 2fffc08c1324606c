"""`pinbridge backup` and `restore`, with the real process and the traffic that it has meanwhile."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.disks import small_disk
from support.processes import BridgeProcess, Sandbox, eventually, payment, post
from support.senders import COUNTING, Senders, shown

NewBridge = Callable[..., BridgeProcess]

BACKUPS = 5
LARGE = 5

HALTING = """
import os, signal, time
from bridge.cli import main
from bridge.store import backup

def halt(_length_s):
    backup.sleep = time.sleep
    os.kill(os.getpid(), signal.SIGSTOP)

# Whoever runs the tests in the background may have them ignore this.
signal.signal(signal.SIGINT, signal.default_int_handler)
backup.sleep = halt
main()
"""
"""The program, which halts a backup after its first step."""


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


@pytest.mark.parametrize("by_hand", [False, True], ids=["restored", "copied into place"])
def test_what_is_delivered_again_after_a_restore_counts_once_and_is_told_the_truth(
    new_bridge: NewBridge, sandbox: Sandbox, tmp_path: Path, *, by_hand: bool
) -> None:
    """Events of before the backup and of after it; no pin passes for sent since its revision was before the restore."""
    bridge = new_bridge(COUNTING, PINBRIDGE_DELIVERY="inline")
    bridge.start()
    file = tmp_path / "backup.db"
    turns = [payment(f"evt_{turn}", turn=turn, cents=turn) for turn in (1, 2, 3, 4)]
    assert [post(bridge.url, turn).status_code for turn in turns[:2]] == [200, 200]
    assert bridge.command("backup", str(file)).returncode == 0
    assert [post(bridge.url, turn).status_code for turn in turns[2:]] == [200, 200]
    assert sandbox.values("p-shop")[:2] == ["10", "4"]
    bridge.terminate()
    if by_hand:
        shutil.copyfile(file, bridge.database)
    else:
        assert bridge.command("restore", str(file)).returncode == 0
    bridge.start()

    before = [post(bridge.url, turn) for turn in turns[:2]]
    assert [answer.json()["status"] for answer in before] == ["duplicate"] * 2
    # What was sent before a restore may be applied for 40 s yet, so that nothing is sent, and nobody is told 200.
    assert {answer.status_code for answer in before} == {200 if by_hand else 202}
    assert sandbox.values("p-shop")[:2] == (["3", "2"] if by_hand else ["10", "4"])
    after = [post(bridge.url, turn) for turn in (*turns[2:], *turns)]
    assert [answer.json()["status"] for answer in after] == ["accepted"] * 2 + ["duplicate"] * 4
    assert {answer.status_code for answer in after} == {200 if by_hand else 202}
    assert sandbox.values("p-shop")[:2] == ["10", "4"]
    assert bridge.rows("SELECT count(*), max(number) FROM events") == [(4, 4)]


@contextmanager
def halted_backup(bridge: BridgeProcess, file: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a backup that halts while it copies; it goes on at the end."""
    command = [sys.executable, "-c", HALTING, "backup", str(file)]
    with subprocess.Popen(command, env=bridge.environ, stderr=subprocess.PIPE, text=True) as backup:
        status = Path(f"/proc/{backup.pid}/stat")
        eventually(lambda: status.read_text().rpartition(")")[2].split()[0] == "T")
        try:
            yield backup
        finally:
            backup.send_signal(signal.SIGCONT)


def send_much(bridge: BridgeProcess) -> None:
    """Bring events that a backup does not copy in one step."""
    for number in range(LARGE):
        body = json.dumps(json.loads(payment(f"evt_{number}")) | {"padding": "x" * 900_000}).encode()
        assert post(bridge.url, body).status_code == 202


def test_a_bridge_ends_in_time_while_it_is_backed_up(new_bridge: NewBridge, tmp_path: Path) -> None:
    """A backup that reads one moment for long holds up no end, and is whole whatever comes and goes meanwhile."""
    bridge = new_bridge()
    bridge.start()
    send_much(bridge)
    with halted_backup(bridge, tmp_path / "backup.db") as backup:
        assert post(bridge.url, payment("evt_meanwhile")).status_code == 202
        asked_at = time.monotonic()
        assert bridge.terminate() == 0
        assert time.monotonic() - asked_at < 10
        bridge.start()
        assert post(bridge.url, payment("evt_meanwhile")).json()["status"] == "duplicate"
    _, told = backup.communicate(timeout=30)

    assert (backup.returncode, told) == (0, "")
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (LARGE,)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_backup_that_is_broken_off_leaves_nothing(
    new_bridge: NewBridge, tmp_path: Path, ending: signal.Signals
) -> None:
    """No file, and no beginning of one."""
    bridge = new_bridge()
    bridge.start()
    send_much(bridge)
    with halted_backup(bridge, tmp_path / "backup.db") as backup:
        backup.send_signal(ending)
    _, told = backup.communicate(timeout=30)

    assert backup.returncode == 128 + ending
    assert "Traceback" not in told
    assert [*tmp_path.glob("backup.db*")] == []


def test_two_backups_into_one_file_are_one(new_bridge: NewBridge, tmp_path: Path) -> None:
    """The second is refused while the first writes, and after it; what is there in the end is whole."""
    bridge = new_bridge()
    bridge.start()
    send_much(bridge)
    file = tmp_path / "backup.db"
    with halted_backup(bridge, file) as first:
        second = bridge.command("backup", str(file))
    assert first.wait(30) == 0
    third = bridge.command("backup", str(file))

    assert (second.returncode, second.stdout) == (1, "")
    assert "is being written by another process" in second.stderr
    assert (third.returncode, "nothing is overwritten" in third.stderr) == (2, True)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (LARGE,)


@pytest.mark.parametrize("name", ["pinbridge.db", "pinbridge.db-wal", "pinbridge.db-shm", "pinbridge.db.lock"])
@pytest.mark.parametrize("is_running", [True, False])
def test_no_backup_goes_where_the_database_lives(new_bridge: NewBridge, name: str, *, is_running: bool) -> None:
    """Under its name, or that of a file beside it, it would be taken for a part of it; also where that is not there."""
    bridge = new_bridge()
    bridge.start()
    post(bridge.url, payment("evt_1"))
    if not is_running:
        bridge.terminate()

    refused = bridge.command("backup", str(bridge.database.with_name(name)))

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "name another file" in refused.stderr
    if not is_running:
        bridge.start()
    assert post(bridge.url, payment("evt_1")).json()["status"] == "duplicate"


def test_where_a_backup_cannot_be_written_it_says_so_and_leaves_nothing(new_bridge: NewBridge, tmp_path: Path) -> None:
    """A folder that is missing, one that is no folder, a disk without room in the midst of it: one sentence each."""
    bridge = new_bridge()
    bridge.start()
    body = json.dumps(json.loads(payment("evt_1")) | {"padding": "x" * 900_000}).encode()
    assert post(bridge.url, body).status_code == 202
    with small_disk(tmp_path / "disk") as disk:
        with disk.without_room(bridge):
            full = bridge.command("backup", str(disk.folder / "backup.db"))
        left = [path.name for path in disk.folder.glob("backup*")]
        again = bridge.command("backup", str(disk.folder / "backup.db"))
    missing = bridge.command("backup", str(tmp_path / "missing" / "backup.db"))
    no_folder = bridge.command("backup", str(bridge.log / "backup.db"))

    assert (left, again.returncode) == ([], 0)
    for refused, reason in ((full, ""), (missing, "No such file or directory"), (no_folder, "Not a directory")):
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "it cannot be written" in refused.stderr
        assert reason in refused.stderr
        assert "Traceback" not in refused.stderr
    assert post(bridge.url, body).json()["status"] == "duplicate"


def test_a_folder_that_takes_nothing_is_told(new_bridge: NewBridge, tmp_path: Path) -> None:
    """Read-only, as a backup volume that is mounted so."""
    bridge = new_bridge()
    bridge.start()
    refused = bridge.command("backup", "/proc/backup.db")
    assert (refused.returncode, "/proc/backup.db: it cannot be written" in refused.stderr) == (1, True)
    assert [*tmp_path.glob("*.part")] == []
