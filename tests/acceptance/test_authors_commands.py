"""The commands of those who write mappings: `paths`, `init`, `doctor`, `try`, as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "mappings" / "samples"


def run(*words: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        check=False,
        env={"PATH": os.environ["PATH"], **environ},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_paths_are_shown_with_their_values() -> None:
    """One a line, those of lists first with how many matches they have."""
    lines = run("paths", str(SAMPLES / "alertmanager" / "firing.json")).stdout.splitlines()
    assert [line.split() for line in lines if ".status" in line] == [
        ["$.status", "'firing'"],
        ["$.alerts[*].status", "2", "matches,", "the", "first:", "'firing'"],
        ["$.alerts[0].status", "'firing'"],
        ["$.alerts[1].status", "'firing'"],
    ]


def test_paths_are_narrowed_by_a_word_in_path_or_value() -> None:
    """In any case of letters; where nothing holds it, that is said."""
    payload = '{"payload": {"User Name": "Ada", "city": "Paris"}, "by": "adam"}'
    ended = run("paths", "-", "ada", "--json", given=payload)
    assert json.loads(ended.stdout)["paths"] == [
        {"path": "$.payload['User Name']", "value": "Ada"},
        {"path": "$.by", "value": "adam"},
    ]
    assert "no path and no value holds 'zzz'" in run("paths", "-", "zzz", given=payload).stderr


def test_paths_of_a_form_are_those_of_its_payload() -> None:
    """As GitHub sends it where that is chosen; a form without the field has its fields as paths."""
    assert run("paths", "-", given="payload=%7B%22ref%22%3A%22main%22%7D").stdout == "$.ref  'main'\n"
    assert run("paths", "-", given="text=hello&user=ada").stdout == "$.text  'hello'\n$.user  'ada'\n"


def test_paths_of_what_is_no_payload_exits_2() -> None:
    """The message says what is wrong with it."""
    ended = run("paths", "-", given='{"a')
    assert ended.returncode == 2
    assert "standard input: the body is not JSON: unexpected end of data at byte 3" in ended.stderr
    assert "paths.json: cannot be read: No such file" in run("paths", "paths.json").stderr
