"""`pinbridge validate`, as a person, an editor and CI run it."""

import json
import subprocess
from pathlib import Path

import pytest
from support.processes import run

GOOD = "pin: p-good\ntriggers: [{source: stripe}]\nupdate: {metadata: {title: x}}\n"
WRONG = "pin: p-wrong\ntriggers:\n  - source: stripe\n    evnt: charge\nupdate: {}\n"


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Give a folder with a good mapping and a wrong one."""
    folder = tmp_path / "pins"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    (folder / "wrong.yaml").write_text(WRONG)
    return folder


def validate(*words: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with the secret of Stripe."""
    return run("validate", *words, cwd=cwd, **{"STRIPE_WEBHOOK_SECRET": "whsec_1", **environ})


def test_a_mistake_is_drawn_as_a_compiler_draws_it(folder: Path) -> None:
    """Place, advice, line, caret, and the count; plain where it is no terminal; exit 1."""
    ended = validate(cwd=folder.parent, PINBRIDGE_MAPPINGS="pins")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        "pins/wrong.yaml:4:5: error: unknown key 'evnt' in a trigger; did you mean 'event'?\n"
        "   4 |     evnt: charge\n"
        "     |     ^\n"
        "1 error\n"
    )


def test_a_script_gets_the_same_as_json(folder: Path) -> None:
    """Problems and warnings with file, line, column and message."""
    (folder / "odd.yaml").write_text("type: maps\n" + GOOD.replace("p-good", "p-odd"))
    ended = validate("pins", "--json", cwd=folder.parent)
    assert ended.returncode == 1
    listed = json.loads(ended.stdout)
    assert listed["problems"] == [
        {
            "file": "pins/wrong.yaml",
            "line": 4,
            "column": 5,
            "message": "unknown key 'evnt' in a trigger; did you mean 'event'?",
        }
    ]
    assert [(each["file"], each["line"], each["column"]) for each in listed["warnings"]] == [("pins/odd.yaml", 1, 7)]


def test_one_file_is_read_by_itself(folder: Path) -> None:
    """With the sources of its folder; what is wrong beside it does not matter."""
    (folder / "ops").mkdir()
    (folder / "ops" / "shop.yaml").write_text(GOOD.replace("stripe", "shop").replace("p-good", "p-shop"))
    (folder / "sources.yaml").write_text("shop: {verify: none, dedupe: off}\n")
    ended = validate("pins/good.yaml", "pins/ops/shop.yaml", cwd=folder.parent)
    assert (ended.returncode, ended.stdout) == (0, "good: 2 mappings (good, ops/shop) fed by shop, stripe\n")
    ended = validate("pins/wrong.yaml", cwd=folder.parent)
    assert ended.returncode == 1
    assert ended.stderr.startswith("pins/wrong.yaml:4:5: error: ")
    ended = validate("pins/sources.yaml", cwd=folder.parent)
    assert (ended.returncode, ended.stdout) == (0, "good: 0 mappings; no mapping read here takes shop\n")


def test_several_folders_are_told_in_one_go(folder: Path) -> None:
    """Mappings and sources alike."""
    other = folder.parent / "more"
    other.mkdir()
    (other / "sources.yaml").write_text("plant: {verify: bearr, dedupe: off}\n")
    ended = validate("pins", "more", cwd=folder.parent)
    assert ended.returncode == 1
    assert [line.partition(";")[0] for line in ended.stderr.splitlines() if "error" in line] == [
        "more/sources.yaml:1:17: error: 'bearr' is not one of hmac, ed25519, ecdsa, token, jwt, bearer, basic, none",
        "pins/wrong.yaml:4:5: error: unknown key 'evnt' in a trigger",
        "2 errors",
    ]


@pytest.mark.parametrize("path", ["nowhere", "nowhere.yaml", "pins/good.yaml/x"])
def test_what_cannot_be_read_exits_two(folder: Path, path: str) -> None:
    """And does not hide what is wrong elsewhere."""
    ended = validate(path, "pins", cwd=folder.parent)
    assert ended.returncode == 2
    assert f"error: {path}: cannot be read: " in ended.stderr
    assert "pins/wrong.yaml:4:5: error: " in ended.stderr
    listed = json.loads(validate(path, "pins", "--json", cwd=folder.parent).stdout)
    assert {problem["file"] for problem in listed["problems"]} == {path, "pins/wrong.yaml"}


def test_a_file_in_a_folder_that_cannot_be_read_exits_two(folder: Path) -> None:
    """It is told once, beside what is wrong elsewhere."""
    (folder / "odd.yaml").symlink_to("/proc/self/mem")  # refuses to be read, whoever asks
    ended = validate("pins", cwd=folder.parent)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[0] == "error: pins/odd.yaml: cannot be read: Input/output error"
    assert "pins/wrong.yaml:4:5: error: " in ended.stderr
    assert ended.stderr.endswith("2 errors\n")


