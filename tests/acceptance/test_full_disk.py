"""A disk without room: what comes is put off, nothing is half done or sent unbooked, and room is all that it takes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from support.disks import SmallDisk, small_disk
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post

COUNTING = f"""{MAPPING}
state:
  total: {{sum: amount}}
""".replace("cards:", """cards:\n        - {title: Sum, value: "{{ total.value }}"}""")

EVERYTHING = """
    SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM seen), (SELECT count(*) FROM latest),
    (SELECT count(*) FROM sends), (SELECT group_concat(revision) FROM pins), (SELECT group_concat(data) FROM state)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Give a small disk for the bridge's folder."""
    with small_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def bridge(disk: SmallDisk, sandbox: Sandbox, tmp_path: Path) -> Iterator[BridgeProcess]:
    """Prepare a bridge whose database lies on the small disk, and its log elsewhere."""
    (disk.folder / "mappings").mkdir()
    (disk.folder / "mappings" / "payments.yaml").write_text(COUNTING)
    prepared = BridgeProcess(disk.folder, f"{sandbox.url}/v1")
    prepared.log = tmp_path / "bridge.log"
    with closing(prepared):
        yield prepared


def test_a_full_disk_puts_off_what_comes_and_is_got_over(
    disk: SmallDisk, bridge: BridgeProcess, sandbox: Sandbox
) -> None:
    """503 with a time to come back; of what was put off nothing is stored; with room it counts, once."""
    bridge.start()
    assert post(bridge.url, payment("evt_1", cents=100)).status_code == 202
    eventually(lambda: sandbox.values("p-shop")[:1] == ["100"])
    bodies = [payment(f"evt_full_{number}", turn=2, cents=number) for number in range(5)]

    with disk.without_room(bridge):
        before = bridge.rows(EVERYTHING)
        refused = [post(bridge.url, body) for body in bodies]
        ready = httpx.get(f"{bridge.url}/readyz", timeout=30)
        after = bridge.rows(EVERYTHING)

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(503, "5")] * 5
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert before == after
    assert [post(bridge.url, body).status_code for body in bodies] == [202] * 5
    assert post(bridge.url, bodies[0]).json()["status"] == "duplicate"
    eventually(lambda: sandbox.values("p-shop")[:1] == ["110"])
    assert httpx.get(f"{bridge.url}/readyz", timeout=30).json() == {"status": "ready"}


def test_nothing_is_sent_that_cannot_be_booked(disk: SmallDisk, bridge: BridgeProcess, sandbox: Sandbox) -> None:
    """A pin that is due waits while the disk is full, and goes out by itself once there is room: each time booked."""
    bridge.start()
    sandbox.fault(kind="status", status=500)
    assert post(bridge.url, payment("evt_1", cents=100)).status_code == 202
    eventually(lambda: len(sandbox.writes()) > 0)

    with disk.without_room(bridge):
        # The one where it is to be claimed, the other where it was under way, and rests until its lease is over.
        eventually(lambda: bridge.lines("store_unavailable") + bridge.lines("delivery_interrupted") != [])
    sandbox.http.delete("/_sandbox/faults").raise_for_status()

    eventually(lambda: sandbox.values("p-shop")[:1] == ["100"], within_s=120)
    assert bridge.rows("SELECT count(*) FROM sends") == [(len(sandbox.writes()),)]


@pytest.mark.parametrize("has_a_database", [True, False])
def test_a_start_on_a_full_disk_says_so(disk: SmallDisk, bridge: BridgeProcess, *, has_a_database: bool) -> None:
    """Exit code 2 and one sentence; with room the next start has all that was there."""
    if has_a_database:
        bridge.start()
        assert post(bridge.url, payment("evt_1")).status_code == 202
        bridge.terminate()

    with disk.without_room(bridge):
        refused = bridge.command("serve")

    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "pinbridge.db" in refused.stderr
    assert any(words in refused.stderr for words in ("no room left", "No space left on device", "File too large"))
    bridge.start()
    assert post(bridge.url, payment("evt_1")).json()["status"] == ("duplicate" if has_a_database else "accepted")
