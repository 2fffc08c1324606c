"""The peers as servers on one CPU: each takes the same requests on `/hooks/github` and verifies the same signature."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import installing
from benchmarks.process import SERVER_CPU, free_port, running, wait_until_ready
from benchmarks.rounds import Server
from benchmarks.traffic import SECRET

HOOK = "/hooks/github"


@contextmanager
def webhook(folder: Path, requests: int) -> Iterator[Server]:
    """Run Debian's `webhook`, which starts `/bin/true` for each event."""
    port = free_port()
    hooks = str(installing.HERE / "hooks.json")
    command = (str(installing.debian_webhook()), "-template", "-hooks", hooks, "-ip", "127.0.0.1", "-port", str(port))
    with _serving(command, folder / "webhook.log", port, ready="/") as process:
        yield _server(port, process, requests=requests)


@contextmanager
def octokit(folder: Path) -> Iterator[Server]:
    """Run `@octokit/webhooks` in Node's own server."""
    port = free_port()
    command = ("node", str(installing.node_folder() / "octokit.js"))
    with _serving(command, folder / "octokit.log", port) as process:
        yield _server(port, process, status=200)


@contextmanager
def node_red(folder: Path, upstream: str, requests: int) -> Iterator[Server]:
    """Run Node-RED with a flow that verifies, parses, and sends the newest event to `upstream` each five seconds."""
    port = free_port()
    node = installing.node_folder()
    user = folder / "node-red"
    user.mkdir()
    (user / "flows.json").write_bytes((node / "flows.json").read_bytes())
    red = str(node / "node_modules" / "node-red" / "red.js")
    command = ("node", red, "--settings", str(node / "node_red.cjs"), "--userDir", str(user))
    with _serving(command, folder / "node-red.log", port, environ={"UPSTREAM": upstream}) as process:
        yield _server(port, process, requests=requests)


@contextmanager
def fastapi(folder: Path, app: str, requests: int, **environ: str) -> Iterator[Server]:
    """Run one of the apps in `direct.py`."""
    port = free_port()
    python = str(installing.fastapi_python())
    options = ("--app-dir", str(installing.HERE), "--port", str(port), "--no-access-log", "--log-level", "warning")
    command = (python, "-m", "uvicorn", f"direct:{app}", *options)
    with _serving(command, folder / f"fastapi-{app}.log", port, environ=environ) as process:
        yield _server(port, process, requests=requests)


@contextmanager
def _serving(
    command: Sequence[str], log: Path, port: int, *, ready: str = "/readyz", environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    known = {**os.environ, "PORT": str(port), "SECRET": SECRET, **(environ or {})}
    with running(command, cpu=SERVER_CPU, log=log, environ=known) as process:
        wait_until_ready(f"http://127.0.0.1:{port}{ready}", process, log)
        yield process


def _server(port: int, process: subprocess.Popen[bytes], *, status: int = 202, requests: int | None = None) -> Server:
    return Server(hook=f"http://127.0.0.1:{port}{HOOK}", process=process, status=status, requests=requests)
