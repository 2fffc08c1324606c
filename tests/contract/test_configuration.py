"""A folder of mappings and sources, as the commands read it."""

from pathlib import Path

import pytest

from bridge.configuration import load_configuration
from bridge.errors import ConfigurationError


def test_an_unknown_source_is_told_beside_a_mapping_that_is_broken(tmp_path: Path) -> None:
    """Not only once that one is mended."""
    (tmp_path / "a.yaml").write_text("pn: p-a\nupdate: {}\n")
    (tmp_path / "b.yaml").write_text("pin: p-b\ntriggers: [{source: strpie}]\nupdate: {metadata: {}}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path, {})
    assert "unknown key 'pn'" in str(caught.value)
    assert (
        "b.yaml:2:21: the source 'strpie' is neither in the catalogue nor in sources.yaml; did you mean 'stripe'?"
        in (str(caught.value))
    )


def test_mistakes_of_both_kinds_of_file_are_placed_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the path from here, folder and all."""
    monkeypatch.chdir(tmp_path)
    folder = Path("pins")
    folder.mkdir()
    (folder / "sales.yaml").write_text("pn: p-a\nupdate: {}\n")
    (folder / "sources.yaml").write_text("plant:\n  verify: none\n  dedup: 1h\n")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(folder, {})
    assert {problem.file for problem in caught.value.problems} == {"pins/sales.yaml", "pins/sources.yaml"}
    assert "pins/sources.yaml:3:3: unknown key 'dedup' in a source; did you mean 'dedupe'?" in str(caught.value)
