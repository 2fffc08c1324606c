"""A folder of mappings and sources, as the commands read it."""

from pathlib import Path

import pytest

from bridge.configuration import load_configuration, load_source
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


def test_one_source_is_loaded_whatever_is_wrong_beside_it(tmp_path: Path) -> None:
    """Other secrets that are not set, mappings that are broken, wrong declarations of others."""
    (tmp_path / "a.yaml").write_text("pn: p-a\nupdate: {}\n")
    (tmp_path / "b.yaml").write_text("pin: p-b\ntriggers: [{source: github}]\nupdate: {metadata: {}}\n")
    declared = "plant: {verify: bearer, id: $.id}\nlan: {verify: beerer, id: $.id}\nother: 5\n"
    (tmp_path / "sources.yaml").write_text(declared)
    environ = {"PLANT_WEBHOOK_SECRET": "a", "STRIPE_WEBHOOK_SECRET": "b"}
    assert load_source(tmp_path, environ, "plant").secrets == (b"a",)
    assert load_source(tmp_path, environ, "stripe").secrets == (b"b",)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("github", "the source 'github' has no secret; set GITHUB_WEBHOOK_SECRET"),
        ("lan", "'beerer' is not one of hmac, ed25519, ecdsa"),
        ("stripe", "stripe: no source has this name; there are github, lan"),
        ("githup", "githup: no source has this name; there are github, lan; did you mean 'github'?"),
    ],
)
def test_one_source_is_refused_for_its_own_mistakes(tmp_path: Path, name: str, told: str) -> None:
    """A secret that is not set, a wrong declaration, a name that nothing has."""
    (tmp_path / "b.yaml").write_text("pin: p-b\ntriggers: [{source: github}]\nupdate: {metadata: {}}\n")
    (tmp_path / "sources.yaml").write_text("lan: {verify: beerer, id: $.id}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_source(tmp_path, {}, name)
    assert told in str(caught.value)


def test_one_source_of_an_empty_folder(tmp_path: Path) -> None:
    """It is said that nothing names any."""
    with pytest.raises(ConfigurationError, match=r"no source has this name: nothing in the folder .* names any"):
        load_source(tmp_path, {}, "stripe")
