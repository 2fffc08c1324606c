from pathlib import PurePosixPath

import pytest

from bridge.cli.doctor.disk import filesystem_of, judge_bridge, lasting, room
from bridge.events import Json

MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw
23 22 0:22 / /data rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
24 23 0:23 / /data/cache rw - tmpfs tmpfs rw
25 22 0:24 / /my\\040disk rw - xfs /dev/sdb rw
26 23 0:25 / /data/cache rw - nfs4 server:/export rw
a line of another release
"""


@pytest.mark.parametrize(
    ("path", "filesystem"),
    [
        ("/srv/bridge", "overlay"),
        ("/data/pinbridge.db", "ext4"),
        ("/database/pinbridge.db", "overlay"),
        ("/data/cache/pinbridge.db", "nfs4"),
        ("/my disk/pinbridge.db", "xfs"),
    ],
)
def test_a_path_lies_on_the_innermost_newest_mount(path: str, filesystem: str) -> None:
    """Names are compared part by part, and what Linux escapes is read."""
    assert filesystem_of(PurePosixPath(path), MOUNTS) == filesystem


def test_where_nothing_tells_the_filesystem_it_is_taken_for_a_disk() -> None:
    """As on systems without mountinfo."""
    assert filesystem_of(PurePosixPath("/data"), "") == ""
    assert lasting("", {}).verdict == "ok"


@pytest.mark.parametrize(
    ("filesystem", "environ", "verdict", "said"),
    [
        ("ext4", {}, "ok", "is ext4"),
        ("tmpfs", {}, "failure", "is memory (tmpfs)"),
        ("nfs4", {}, "warning", "locks"),
        ("overlay", {}, "warning", "container"),
        ("ext4", {"K_SERVICE": "bridge"}, "warning", "Cloud Run"),
        ("overlay", {"AWS_LAMBDA_FUNCTION_NAME": "bridge"}, "warning", "AWS Lambda"),
        ("ext4", {"K_SERVICE": ""}, "ok", "is ext4"),
    ],
)
def test_a_disk_that_does_not_last_is_told(filesystem: str, environ: dict[str, str], verdict: str, said: str) -> None:
    """What is gone for certain fails; what may be is a warning."""
    finding = lasting(filesystem, environ)
    assert finding.verdict == verdict
    assert said in finding.message


@pytest.mark.parametrize(
    ("free_bytes", "verdict", "said"),
    [
        (2**40, "ok", "1,024.0 GiB are free"),
        (2**30, "ok", "1.0 GiB are free"),
        (2**30 - 1, "warning", "1023 MiB are free"),
        (64 * 2**20 - 1, "failure", "63 MiB are free"),
    ],
)
def test_little_room_is_told(free_bytes: int, verdict: str, said: str) -> None:
    """Under a gibibyte, and where webhooks would soon be refused."""
    finding = room(free_bytes)
    assert (finding.verdict, finding.message) == (verdict, said)


def test_a_bridge_whose_change_is_refused_is_degraded() -> None:
    """It runs, on what was there before; the first mistake is told."""
    degraded: Json = {
        "status": "degraded",
        "reason": "the change is refused",
        "errors": ["a.yaml:1:1: x", "b.yaml:1:1: y"],
    }
    found = judge_bridge("http://127.0.0.1:8080", degraded)
    assert (found.verdict, found.message) == (
        "warning",
        "runs here, at http://127.0.0.1:8080, but is degraded: the change is refused: a.yaml:1:1: x (and 1 more)",
    )
    assert judge_bridge("http://127.0.0.1:8080", {"status": "ready"}).verdict == "ok"
    assert judge_bridge("http://127.0.0.1:8080", None).verdict == "warning"
