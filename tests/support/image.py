"""The Dockerfile carried out step by step, where there is no container engine: what it says is what is tried.

Each stage gets a folder that stands for `/`, with a copy of a Python in place of the base image. Paths that begin at
the root are moved below that folder; everything else of a `RUN` is run as it stands, and so are the environment, the
health check and the command of the result. What this cannot try is the base image itself and the engine.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

_MOVED = re.compile(r"(?:(?<=sqlite:///)|(?<![\w./:=-])|(?<==))/(?=(?:build|data|mappings|opt|usr/local)\b)")
"""Where a path begins that the Dockerfile makes; `/bin` and the like stay those of this machine."""

_IGNORED = shutil.ignore_patterns("__pycache__")
_LEFT_OUT = (
    "EXTERNALLY-MANAGED",
    "__pycache__",
    "site-packages",
    "dist-packages",
    "config-*",
    "idlelib",
    "test",
    "tests",
    "turtledemo",
)
"""What the base image's library comes without, and what belongs to this machine alone."""

_PASSED_ON = re.compile(r"PIP_|SSL_|REQUESTS_|HTTPS?_PROXY$|NO_PROXY$|HOME$", re.IGNORECASE)
"""What tells an installer where packages come from, as a builder is told by its host."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction; `value` is what follows its name, in one line."""

    instruction: str
    value: str

    @property
    def flags(self) -> dict[str, str]:
        """Give its `--name=value` options."""
        return dict(re.findall(r"(?:^|\s)--(\w[\w-]*)=(\S+)", self.value.partition(" CMD ")[0]))

    @property
    def words(self) -> list[str]:
        """Give what follows the options, as the shell would cut it, or as the JSON list that it is."""
        rest = re.sub(r"^(?:\s*--\S+)+", "", self.value).strip()
        return list(map(str, json.loads(rest))) if rest.startswith("[") else shlex.split(rest)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A `FROM` with what follows it; `parent` is an image or another stage."""

    name: str
    parent: str
    steps: tuple[Step, ...]

    @property
    def sources(self) -> set[str]:
        """Name the stages that it copies from."""
        return {step.flags["from"] for step in self.steps if step.instruction == "COPY" and "from" in step.flags}

    def last(self, instruction: str) -> Step:
        """Give the one that counts where it stands several times."""
        return [step for step in self.steps if step.instruction == instruction][-1]


def read_stages(dockerfile: Path) -> dict[str, Stage]:
    """Read a Dockerfile; the last stage, which is the image, goes by its name or by its number."""
    parts = DockerfileParser(path=str(dockerfile)).structure
    steps = [Step(instruction=part["instruction"], value=part["value"]) for part in parts]
    starts = [number for number, step in enumerate(steps) if step.instruction == "FROM"]
    stages = {}
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(steps)], strict=True)):
        parent, _, name = steps[start].value.partition(" AS ")
        own = tuple(step for step in steps[start + 1 : end] if step.instruction != "COMMENT")
        stages[name or str(number)] = Stage(name=name or str(number), parent=parent, steps=own)
    return stages


@dataclass(kw_only=True)
class Image:
    """What came of it: the folder that stands for `/`, and how the result is to be run."""

    root: Path
    workdir: Path
    environ: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Step] = field(default_factory=dict)

    def moved(self, text: str) -> str:
        """Move the absolute paths in a text below the folder."""
        return _MOVED.sub(f"{self.root}/", text)

    def at(self, path: str) -> Path:
        """Give where an absolute path of the image lies; a relative one counts from its working folder."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.workdir / path

    def argv(self, *arguments: str) -> list[str]:
        """Give what the engine would run; without arguments it is the image's own command."""
        return [*self.settings["ENTRYPOINT"].words, *(arguments or self.settings["CMD"].words)]

    @property
    def health_argv(self) -> list[str]:
        """Give what the engine would run to see whether it lives."""
        return list(map(str, json.loads(self.settings["HEALTHCHECK"].value.partition(" CMD ")[2])))

    @property
    def uid(self) -> int:
        """Give the user that it is to be run as."""
        return int(self.settings["USER"].value.partition(":")[0])


