"""The commands used wrongly: a plain message and exit code 2, never a traceback."""

import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import BridgeProcess, payment

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
    """An `ack` of the source's own need not be JSON."""
    bridge = new_bridge()
    (bridge.mappings / "sources.yaml").write_text(
        'stripe:\n  ack: {status: 200, body: "[accepted]", content_type: text/plain}\n'
    )
    bridge.start()
    sample = tmp_path / "sample.json"
    sample.write_bytes(payment("evt_1"))
    assert bridge.command("send", "stripe", str(sample)).stdout == "200 [accepted]\n"


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
