"""A damaged database at the start: it is refused with words that say what to do, and nothing is begun over it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import BridgeProcess, payment, post

NewBridge = Callable[..., BridgeProcess]


def killed_with_one_event(new_bridge: NewBridge) -> BridgeProcess:
    """Give a bridge that was killed; its event stands in the write-ahead log alone."""
    bridge = new_bridge()
    bridge.start()
    assert post(bridge.url, payment("evt_1")).status_code == 202
    bridge.kill()
    return bridge


def scribble(path: Path, at: int) -> None:
    """Overwrite some bytes of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"scribbled over")


@pytest.mark.parametrize(
    ("suffix", "at", "words"),
    [
        ("", 0, "pinbridge.db: it is damaged (file is not a database); `pinbridge restore FILE` puts a backup in its"),
        ("", 4096 * 4, "pinbridge.db: it is damaged ("),
        ("-wal", 0, "pinbridge.db-wal: it is damaged, and holds the newest events; `pinbridge restore FILE` puts"),
        ("-wal", 16, "move the log away to go on without those events"),
    ],
)
def test_a_damaged_file_stops_the_start(new_bridge: NewBridge, suffix: str, at: int, words: str) -> None:
    """Exit code 2; no event is passed over without a word, and what was told to be moved away is out of the way."""
    bridge = killed_with_one_event(new_bridge)
    damaged = bridge.database.with_name(f"pinbridge.db{suffix}")
    if not suffix:
        bridge.start()  # what stands in the log is copied into the file
        bridge.terminate()
    scribble(damaged, at)
    before = damaged.read_bytes()

    refused = bridge.command("serve")

    assert refused.returncode == 2
    assert words in " ".join(refused.stderr.split())
    assert damaged.read_bytes() == before
    damaged.rename(damaged.with_name("moved-away"))
    bridge.start()
    assert post(bridge.url, payment("evt_1")).status_code == 202


def test_a_log_that_broke_off_is_read_as_far_as_it_goes(new_bridge: NewBridge) -> None:
    """A write that the power cut ended was never acknowledged; it stops nothing."""
    bridge = killed_with_one_event(new_bridge)
    with bridge.database.with_name("pinbridge.db-wal").open("ab") as file:
        file.write(b"half a frame")

    bridge.start()

    assert bridge.rows("SELECT id FROM events") == [("evt_1",)]
    assert post(bridge.url, payment("evt_1")).json()["status"] == "duplicate"


def test_damage_that_a_webhook_meets_is_told_and_got_over_with_a_backup(new_bridge: NewBridge, tmp_path: Path) -> None:
    """The process stays, puts off what it cannot take, and says what to do; what the backup has is there again."""
    bridge = new_bridge()
    bridge.start()
    assert post(bridge.url, payment("evt_1")).status_code == 202
    assert bridge.command("backup", str(tmp_path / "backup.db")).returncode == 0
    bridge.terminate()
    bridge.start()
    whole = bridge.database.read_bytes()
    with bridge.database.open("r+b") as file:
        file.seek(4096)
        file.write(b"scribbled over" * ((len(whole) - 4096) // 14))

    answers = [post(bridge.url, payment(f"evt_{number}")) for number in range(2, 5)]

    assert [answer.status_code for answer in answers] == [503] * 3
    advice = (
        "the database is damaged (database disk image is malformed); stop the bridge, and `pinbridge restore` a backup"
    )
    assert {line["message"] for line in bridge.lines("webhook_put_off")} == {advice}
    assert bridge.terminate() == 0
    assert "it is damaged" in bridge.command("serve").stderr
    assert bridge.command("restore", str(tmp_path / "backup.db")).returncode == 0
    bridge.start()
    answers = [post(bridge.url, payment(event_id)) for event_id in ("evt_1", "evt_2")]
    assert [answer.json()["status"] for answer in answers] == ["duplicate", "accepted"]