def test_a_folder_that_is_configured_and_missing_exits_two(tmp_path: Path) -> None:
    """It names the folder."""
    ended = validate(cwd=tmp_path, PINBRIDGE_MAPPINGS="nowhere")
    told = "cannot be read: No such file or directory; PINBRIDGE_MAPPINGS names the folder of mappings"
    assert (ended.returncode, ended.stderr) == (2, f"error: nowhere: {told}\n")


def test_files_are_checked_where_no_secret_is_at_hand(folder: Path) -> None:
    """In CI, say; what is not set is a warning."""
    ended = validate("pins/good.yaml", cwd=folder.parent, STRIPE_WEBHOOK_SECRET="")
    assert (ended.returncode, ended.stdout) == (0, "good: 1 mapping (good) fed by stripe\n")
    assert ended.stderr.startswith("warning: STRIPE_WEBHOOK_SECRET: is not set; ")


def test_an_empty_folder_is_warned_of(tmp_path: Path) -> None:
    """It is good, and hardly what was meant."""
    (tmp_path / "pins").mkdir()
    ended = validate("pins", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "good: 0 mappings\n")
    assert ended.stderr == "warning: pins: there is no mapping in this folder\n"


def test_a_misnamed_file_of_sources_is_refused(tmp_path: Path) -> None:
    """What it declares would silently not hold."""
    (tmp_path / "sources.yml").write_text("shop: {verify: none, dedupe: off}\n")
    ended = validate(".", cwd=tmp_path)
    assert ended.returncode == 1
    assert "sources.yml: is not read; name it sources.yaml" in ended.stderr


def test_a_pin_that_would_start_parked_is_warned_of(tmp_path: Path) -> None:
    """What the pin's type refuses shows before the first start, with its place."""
    (tmp_path / "b.yaml").write_text(
        'pin: p-b\nconstants: {flag: true}\ntriggers: [{source: stripe}]\nupdate: {metadata: {title: "{{ flag }}"}}\n'
    )
    ended = validate(".", cwd=tmp_path)
    assert ended.returncode == 0
    assert "b.yaml:4:28: warning: metadata.title: text is wanted here, found true" in ended.stderr
    assert "; p-b would start parked" in ended.stderr


def test_a_pin_that_shows_its_state_is_drawn_without_events(tmp_path: Path) -> None:
    """As it would start: metrics are empty, and tables have no rows."""
    (tmp_path / "d.yaml").write_text(
        "pin: p-d\ntriggers: [{source: stripe, extract: {amount: $.amount}}]\n"
        "state: {sales: {sum: amount, every: day}, newest: {rows: {amount: amount}}}\n"
        "update: {metadata: {title: '{{ sales.value }} of {{ newest.count }}, {{ newest[0].amount }}'}}\n"
    )
    ended = validate(".", cwd=tmp_path)
    assert ended.returncode == 0
    advice = "of an empty list 'first' and 'last' give none"
    assert f"d.yaml:4:28: warning: there is no item 0 in 0 items; {advice}; p-d would start parked" in ended.stderr


def test_a_pin_that_fails_once_it_is_stale_is_warned_of(tmp_path: Path) -> None:
    """It would fall silent at the very moment that it has to tell of silence."""
    (tmp_path / "c.yaml").write_text(
        "pin: p-c\nstale_after: 1h\ntriggers: [{source: stripe}]\n"
        "update: {metadata: {title: \"{{ 'fresh' if not stale else stale }}\"}}\n"
    )
    ended = validate(".", cwd=tmp_path)
    assert ended.returncode == 0
    assert "c.yaml:4:28: warning: metadata.title: text is wanted here, found true" in ended.stderr
    assert "; p-c would be parked once it turns stale" in ended.stderr


def test_a_sample_that_is_not_there_is_a_warning(folder: Path) -> None:
    """At the place where the test names it; the bridge does without."""
    mapping = folder / "good.yaml"
    mapping.write_text(mapping.read_text() + "tests: [{name: a, send: samples/no.json, expect: none}]\n")
    ended = validate("pins/good.yaml", cwd=folder.parent)
    assert ended.returncode == 0
    assert "warning: there is no file 'pins/samples/no.json', which this test sends" in ended.stderr


def test_a_source_that_no_mapping_takes_is_told_apart(tmp_path: Path) -> None:
    """It feeds nothing, though its secret is needed."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "sources.yaml").write_text("spare: {verify: none, dedupe: off}\n")
    ended = validate(".", cwd=tmp_path)
    assert ended.stdout == "good: 1 mapping (good) fed by stripe; no mapping read here takes spare\n"
