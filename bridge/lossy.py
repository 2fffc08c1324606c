"""Whether the disk under the database lasts, and what is refused where it does not.

Platforms that run containers give each instance a disk that goes with it. A sum that was kept there begins anew and
looks like a true one, so such a start, or such a reload, is refused unless its operator says that he knows.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from bridge.errors import Problem
from bridge.mappings import MappingSet

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.gcsfuse", "fuse.s3fs"})
"""File systems that another machine keeps."""

MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
LAYERS = frozenset({"overlay", "aufs"})

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """Where a file system is mounted, and its type; both empty where that is not known."""

    point: str
    filesystem: str


class Platform(NamedTuple):
    """A platform, by the variable that it sets in every instance.

    With `has_volumes` a volume is mounted like a disk. The others have at most shares of another machine; what is
    mounted there beside those (Lambda's `/tmp`, an EmptyDir) goes with the instance, too.
    """

    variable: str
    name: str
    has_volumes: bool = False


PLATFORMS = (
    Platform("K_SERVICE", "Cloud Run"),  # https://cloud.google.com/run/docs/container-contract
    Platform(
        "AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda"
    ),  # docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    Platform("FUNCTIONS_WORKER_RUNTIME", "Azure Functions"),
    Platform("CONTAINER_APP_NAME", "Azure Container Apps"),  # learn.microsoft.com/azure/container-apps/storage-mounts
    Platform("VERCEL", "Vercel"),
    Platform("NETLIFY", "Netlify"),
    Platform("DYNO", "Heroku"),  # https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem
    Platform("RENDER", "Render", has_volumes=True),  # https://render.com/docs/disks
    Platform("FLY_APP_NAME", "Fly.io", has_volumes=True),  # https://fly.io/docs/volumes/overview/
)


def read_mounts() -> str:
    """Read what is mounted; empty where the system does not tell."""
    return _MOUNTS.read_text(encoding="utf-8", errors="replace") if _MOUNTS.is_file() else ""


def mount_of(path: PurePath, mountinfo: str) -> Mount:
    """Give the mount that a path lies on, from Linux's mountinfo.

    See proc_pid_mountinfo(5). The longest mount point wins, the later of two equal ones.
    """
    found, length = Mount("", ""), -1
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = PurePath(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= length:
            found, length = Mount(str(point), after.split(" ")[0]), len(point.parts)
    return found


def platform_without_disk(mount: Mount, environ: Mapping[str, str]) -> Platform | None:
    """Give the platform that takes the database's disk away with the instance; None where none is known to."""
    platform = next((each for each in PLATFORMS if environ.get(each.variable)), None)
    # 9p is how gVisor, which Cloud Run may run on, shows the container's own layer.
    if platform is None or mount.filesystem in NETWORK - {"9p"}:
        return None
    if platform.has_volumes and mount.point not in {"", "/"} and mount.filesystem not in MEMORY | LAYERS:
        return None
    return platform


def platform_under(path: PurePath | None, environ: Mapping[str, str]) -> Platform | None:
    """Give the platform that takes a database's disk away, as this machine is; None too for one in memory."""
    return None if path is None else platform_without_disk(mount_of(path, read_mounts()), environ)


def refuse_state(platform: Platform | None, mappings: MappingSet, *, allow_lossy: bool) -> Iterator[Problem]:
    """Say of each mapping that uses `state` why it cannot, and what to do; nothing where the disk lasts."""
    if platform is None or allow_lossy:
        return
    advice = (
        "put the database on a disk that lasts, or say PINBRIDGE_ALLOW_LOSSY=1 if numbers may begin anew at any time"
    )
    reason = (
        f"{platform.name} ({platform.variable} is set) takes the disk away with each instance, and it would be lost"
    )
    for mapping in mappings.mappings.values():
        if mapping.enabled and mapping.state:
            yield mapping.state_place.problem(f"this mapping uses 'state', but {reason}; {advice}")
