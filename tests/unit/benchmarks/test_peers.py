import json
import re
from pathlib import Path

import pytest

from benchmarks.peers.installing import HERE, NotInstalled, made, run, versions


def test_a_peer_that_cannot_be_had_is_named_with_the_reason(tmp_path: Path) -> None:
    """No installer, and one that fails."""
    with pytest.raises(NotInstalled, match="there is no no-such-installer here"):
        run("no-such-installer", folder=tmp_path)
    with pytest.raises(NotInstalled, match=r"`sh -c` ended with 3: first / last"):
        run("sh", "-c", "echo first >&2; echo last >&2; exit 3", folder=tmp_path)


def test_what_was_installed_is_taken_as_it_is_and_what_was_not_ended_is_begun_anew(tmp_path: Path) -> None:
    """A run that was broken off leaves nothing that looks whole."""
    began: list[Path] = []

    def fail(folder: Path) -> None:
        (folder / "program").touch()
        raise NotInstalled("half-way")

    def succeed(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        began.append(folder)
        (folder / "program").touch()

    with pytest.raises(NotInstalled, match="half-way"):
        made(tmp_path / "peer", "program", fail)
    for _ in range(2):
        assert made(tmp_path / "peer", "program", succeed) == tmp_path / "peer" / "program"
    assert len(began) == 1


def test_all_that_comes_from_npm_is_pinned_by_its_hash() -> None:
    """What is asked for is what the lock has."""
    asked = json.loads((HERE / "package.json").read_text())["dependencies"]
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == asked
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert [name for name, package in packages.items() if not package.get("integrity")] == []


def test_the_versions_of_the_peers_are_told() -> None:
    """As they are pinned."""
    assert re.match(r"@octokit/webhooks 14\.\d+\.\d+, node-red 4\.\d+\.\d+, fastapi 0\.\d+\.\d+", versions())