def build(dockerfile: Path, root: Path) -> Image:
    """Carry out what the last stage of a Dockerfile needs, from the folder that it lies in; `root` is made."""
    stages = read_stages(dockerfile)
    python = python_of(dockerfile)
    last = [*stages][-1]
    built: dict[str, Path] = {}
    for name in _needed(stages, last):
        image = Image(root=root, workdir=root)
        _lay_python(root / "usr" / "local", python)
        image.environ = {"PATH": image.moved("/usr/local/bin") + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for step in _steps(stages, name):
            _carry_out(step, image, dockerfile.parent, built)
        if name == last:
            return image
        built[name] = root.rename(root.with_name(f"{root.name}-{name}"))
    raise AssertionError("a Dockerfile has a stage")


def _needed(stages: dict[str, Stage], name: str) -> Iterator[str]:
    """Name the stages that one copies from, each before who needs it."""
    for source in sorted(stages[name].sources):
        yield from _needed(stages, source)
    yield name


def _steps(stages: dict[str, Stage], name: str) -> list[Step]:
    parent = stages[name].parent
    return [*(_steps(stages, parent) if parent in stages else []), *stages[name].steps]


def _carry_out(step: Step, image: Image, context: Path, built: dict[str, Path]) -> None:
    match step.instruction:
        case "RUN":
            passed = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}
            environ = passed | image.environ | python_library(image.root)
            done = subprocess.run(  # the project's own Dockerfile
                ["/bin/sh", "-ec", image.moved(step.value)],
                check=False,
                cwd=image.workdir,
                env=environ,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"RUN {step.value}\n{done.stdout}{done.stderr}"
        case "COPY":
            _copy(step, image, built[step.flags["from"]] if "from" in step.flags else context)
        case "WORKDIR":
            image.workdir = image.at(step.value)
            image.workdir.mkdir(parents=True, exist_ok=True)
        case "ENV":
            for assignment in step.words:
                name, _, value = image.moved(assignment).partition("=")
                image.environ[name] = re.sub(r"\$(\w+)", lambda found: image.environ[found[1]], value)
        case "LABEL" | "VOLUME" | "EXPOSE" | "USER" | "STOPSIGNAL" | "HEALTHCHECK" | "ENTRYPOINT" | "CMD":
            image.settings[step.instruction] = step
        case other:
            raise AssertionError(f"{other} is not known here: teach it to this module")


def _copy(step: Step, image: Image, origin: Path) -> None:
    *sources, target = step.words
    for source in sources:
        source_path = origin / source.lstrip("/")
        target_path = image.at(target)
        if source_path.is_dir():
            # What a stage made is linked, which takes no time; nothing changes it any more.
            ignore, copy = (None, os.link) if "from" in step.flags else (_IGNORED, shutil.copy2)
            shutil.copytree(
                source_path, target_path, symlinks=True, dirs_exist_ok=True, ignore=ignore, copy_function=copy
            )
        else:
            destination = target_path / source_path.name if target.endswith("/") else target_path
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source_path, destination)


# --- the stand-in for the base image -------------------------------------------------------------------------------

_ASK = """
import json, os, sys, sysconfig
known = sysconfig.get_config_vars()
folders = [os.path.join(sys.base_prefix, "lib"), known["LIBDIR"]]
shared = [os.path.join(folder, known["INSTSONAME"]) for folder in folders] if known.get("Py_ENABLE_SHARED") else []
print(json.dumps({
    "program": os.path.realpath(sys._base_executable or sys.executable),
    "version": known["py_version_short"],
    "stdlib": sysconfig.get_path("stdlib"),
    "shared": next(filter(os.path.exists, shared), None),
}))
"""


# Debian's own Python refuses this, and places what is installed elsewhere; the copy is not Debian's any more.
_BRING_PIP = """
import ensurepip
ensurepip._ensurepip_is_disabled_in_debian_for_system = lambda: None
ensurepip.bootstrap()
"""


def python_library(root: Path) -> dict[str, str]:
    """Say where the copied Python finds its shared library, which an image tells its loader in another way."""
    return {"LD_LIBRARY_PATH": str(root / "usr" / "local" / "lib")}


def python_of(dockerfile: Path) -> str:
    """Find a Python of the base image's version, else give the one that runs the tests."""
    version = re.findall(r"^FROM python:(\d+\.\d+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)[0]
    hidden = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))  # behind shims that refuse
    for candidate in [*map(str, hidden), f"python{version}"]:
        found = shutil.which(candidate)
        if found and subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode == 0:
            return found
    return sys.executable


def _lay_python(prefix: Path, python: str) -> None:
    """Copy a Python so that it needs nothing of the place that it came from; with its installer, as the base has it."""
    asked = subprocess.run([python, "-c", _ASK], capture_output=True, check=True, text=True)
    known: dict[str, Any] = json.loads(asked.stdout)
    library = prefix / "lib" / f"python{known['version']}"
    shutil.copytree(known["stdlib"], library, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (library / "site-packages").mkdir()
    program = prefix / "bin" / f"python{known['version']}"
    program.parent.mkdir()
    shutil.copy(known["program"], program)
    for name in ("python", "python3"):
        program.with_name(name).symlink_to(program.name)
    if known["shared"]:
        shutil.copy(known["shared"], prefix / "lib")
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": str(prefix / "lib")}
    subprocess.run([program, "-c", _BRING_PIP], env=environ, check=True, capture_output=True)
