import pytest

from bridge.cli.doctor.disk import judge_bridge, lasting, room
from bridge.events import Json
from bridge.lossy import Mount


def test_where_nothing_tells_the_filesystem_it_is_taken_for_a_disk() -> None:
    """As on systems without mountinfo."""
    assert lasting(Mount("", ""), {}).verdict == "ok"


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
    finding = lasting(Mount("/data", filesystem), environ)
    assert finding.verdict == verdict
    assert said in finding.message
    assert ("PINBRIDGE_ALLOW_LOSSY" in finding.advice) == any(environ.values())


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
