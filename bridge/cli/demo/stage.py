"""The demo's stage: a sandbox and a bridge, each a process of its own on a free port, on files that go with it."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from bridge.cli.demo.history import write_history
from bridge.cli.demo.past import past
from bridge.cli.demo.scenario import MAPPINGS, afternoon_zone, midnight_before
from bridge.cli.shipped import shipped_mappings
from bridge.configuration import load_configuration
from bridge.errors import OperatorError
from bridge.settings import Settings
from bridge.store import read_running

START_S = 30.0
API_KEY = "pk_demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything runs: the sandbox's and the bridge's address, the bridge's settings and its log file."""

    sandbox_url: str
    bridge_url: str
    environ: dict[str, str]
    log: Path


@contextmanager
def set_stage(now: datetime) -> Iterator[Stage]:
    """Write the past, start both processes, wait until they are ready, and end them with the block.

    Raises `OperatorError`, with the end of the log, where one does not start.
    """
    with ExitStack() as curtain:
        folder = Path(curtain.enter_context(tempfile.TemporaryDirectory(prefix="pinbridge-demo-")))
        sandbox_url = _start_sandbox(curtain)
        environ = _environ(folder, sandbox_url, afternoon_zone(now))
        _write_past(environ, now)
        log = folder / "bridge.log"
        process = _start(curtain, [sys.executable, "-m", "bridge", "serve"], environ, log)
        bridge_url = _wait_until_ready(process, environ["PINBRIDGE_DATABASE"], log)
        yield Stage(sandbox_url=sandbox_url, bridge_url=bridge_url, environ=environ, log=log)


def lay_out_mappings(folder: Path) -> Path:
    """Copy the mappings that the demo is about into a new folder: the others want secrets and get no event."""
    folder.mkdir()
    for name in MAPPINGS:
        shutil.copy(shipped_mappings() / f"{name}.yaml", folder)
    return folder


def _environ(folder: Path, sandbox_url: str, timezone: str) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ},
        "PORT": "0",
        "HOST": "127.0.0.1",
        "PINBRIDGE_MAPPINGS": str(lay_out_mappings(folder / "mappings")),
        "PINBRIDGE_DATABASE": f"sqlite:///{folder / 'demo.db'}",
        "PINDOWN_API_URL": f"{sandbox_url}/v1",
        "PINDOWN_API_KEY": API_KEY,
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "GITHUB_WEBHOOK_SECRET": secrets.token_hex(16),
        "ALERTMANAGER_WEBHOOK_SECRET": secrets.token_hex(16),
        "SHOPIFY_WEBHOOK_SECRET": secrets.token_hex(16),
        **{f"{source}_TIMEZONE": timezone for source in ("STRIPE", "GITHUB", "ALERTMANAGER", "SHOPIFY")},
    }


def _write_past(environ: dict[str, str], now: datetime) -> None:
    settings = Settings.from_environ(environ)
    write_history(settings, load_configuration(settings.mappings, environ), past(midnight_before(now)))


def _start_sandbox(curtain: ExitStack) -> str:
    command = [sys.executable, "-m", "bridge.sandbox", "--port", "0", "--key", API_KEY, "--auto-create"]
    command.append("--until-stdin-closes")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    curtain.callback(_end, process)
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    announced = process.stdout.readline()
    if not announced:
        raise OperatorError("the sandbox did not start; run `python -m bridge.sandbox` to see why")
    url: str = json.loads(announced)["url"]
    return url


def _start(curtain: ExitStack, command: list[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environ, stdout=file, stderr=file)  # noqa: S603  # our own module
    curtain.callback(_end, process)
    return process


def _wait_until_ready(process: subprocess.Popen[bytes], database: str, log: Path) -> str:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        running = read_running(database)
        if running is not None and _is_ready(running.address):
            return running.address
        time.sleep(0.05)
    raise OperatorError(f"the bridge did not start:\n{log.read_text()[-2000:]}")


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
