"""`pinbridge test` as an author runs it."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.processes import run

SHIPPED = Path(__file__).resolve().parents[2] / "mappings"
MAPPING = """\
pin: p-sales
triggers:
  - source: stripe
    event: payment_intent.succeeded
    when: {$.amount: {gt: 0}}
    extract: {amount: $.amount}
update:
  metadata: {pin_config: {cards: [{title: Sale, value: "{{ amount }}"}]}}
"""
TESTS = """\
tests:
  # the usual
  - name: a sale
    send: {body: {id: evt_1, type: payment_intent.succeeded, amount: 5}}
    expect: {metadata: {pin_config: {cards: [{value: "6"}]}}}   # a card
  - name: a free one
    send: {body: {id: evt_2, type: payment_intent.succeeded, amount: 0}}
    expect: none
"""


def run_cases(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `pinbridge test` in an environment of its own: no secret, no key, no database."""
    return run("test", *words, cwd=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with one mapping in `mappings`, one of whose cases fails."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "sales.yaml").write_text(MAPPING + TESTS, encoding="utf-8")
    return tmp_path


def test_the_shipped_mappings_pass(tmp_path: Path) -> None:
    """Each has tests, and no file is written."""
    ended = run_cases(SHIPPED, folder=tmp_path)
    assert ended.returncode == 0, ended.stdout
    names = {path.stem for path in SHIPPED.glob("*.yaml")} - {"sources"}
    assert {line.split()[1].removesuffix(":") for line in ended.stdout.splitlines() if line.startswith("ok")} == names
    assert "without tests" not in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_example_of_the_reference_passes(tmp_path: Path) -> None:
    """Beside the shipped samples."""
    reference = (SHIPPED.parent / "docs" / "mappings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", reference.partition("\n## Tests\n")[2], re.DOTALL)
    (tmp_path / "samples").symlink_to(SHIPPED / "samples")
    (tmp_path / "sales.yaml").write_text(example, encoding="utf-8")
    ended = run_cases("sales.yaml", folder=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-1] == "5 passed"


def test_a_failure_shows_what_differs_and_why(folder: Path) -> None:
    """A line for each case; the line of the expectation; what each trigger made of the sample; exit 1."""
    ended = run_cases(folder=folder)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines[:2] == ["FAILED  sales: a sale", "ok      sales: a free one"]
    assert "  mappings/sales.yaml:13:54: metadata.pin_config.cards[0].value" in lines
    assert '    - expected "6"' in lines
    assert '    + came     "5"' in lines
    assert "    sales matches → p-sales" in lines
    assert "      ✓ $.amount: wanted gt 0, found 5" in lines
    assert lines[-1] == "1 passed, 1 failed"


def test_a_number_where_the_pin_has_a_text_says_how_to_write_it(folder: Path) -> None:
    """A card shows texts, so this is what a first test gets wrong."""
    file = folder / "mappings" / "sales.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('"6"', "5"), encoding="utf-8")
    lines = run_cases(folder=folder).stdout.splitlines()
    assert '    + came     "5", a text; write it in quotation marks' in lines


def test_a_line_break_at_the_end_is_a_difference_that_can_be_seen(folder: Path) -> None:
    """Of texts with several lines each line is compared, but for an end that lines do not show."""
    file = folder / "mappings" / "sales.yaml"
    update = 'metadata: {pin_config: {content: "a sale\\nof {{ amount }}"}}'
    case = "{name: a sale, send: {body: {id: evt_1, type: payment_intent.succeeded, amount: 5}}, expect: %s}"
    expect = '{metadata: {pin_config: {content: "a sale\\nof 5\\n"}}}'
    text = f"{MAPPING.partition('update:')[0]}update: {{{update}}}\ntests:\n  - {case % expect}\n"
    file.write_text(text, encoding="utf-8")
    lines = run_cases(folder=folder).stdout.splitlines()
    assert '    - expected "a sale\\nof 5\\n"' in lines
    assert '    + came     "a sale\\nof 5"' in lines


def test_k_chooses_by_name(folder: Path) -> None:
    """Of the case or of the mapping, in any case; a text that no name has is a mistake."""
    assert run_cases("-k", "FREE", folder=folder).stdout.splitlines()[0] == "ok      sales: a free one"
    assert run_cases("-k", "sales: a s", folder=folder).returncode == 1
    mistaken = run_cases("-k", "a sail", folder=folder)
    assert mistaken.returncode == 2
    assert "no test has 'a sail' in its mapping or name; did you mean 'a sale'?" in mistaken.stderr


def test_update_writes_what_came_and_nothing_else(folder: Path) -> None:
    """Comments stay; the next run passes, and the next update writes nothing."""
    ended = run_cases("--update", folder=folder)
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[:2] == ["updated sales: a sale", "ok      sales: a free one"]
    written = (folder / "mappings" / "sales.yaml").read_text(encoding="utf-8")
    assert written == MAPPING + TESTS.replace('value: "6"', 'value: "5"')
    assert run_cases("--update", folder=folder).stdout.splitlines()[-1] == "2 passed"
    assert (folder / "mappings" / "sales.yaml").read_text(encoding="utf-8") == written


def test_update_changes_no_case_that_passed(folder: Path) -> None:
    """Two cases share an expectation; what one of them needs would break the other, so the file stays as it is."""
    send = "send: {body: {id: evt_1, type: payment_intent.succeeded, amount: %s}}"
    shared = "{metadata: {pin_config: {cards: [{value: '5'}]}}}"
    text = f"""{MAPPING}tests:
  - {{name: a, {send % 5}, expect: &wall {shared}}}
  - {{name: b, {send % 6}, expect: *wall}}
  - {{name: c, {send % 7}, expect: none}}
"""
    file = folder / "mappings" / "sales.yaml"
    file.write_text(text, encoding="utf-8")
    ended = run_cases("--update", "-k", "b", folder=folder)
    assert ended.returncode == 1
    assert "'b' is not updated: an anchor or an alias stands in it" in ended.stderr
    assert file.read_text(encoding="utf-8") == text
    file.write_text(text.replace("'5'", "'6'"), encoding="utf-8")
    ended = run_cases("--update", "-k", ": a", folder=folder)
    assert "is not updated: what came cannot be written so that all of it passes" in ended.stderr
    assert file.read_text(encoding="utf-8") == text.replace("'5'", "'6'")


def test_a_pipe_is_written_to_and_stays_one(folder: Path) -> None:
    """What stands there and is no file is not replaced by one."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text)
        assert run_cases("--junit", "pipe", folder=folder).returncode == 1
        assert ET.fromstring(read.result(30)).tag == "testsuites"  # noqa: S314 - our own file
    assert pipe.is_fifo()


def test_junit_is_written_for_ci(folder: Path) -> None:
    """One suite for each mapping, a failure with its story."""
    assert run_cases("--junit", "junit.xml", folder=folder).returncode == 1
    suite = ET.parse(folder / "junit.xml").getroot()[0]  # noqa: S314 - our own file
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("sales", "2", "1")
    assert [case.get("name") for case in suite] == ["a sale", "a free one"]
    assert '+ came     "5"' in (suite[0][0].text or "")


def test_json_tells_all_of_it(folder: Path) -> None:
    """For scripts, with the same exit code."""
    ended = run_cases("--json", folder / "mappings" / "sales.yaml", folder=folder)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["passed"], told["failed"]) == (1, 1, 1)
    failed, passed = told["tests"]
    assert (failed["outcome"], failed["line"], passed["outcome"]) == ("failed", 11, "ok")
    assert [(fault["expected"], fault["came"]) for fault in failed["faults"]] == [("6", "5")]
    (trigger,) = failed["samples"][0]["triggers"]
    assert trigger["outcomes"] == [{"outcome": "matched", "pin": "p-sales", "reason": ""}]
    assert trigger["passes"][0]["variables"] == {"amount": {"written": "$.amount", "value": 5}}


def test_without_tests_it_says_how_to_write_one(tmp_path: Path) -> None:
    """Which is no failure."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "sales.yaml").write_text(MAPPING, encoding="utf-8")
    ended = run_cases(folder=tmp_path)
    assert ended.returncode == 0
    assert "    tests:\n      - name: a payment" in ended.stdout


def test_a_mapping_that_does_not_load_is_a_mistake(folder: Path) -> None:
    """Exit 2, with every problem."""
    (folder / "mappings" / "sales.yaml").write_text(MAPPING + "tests: [{}]\n", encoding="utf-8")
    ended = run_cases(folder=folder)
    assert ended.returncode == 2
    assert "mappings/sales.yaml:9:9: error: a test needs the key 'name'" in ended.stderr


def test_a_test_that_no_trigger_looks_at_is_noted(folder: Path) -> None:
    """It passes, and nothing was tried."""
    mapping = folder / "mappings" / "sales.yaml"
    text = mapping.read_text()
    send = "{body: {id: evt_9, type: payment_intent.suceeded}}"
    mapping.write_text(f"{text}  - {{name: a misspelt type, send: {send}, expect: none}}\n")
    ended = run_cases("-k", "misspelt", folder=folder)
    assert ended.returncode == 0
    first, note, *_ = ended.stdout.splitlines()
    assert first == "ok      sales: a misspelt type"
    assert note.strip() == (
        "note: no trigger was asked, so no condition was tried: "
        "sales: it takes payment_intent.succeeded, and this is payment_intent.suceeded"
    )
