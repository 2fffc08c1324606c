"""Getting the peers into `build/peers`, and nowhere else: by apt, npm and pip, each pinned as far as it can be.

What is there from an earlier run is taken as it is.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("build/peers")
HERE = Path(__file__).parent
FROM_NODE = ("package.json", "package-lock.json", "octokit.js", "node_red.cjs", "flows.json")


class NotInstalled(Exception):
    """A peer cannot be had here; the message says why."""


def debian_webhook() -> Path:
    """Give Debian's `webhook`, unpacked and not installed: the version is whichever the machine's Debian has."""
    return made(FOLDER / "debian", "usr/bin/webhook", _unpack_webhook)


def node_folder() -> Path:
    """Give a folder with Node-RED, `@octokit/webhooks` and the files that use them, as the lock file pins them."""
    _require("node")
    return made(FOLDER / "node", "node_modules/node-red/red.js", _install_node).parents[2]


def fastapi_python() -> Path:
    """Give the interpreter of an environment with FastAPI, as `requirements.txt` pins it."""
    return made(FOLDER / "fastapi", "bin/python", _install_fastapi)


def versions() -> str:
    """Say which versions are pinned, and which come with the machine."""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
    requirements = dict(re.findall(r"^([\w-]+)==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE))
    told = [f"{name} {version}" for name, version in pinned.items()]
    told.append(f"fastapi {requirements['fastapi']}")
    for command in (("node", "--version"), (str(FOLDER / "debian/usr/bin/webhook"), "-version")):
        if shutil.which(command[0]) is not None:
            output = subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
            told.append(output if "webhook" in output else f"node {output.removeprefix('v')}")
    return ", ".join(told)


def made(folder: Path, wanted: str, make: Callable[[Path], None]) -> Path:
    """Give a file below a folder, which is made if it is not there; what was begun and not ended is not there."""
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished.absolute())
        unfinished.rename(folder)
    if not (folder / wanted).exists():
        raise NotInstalled(f"{folder} has no {wanted}; delete the folder to make it anew")
    return (folder / wanted).absolute()


def _unpack_webhook(folder: Path) -> None:
    run("apt-get", "download", "webhook", folder=folder)
    (package,) = folder.glob("webhook_*.deb")
    run("dpkg-deb", "--extract", str(package), str(folder), folder=folder)


def _install_node(folder: Path) -> None:
    for name in FROM_NODE:
        shutil.copy(HERE / name, folder)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)


def _install_fastapi(folder: Path) -> None:
    run(sys.executable, "-m", "venv", str(folder), folder=folder)
    requirements = str(HERE.absolute() / "requirements.txt")
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--requirement", requirements, folder=folder)


def run(*command: str, folder: Path) -> None:
    """Run an installer in a folder; raises `NotInstalled` where it is missing or fails, with its last words."""
    _require(command[0])
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        end = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise NotInstalled(f"`{' '.join(command[:2])}` ended with {done.returncode}: {end[:500]}")


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise NotInstalled(f"there is no {program} here")
