"""Headers on the command line: any spelling of a name is one name, and what HTTP cannot carry is refused."""

import pytest

from bridge.errors import ConfigurationError
from bridge.rehearsal import read_header_lines


def test_names_come_out_in_lower_case() -> None:
    """So `Content-Type` replaces the default and is not sent beside it."""
    lines = ["Content-Type: text/plain", "X-GitHub-Event:push", "X-Empty:"]
    assert read_header_lines(lines) == {"content-type": "text/plain", "x-github-event": "push", "x-empty": ""}


def test_a_value_keeps_its_colons() -> None:
    """Only the first one parts name and value."""
    assert read_header_lines(["X-At: 12:30"]) == {"x-at": "12:30"}


@pytest.mark.parametrize("line", ["nonsense", ": value", "X Y: z", "X-A: b\nX-C: d", "X-Ä: b", "X-A: ü", ""])
def test_what_is_no_header_is_refused(line: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(ConfigurationError, match="write 'Name: value'"):
        read_header_lines([line])
