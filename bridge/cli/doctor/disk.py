"""Whether the database's folder can be written to, lasts, and has room; and how the bridge is that runs on it."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import httpx
import orjson

from bridge.cli.doctor.findings import Finding, failure, ok, warning
from bridge.errors import StoreUnusable
from bridge.events import Json
from bridge.existence import is_there
from bridge.lossy import LAYERS, MEMORY, NETWORK, Mount, mount_of, platform_without_disk, read_mounts
from bridge.store import read_running
from bridge.store.database import Database

ROOM_BYTES = 2**30
"""Below this free space a warning is due."""
NO_ROOM_BYTES = 64 * 2**20

READY_S = 5.0
"""How long the bridge that runs here may take to say how it is."""

_SUBJECT = "database"
_VOLUME = "put it on a volume that outlives the process, and name that in PINBRIDGE_DATABASE"
_STATE = "until then no bridge starts with a mapping that uses `state`, unless PINBRIDGE_ALLOW_LOSSY=1 is set"


def examine_database(url: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at where the database lies, and whether a bridge runs on it."""
    try:
        path = Database.at(url).path
    except StoreUnusable as error:
        yield failure(_SUBJECT, str(error), "set PINBRIDGE_DATABASE, and make the folder")
        return
    if path is None:
        yield failure(_SUBJECT, "is in memory: what was accepted is lost with the process", _VOLUME)
        return
    yield _writable(path)
    yield lasting(mount_of(path, read_mounts()), environ)
    yield room(shutil.disk_usage(path.parent).free)
    yield _running(url)


def _writable(path: Path) -> Finding:
    """Try to make a file beside the database, as SQLite does, and to open the database where there is one."""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if is_there(path):
            path.open("r+b").close()
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        return failure(_SUBJECT, message, "let the bridge's user write the folder and the file")
    return ok(_SUBJECT, f"{path} can be written" if is_there(path) else f"{path} can be made")


def lasting(mount: Mount, environ: Mapping[str, str]) -> Finding:
    """Say whether what is written will still be there tomorrow; an unknown file system counts as one that lasts."""
    filesystem, platform = mount.filesystem, platform_without_disk(mount, environ)
    if filesystem in MEMORY:
        return failure("disk", f"is memory ({filesystem}): the database is gone with the next start", _VOLUME)
    if filesystem in NETWORK:
        message = f"is on the network ({filesystem}), where SQLite's locks do not hold for sure"
        return warning("disk", message, "put the database on a disk of this machine")
    if platform is not None:
        message = f"{platform.variable} is set: {platform.name} keeps no disk between instances"
        return warning("disk", message, f"{_VOLUME}; {_STATE}")
    if filesystem in LAYERS:
        return warning("disk", "is the container's own layer, which goes with the container", _VOLUME)
    return ok("disk", f"is {filesystem}" if filesystem else "is not known to go with the process")


def room(free_bytes: int) -> Finding:
    """Say whether the journal has room to grow."""
    left = f"{free_bytes / 2**30:,.1f} GiB are free" if free_bytes >= 2**30 else f"{free_bytes >> 20} MiB are free"
    if free_bytes < NO_ROOM_BYTES:
        return failure("disk space", left, "make room: webhooks are refused when the disk is full")
    if free_bytes < ROOM_BYTES:
        return warning("disk space", left, "make room, or keep less with PINBRIDGE_RETENTION and PINBRIDGE_JOURNAL_MAX")
    return ok("disk space", left)


def _running(url: str) -> Finding:
    try:
        running = read_running(url)
    except StoreUnusable as error:
        return warning("bridge", str(error), "run this as the user that runs the bridge")
    if running is None:
        return ok("bridge", "does not run on this database now")
    return judge_bridge(running.address, _readiness(running.address))


def _readiness(address: str) -> Json:
    """Ask the bridge how it is; None where it does not say."""
    try:
        return cast(Json, orjson.loads(httpx.get(f"{address}/readyz", timeout=READY_S).content))
    except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError):
        return None


def judge_bridge(address: str, readiness: Json) -> Finding:
    """Say how the bridge that runs here is, from what it answers at /readyz."""
    match readiness:
        case {"status": "ready"}:
            return ok("bridge", f"runs here, at {address}")
        case {"status": "degraded", "reason": reason, "errors": [first, *others]}:
            more = f" (and {len(others)} more)" if others else ""
            message = f"runs here, at {address}, but is degraded: {reason}: {first}{more}"
            return warning("bridge", message, "mend that; `pinbridge validate` shows each mistake in its place")
    return warning("bridge", f"runs here, at {address}, but does not say that it is ready", "look at its log")
