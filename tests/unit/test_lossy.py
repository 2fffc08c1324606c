"""Whether a disk lasts, and what is refused where it does not."""

from pathlib import PurePosixPath

import pytest

from bridge.lossy import Mount, mount_of, platform_without_disk, refuse_state
from bridge.mappings import load_texts

MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw
23 22 0:22 / /data rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
24 23 0:23 / /data/cache rw - tmpfs tmpfs rw
25 22 0:24 / /my\\040disk rw - xfs /dev/sdb rw
26 23 0:25 / /data/cache rw - nfs4 server:/export rw
a line of another release
"""


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/srv/bridge", Mount("/", "overlay")),
        ("/data/pinbridge.db", Mount("/data", "ext4")),
        ("/database/pinbridge.db", Mount("/", "overlay")),
        ("/data/cache/pinbridge.db", Mount("/data/cache", "nfs4")),
        ("/my disk/pinbridge.db", Mount("/my disk", "xfs")),
    ],
)
def test_a_path_lies_on_the_innermost_newest_mount(path: str, mount: Mount) -> None:
    """Names are compared part by part, and what Linux escapes is read."""
    assert mount_of(PurePosixPath(path), MOUNTS) == mount


def test_where_nothing_tells_no_mount_is_known() -> None:
    """As on systems without mountinfo."""
    assert mount_of(PurePosixPath("/data"), "") == Mount("", "")


@pytest.mark.parametrize(
    ("environ", "mount", "named"),
    [
        ({}, Mount("/", "overlay"), None),
        ({"K_SERVICE": ""}, Mount("/", "overlay"), None),
        ({"K_SERVICE": "bridge"}, Mount("/", "overlay"), "Cloud Run"),
        ({"K_SERVICE": "bridge"}, Mount("/", "9p"), "Cloud Run"),
        ({"K_SERVICE": "bridge"}, Mount("", ""), "Cloud Run"),
        ({"K_SERVICE": "bridge"}, Mount("/data", "nfs"), None),
        ({"AWS_LAMBDA_FUNCTION_NAME": "bridge"}, Mount("/scratch", "ext4"), "AWS Lambda"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "bridge"}, Mount("/mnt/efs", "nfs4"), None),
        ({"FUNCTIONS_WORKER_RUNTIME": "custom"}, Mount("/", "overlay"), "Azure Functions"),
        ({"FUNCTIONS_WORKER_RUNTIME": "custom"}, Mount("/home", "cifs"), None),
        ({"CONTAINER_APP_NAME": "bridge"}, Mount("/data", "ext4"), "Azure Container Apps"),
        ({"DYNO": "web.1"}, Mount("/", "ext4"), "Heroku"),
        ({"RENDER": "true"}, Mount("/", "overlay"), "Render"),
        ({"RENDER": "true"}, Mount("/var/data", "ext4"), None),
        ({"RENDER": "true"}, Mount("/scratch", "tmpfs"), "Render"),
        ({"FLY_APP_NAME": "bridge"}, Mount("/", "ext4"), "Fly.io"),
        ({"FLY_APP_NAME": "bridge"}, Mount("/data", "ext4"), None),
        ({"FLY_APP_NAME": "bridge"}, Mount("", ""), "Fly.io"),
    ],
)
def test_a_platform_is_known_by_what_it_sets(environ: dict[str, str], mount: Mount, named: str | None) -> None:
    """And its volumes and shares last, where it has such."""
    platform = platform_without_disk(mount, environ)
    assert (platform and platform.name) == named


MAPPING = """
pin: p-{name}12345678
enabled: {enabled}
triggers:
  - {{name: paid, source: shop}}
{state}
update: {{metadata: {{pin_config: {{content: hello}}}}}}
"""


def test_each_mapping_with_state_is_refused_with_its_place() -> None:
    """Those that remember nothing, and those that are off, are not."""
    state = "state: {orders: {count: paid, every: day}}"
    texts = {
        "off.yaml": MAPPING.format(name="off", enabled="false", state=state),
        "plain.yaml": MAPPING.format(name="plain", enabled="true", state=""),
        "sums.yaml": MAPPING.format(name="sums", enabled="true", state=state),
    }
    platform = platform_without_disk(Mount("/", "overlay"), {"K_SERVICE": "bridge"})
    assert platform is not None
    mappings = load_texts({name: text.encode() for name, text in texts.items()}, {})
    (problem,) = refuse_state(platform, mappings, allow_lossy=False)
    assert (problem.file, problem.line, problem.column) == ("sums.yaml", 6, 1)
    assert not list(refuse_state(platform, mappings, allow_lossy=True))
    assert not list(refuse_state(None, mappings, allow_lossy=False))
    for told in ("'state'", "Cloud Run (K_SERVICE is set)", "a disk that lasts", "PINBRIDGE_ALLOW_LOSSY=1"):
        assert told in problem.message
