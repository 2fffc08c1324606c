"""The commands used wrongly: a plain message and exit code 2, never a traceback."""

import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import BridgeProcess, payment, run

NewBridge = Callable[..., BridgeProcess]


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"])
def test_send_refuses_what_is_no_address(new_bridge: NewBridge, tmp_path: Path, url: str) -> None:
    """The message shows how one is written."""
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    ended = new_bridge().command("send", "stripe", str(sample), "--url", url)
    assert ended.returncode == 2
    assert "write one such as http://127.0.0.1:8080" in ended.stderr


def test_send_takes_an_address_with_a_slash_behind_it(new_bridge: NewBridge, tmp_path: Path) -> None:
    """As it is copied from a browser."""
    bridge = new_bridge()
    bridge.start()
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    assert "202 accepted: evt_1" in bridge.command("send", "stripe", str(sample), "--url", f"{bridge.url}/").stdout


def test_send_replaces_the_content_type(new_bridge: NewBridge, tmp_path: Path) -> None:
    """A form goes out as one, with one `Content-Type`: the bridge refuses two."""
    bridge = new_bridge()
    bridge.start()
    form = tmp_path / "form"
    form.write_text(urllib.parse.urlencode({"id": "evt_1", "type": "ping", "created": "1790000000"}))
    ended = bridge.command("send", "stripe", str(form), "-H", "Content-Type: application/x-www-form-urlencoded")
    assert "202 accepted: evt_1, moves no pin" in ended.stdout, ended.stderr


def test_send_refuses_a_broken_file_of_headers(new_bridge: NewBridge, tmp_path: Path) -> None:
    """It names the file."""
    (tmp_path / "sample.json").write_bytes(payment("evt_1"))
    (tmp_path / "sample.headers.json").write_text("[1")
    ended = new_bridge().command("send", "stripe", str(tmp_path / "sample.json"))
    assert ended.returncode == 2
    assert "sample.headers.json: cannot be read" in ended.stderr


def test_send_shows_what_a_source_insists_on_hearing(new_bridge: NewBridge, tmp_path: Path) -> None:
    """An `ack` of the source's own need not be JSON; it names no event, so that the list of them is pointed to."""
    bridge = new_bridge()
    (bridge.mappings / "sources.yaml").write_text(
        'stripe:\n  ack: {status: 200, body: "[accepted]", content_type: text/plain}\n'
    )
    bridge.start()
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    said = "200 [accepted]\nwhat each mapping made of it: pinbridge events\n"
    assert bridge.command("send", "stripe", str(sample)).stdout == said


def test_retry_makes_no_database(new_bridge: NewBridge, tmp_path: Path) -> None:
    """In a folder without one it says so, and leaves the folder as it was."""
    ended = new_bridge(PINBRIDGE_DATABASE=f"sqlite:///{tmp_path / 'none.db'}").command("retry")
    assert ended.returncode == 2
    assert "start `pinbridge serve` once" in ended.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_listing_in_a_pipe_is_one_line_an_event(new_bridge: NewBridge, tmp_path: Path) -> None:
    """Long ids are not folded, so that grep finds them."""
    bridge = new_bridge()
    bridge.start()
    identifier = "evt_" + "x" * 150
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment(identifier))
    bridge.command("send", "stripe", str(sample))
    assert [identifier in line for line in bridge.command("events").stdout.splitlines()] == [False, True]


LONG = "x" * 300
"""More than a file's name may have; asking for such a file raises, as in a folder that cannot be entered."""


@pytest.mark.parametrize(
    "words",
    [
        ("try", LONG, "sample.json"),
        ("try", "payments", LONG),
        ("test", LONG),
        ("validate", LONG),
        ("paths", LONG),
        ("send", "stripe", LONG),
    ],
)
def test_a_path_that_cannot_even_be_asked_for_is_told(new_bridge: NewBridge, words: tuple[str, ...]) -> None:
    """By a message, whether it stands for a mapping, a folder or a payload."""
    ended = new_bridge().command(*words)
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert LONG[:200] in ended.stderr


@pytest.mark.parametrize("words", [("validate",), ("test",), ("try", "m", "p.json"), ("serve", "--sandbox"), ("init",)])
def test_a_folder_of_mappings_that_cannot_even_be_asked_for_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    """By whatever command needs it."""
    ended = run(*words, cwd=tmp_path, PINBRIDGE_MAPPINGS=LONG)
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)


def test_a_sample_that_no_file_can_be_is_the_mistake_of_its_test(tmp_path: Path) -> None:
    """A name that is too long, or with a zero byte in it; other tests run."""
    mapping = (
        "pin: p-1\ntriggers: [{source: stripe}]\nupdate: {metadata: {title: x}}\ntests:\n"
        f"  - {{name: long, send: {LONG}.json, expect: none}}\n"
        '  - {name: zero, send: "a\\0b", expect: none}\n'
        "  - {name: good, expect: {metadata: {title: x}}}\n"
    )
    (tmp_path / "m.yaml").write_text(mapping)
    ended = run("test", tmp_path, cwd=tmp_path)
    assert "File name too long" in ended.stdout
    assert "embedded null byte" in ended.stdout
    assert "1 passed, 2 failed" in ended.stdout.replace("\n", " "), ended.stdout
    assert run("validate", tmp_path, cwd=tmp_path).stderr.count("warning: there is no file") == 2
