"""The image: built by the steps of its Dockerfile, and run as a container would run it."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distributions, version
from pathlib import Path

import httpx
import pytest
from support.deployments import PLATFORMS
from support.image import Image, build, python_library
from support.processes import KEY, MAPPING, SECRET, Sandbox, eventually, payment, post

from bridge import lossy

pytestmark = pytest.mark.xdist_group("image")
"""On one process, so that it is built once."""

ROOT = Path(__file__).resolve().parents[2]
IMAGES = "pinbridge-image-"
"""How the folder of each image is called, of other runs as well; `tree` looks into this one's."""

UNCHECKED = 0b01
"""How bytecode is marked that is taken without a look at its source; PEP 552."""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build it in a folder that other users may enter, with a mapping in its place, and close it to writing."""
    folder = Path(tempfile.mkdtemp(prefix=IMAGES))
    folder.chmod(0o755)
    try:
        built = build(ROOT / "Dockerfile", folder / "root")
        built.at("/mappings/payments.yaml").write_text(MAPPING)
        for path in built.root.iterdir():
            if path != built.at("/data"):
                subprocess.run(["/usr/bin/env", "chmod", "-R", "a-w", path], check=True)
        built.root.chmod(0o555)
        yield built
    finally:
        subprocess.run(["/usr/bin/env", "chmod", "-R", "u+w", folder], check=True)
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _volume(image: Image) -> None:
    """Empty the volume before each test."""
    for path in image.at("/data").iterdir():
        path.unlink()


def installed(image: Image) -> list[Distribution]:
    """Give what is installed for the bridge."""
    return list(distributions(path=[str(path) for path in image.at("/opt/pinbridge/lib").glob("*/site-packages")]))


def test_it_holds_what_the_lock_file_pins_and_says_so(image: Image) -> None:
    """No more than that and the bridge: no installer, no build tool; its bill of materials names the same."""
    pins = set(re.findall(r"^([\w.-]+)==([^ ]+)", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE))
    held = {re.sub(r"[._]", "-", found.name.lower()): found.version for found in installed(image)}
    assert held.pop("pinbridge") == version("pinbridge")
    assert held.items() <= pins
    assert {"uvicorn", "sqlalchemy", "orjson"} <= held.keys()
    assert list(image.at("/usr/local/lib").glob("python3.*/site-packages/*")) == []
    bill = json.loads(image.at("/opt/pinbridge/sbom.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["version"] == version("pinbridge")
    assert {re.sub(r"[._]", "-", part["name"].lower()): part["version"] for part in bill["components"]} == held


@pytest.mark.parametrize("library", ["/opt/pinbridge/lib", "/usr/local/lib"])
def test_every_module_is_compiled(image: Image, library: str) -> None:
    """A read-only tree cannot keep what a start compiles, so each start would do it again."""
    sources = [path for path in image.at(library).rglob("*.py") if path.stem.isidentifier()]
    assert len(sources) > 300
    for source in sources:
        [bytecode] = source.parent.glob(f"__pycache__/{source.stem}.cpython-3*.pyc")
        assert int.from_bytes(bytecode.read_bytes()[4:8], "little") == UNCHECKED, source


@contextmanager
def running(image: Image, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the image's command as an engine would: its user, its environment and little else."""
    uid = image.uid if os.geteuid() == 0 else None
    with image.at("/data/log").open("wb") as log:
        process = subprocess.Popen(
            image.argv(*arguments),
            cwd=image.workdir,
            env=image.environ | python_library(image.root) | environ,
            stdout=log,
            stderr=log,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def health(image: Image, port: str) -> int:
    """Run the image's health check."""
    environ = image.environ | python_library(image.root) | {"PORT": port}
    return subprocess.run(image.health_argv, check=False, env=environ, capture_output=True, timeout=10).returncode


def tree(image: Image) -> dict[Path, tuple[int, int, int]]:
    """Give each file outside the writable folder with what a write to it would change."""
    stats = {path: path.lstat() for path in image.root.rglob("*") if image.at("/data") not in path.parents}
    return {path: (stat.st_mtime_ns, stat.st_size, stat.st_mode) for path, stat in stats.items() if path.name != "data"}


def left_behind(image: Image) -> set[Path]:
    """Give what the image's user has in the places of this machine that anybody may write to, but for images."""
    found = subprocess.run(
        ["/usr/bin/env", "find", "/tmp", "/var/tmp", "/dev/shm", "-uid", str(image.uid)],  # noqa: S108  # looked through
        check=False,
        capture_output=True,
        text=True,
    )
    return {Path(line) for line in found.stdout.splitlines() if IMAGES not in line}


def free_port() -> str:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_it_serves_as_a_container_does(image: Image, sandbox: Sandbox) -> None:
    """As its own user on a read-only tree with one writable folder: a webhook in, a pin out, an orderly end."""
    before, left_before = tree(image), left_behind(image)
    port = free_port()
    given = {"PORT": port, "PINDOWN_API_KEY": KEY, "PINDOWN_API_URL": f"{sandbox.url}/v1"}
    with running(image, **given, STRIPE_WEBHOOK_SECRET=SECRET) as process:
        eventually(lambda: health(image, port) == 0)
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert post(url, payment("evt_1", turn=7, cents=123456)).status_code == 202
        eventually(lambda: sandbox.values("p-shop") == ["7", "€1,234.56"])
        if os.geteuid() == 0:
            assert os.stat(f"/proc/{process.pid}").st_uid == image.uid  # noqa: PTH116  # the process, not a file
        process.terminate()
        began_at = time.monotonic()
        assert process.wait(10) == 0, image.at("/data/log").read_text()
        assert time.monotonic() - began_at < 10
    assert health(image, port) != 0
    assert image.at("/data/pinbridge.db").is_file()
    assert tree(image) == before
    assert left_behind(image) == left_before
    assert [line["event"] for line in map(json.loads, image.at("/data/log").read_text().splitlines())][-1] == "ended"


def test_the_next_container_on_the_volume_goes_on(image: Image, sandbox: Sandbox) -> None:
    """What one accepted is known to the next, as after an update; a copy is made on the volume, and put back."""
    given = {"PINDOWN_API_KEY": KEY, "PINDOWN_API_URL": f"{sandbox.url}/v1", "STRIPE_WEBHOOK_SECRET": SECRET}
    for expected in ("accepted", "duplicate"):
        port = free_port()
        with running(image, PORT=port, **given) as process:
            eventually(lambda: health(image, port) == 0)  # noqa: B023  # called before the loop goes on
            assert post(f"http://127.0.0.1:{port}", payment("evt_kept")).json()["status"] == expected
            process.terminate()
            assert process.wait(10) == 0
    for command in ("backup", "restore"):
        assert finished(image, command, image.moved("/data/copy.db")) == 0, image.at("/data/log").read_text()


@pytest.mark.parametrize("platform", [name for name, read in PLATFORMS.items() if not read().lasting])
def test_it_answers_once_the_pin_shows_it_where_no_disk_lasts(image: Image, sandbox: Sandbox, platform: str) -> None:
    """With the environment that the platform's file in deploy/ gives it, and what the platform adds."""
    port = free_port()
    told = PLATFORMS[platform]().environ | {"PINBRIDGE_DATABASE": image.environ["PINBRIDGE_DATABASE"]}
    given = told | {"PORT": port, "PINDOWN_API_KEY": KEY, "PINDOWN_API_URL": f"{sandbox.url}/v1"}
    [variable] = [known.variable for known in lossy.PLATFORMS if known.name == platform]
    with running(image, **given | {"STRIPE_WEBHOOK_SECRET": SECRET, variable: "pinbridge"}) as process:
        eventually(lambda: health(image, port) == 0)
        assert post(f"http://127.0.0.1:{port}", payment("evt_1", turn=7)).status_code == 200
        assert sandbox.values("p-shop") == ["7", "€20.00"]
        process.terminate()
        assert process.wait(10) == 0


def finished(image: Image, *command: str) -> int:
    """Run another command of the program in the image; gives its exit code."""
    with running(image, *command, PINDOWN_API_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET) as process:
        return process.wait(60)


@pytest.mark.parametrize("command", [["--version"], ["validate"], ["doctor", "--offline"]])
def test_other_commands_run_in_the_image(image: Image, command: list[str]) -> None:
    """Behind the entrypoint stands any command of the program."""
    assert finished(image, *command) == 0, image.at("/data/log").read_text()
