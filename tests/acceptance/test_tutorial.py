"""docs/tutorial.md is played as it is written: its files, its commands, and what these print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from support.processes import eventually

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(
    r"(?:([Aa]t the end of\s)?`([^`\n]+)`\n\n)?```(\w+)\n(.*?)```|[Cc]hange\s`([^`]+)`\sto\s`([^`]+)`\sin\s`([^`]+)`",
    re.DOTALL,
)


class Reader:
    """Somebody who follows the page in a folder of their own, in two terminals."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._environ = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "PORT": "0",  # the page says nothing of a port, and 8080 may be taken here
        }

    def write(self, name: str, content: str, *, appends: bool) -> None:
        """Put a file where the page says that it stands, or more at its end."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if appends else "w", encoding="utf-8") as file:
            file.write(content)

    def change(self, old: str, new: str, name: str) -> None:
        """Change a file as the page says."""
        path = self._folder / name
        content = path.read_text(encoding="utf-8")
        assert content.count(old) == 1, f"{name} has {old!r} {content.count(old)} times"
        path.write_text(content.replace(old, new), encoding="utf-8")

    def enter(self, command: str) -> str:
        """Type a command; gives what it prints. A bridge goes on running."""
        if command.startswith("export "):
            self._environ |= dict(word.split("=", 1) for word in command.split()[1:])
            return ""
        if command.startswith("pinbridge serve"):
            self._serve(command)
            return ""
        ended = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=60,
        )
        return ended.stdout

    def _serve(self, command: str) -> None:
        with (self._folder / "bridge.log").open("wb") as log:
            process = subprocess.Popen(command.split(), cwd=self._folder, env=self._environ, stdout=log, stderr=log)
        self._running.callback(process.wait, 15)
        self._running.callback(process.terminate)
        eventually(self._answers)

    def _answers(self) -> bool:
        found = re.search(r'"address":"(.+?)"', (self._folder / "bridge.log").read_text(encoding="utf-8"))
        return found is not None and httpx.get(f"{found[1]}/readyz").status_code == 200


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Give each command of a console block with what it prints there."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def as_pattern(printed: str) -> str:
    """Make a pattern of what a page shows: `…` stands for anything, and spaces at the end of a line for nothing."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in printed.rstrip().splitlines()]
    return "\n".join("(?:.*\n)*.*" if line == ".*" else f"{line} *" for line in lines)


def test_the_tutorial_goes_as_it_is_written(tmp_path: Path) -> None:
    """Every file, every change and every command, in the order of the page."""
    played = 0
    with ExitStack() as running:
        reader = Reader(tmp_path, running)
        for at_end, name, language, content, old, new, changed in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            if changed:
                reader.change(old, new, changed)
            elif language != "console":
                reader.write(name, content, appends=bool(at_end))
            else:
                for command, wanted in commands(content):
                    printed = "\n".join(line.rstrip() for line in reader.enter(command).rstrip().splitlines())
                    if not re.fullmatch(as_pattern(wanted), printed):
                        pytest.fail(f"$ {command}\n{printed}", pytrace=False)
                    played += 1
    assert played > 7
