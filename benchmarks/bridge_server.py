"""The bridge as a user starts it, in front of a sandbox as a process of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import LOAD_CPU, SERVER_CPU, free_port, on_cpu, running, wait_until_ready
from benchmarks.rounds import Server
from benchmarks.traffic import SECRET

PINBRIDGE = str(Path(sys.executable).with_name("pinbridge"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAddress:
    """Where a sandbox listens: its root, its API and the key that opens it."""

    url: str
    api_url: str
    key: str

    def ask(self, path: str) -> dict[str, Any]:
        """Read from the sandbox's control: `state`, `pins`, `requests`."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/{path}", timeout=30) as answer:  # noqa: S310 - ours
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def sandbox(folder: Path, *, rate: str) -> Iterator[SandboxAddress]:
    """Run a sandbox beside the load generator; `rate` is its budget in tokens, two an update."""
    log = folder / "sandbox.log"
    command = [sys.executable, "-m", "bridge.sandbox", "--port", str(free_port()), "--rate", rate, "--auto-create"]
    with running(command, cpu=LOAD_CPU, log=log) as process:
        wait_until_ready(f"http://127.0.0.1:{command[4]}/_sandbox/state", process, log)
        yield SandboxAddress(**json.loads(log.read_text().splitlines()[0]))


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start another command of `pinbridge` beside the one that serves; its output is for the caller.

    It gives way to the load generator, with which it shares a CPU, and whose delays would count as the bridge's.
    """
    environ = {
        **os.environ,
        "PINBRIDGE_MAPPINGS": str(folder / "mappings"),
        "PINBRIDGE_DATABASE": f"sqlite:///{folder / 'pinbridge.db'}",
        "STRIPE_WEBHOOK_SECRET": SECRET,
    }
    with on_cpu(LOAD_CPU):
        words = ["nice", "-n", "19", PINBRIDGE, *arguments]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environ)


@contextmanager
def bridge(
    folder: Path, mappings: Mapping[str, str], destination: SandboxAddress, **settings: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `pinbridge serve` on one CPU with its defaults, but for these settings; gives its address and its process."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for name, text in mappings.items():
        (folder / "mappings" / name).write_text(text, encoding="utf-8")
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PINBRIDGE_", "PINDOWN_"))},
        "PORT": str(port),
        "PINBRIDGE_MAPPINGS": str(folder / "mappings"),
        "PINBRIDGE_DATABASE": f"sqlite:///{folder / 'pinbridge.db'}",
        "PINDOWN_API_URL": destination.api_url,
        "PINDOWN_API_KEY": destination.key,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        **settings,
    }
    log = folder / "bridge.log"
    with running([PINBRIDGE, "serve"], cpu=SERVER_CPU, log=log, environ=environ) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/readyz", process, log)
        yield url, process


@contextmanager
def bridge_server(
    folder: Path,
    mappings: Mapping[str, str],
    destination: SandboxAddress,
    *,
    requests: int | None = None,
    **settings: str,
) -> Iterator[Server]:
    """Run it as `bridge` does, as one of several servers that are measured in turn."""
    with bridge(folder, mappings, destination, **settings) as (url, process):
        yield Server(hook=f"{url}/hooks/stripe", process=process, requests=requests)
