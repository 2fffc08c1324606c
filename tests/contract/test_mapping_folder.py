"""Which files of a folder are mappings."""

import os
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import read_mappings


def test_what_is_hidden_a_sample_or_declares_sources_is_no_mapping(tmp_path: Path) -> None:
    """Nor what has another suffix; a folder's depth does not matter."""
    for name in ("a.yaml", "ops/deep/b.yml", "sources.yaml", "ops/sources.yaml", "c.json", ".d.yaml", "samples/e.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    files, problems = read_mappings(tmp_path)
    assert files == {"a.yaml": b"a.yaml", "ops/deep/b.yml": b"ops/deep/b.yml", "ops/sources.yaml": b"ops/sources.yaml"}
    assert problems == []


def test_a_linked_folder_is_read_and_a_circle_of_links_ends(tmp_path: Path) -> None:
    """Container platforms mount nested files behind such links."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.yaml").write_text("a")
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "ops").symlink_to("../elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to("../pins")
    files, _ = read_mappings(tmp_path / "pins")
    assert files == {"ops/a.yaml": b"a"}


def test_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    """Ways through nine of them are a million; each stands under its own path, wherever the links are."""
    folders = [tmp_path / "pins" / f"f{number}" for number in range(9)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text("a")
        for other in folders:
            if other != folder:
                (folder / f"to-{other.name}").symlink_to(other)
    (tmp_path / "pins" / "a-link").symlink_to(folders[3])
    files, problems = read_mappings(tmp_path / "pins")
    assert list(files) == [f"f{number}/a.yaml" for number in range(9)]
    assert problems == []


def test_a_link_to_nothing_is_left_out(tmp_path: Path) -> None:
    """As editors leave them beside a file that they hold."""
    (tmp_path / "a.yaml").symlink_to("nowhere.yaml")
    assert read_mappings(tmp_path) == ({}, [])


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """It is refused, and a file of its name is."""
    (tmp_path / "file").write_text("")
    for name in ("nowhere", "file"):
        with pytest.raises(ConfigurationError, match="there is no such folder of mappings"):
            read_mappings(tmp_path / name)


def test_a_name_that_is_not_utf_8_is_a_problem_that_can_be_written_down(tmp_path: Path) -> None:
    """Of a file or of a folder; what stands beside it is read."""
    for name in (b"good.yaml", b"caf\xe9.yaml", b"caf\xe9/a.yaml", b"caf\xe9/a.json"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    files, problems = read_mappings(tmp_path)
    assert files == {"good.yaml": b"x"}
    assert [problem.file for problem in sorted(problems)] == [
        f"{tmp_path}/caf\\udce9.yaml",
        f"{tmp_path}/caf\\udce9/a.yaml",
    ]
    assert all("not UTF-8 text" in problem.message for problem in problems)
