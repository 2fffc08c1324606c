"""What libyaml reads of a mapping is what ruamel reads, to the last place; what it is not sure of it leaves."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.corpus import cases

from bridge.errors import ConfigurationError
from bridge.located import Node, ScalarNode, SequenceNode, parse_yaml
from bridge.located.parser_events import decode
from bridge.located.quick_events import NotQuickError, read_quick_events

SHIPPED = sorted((Path(__file__).parents[2] / "mappings").glob("*.yaml"))
TOLD = re.compile(rb"\A(?:# (?:error|warning) .*\n)+")
FILES = [TOLD.sub(b"", path.read_bytes()) for path in [*SHIPPED, *cases()]]
PIECES = [
    *(
        "a",
        "b: ",
        "- ",
        ": ",
        ":",
        "?",
        "? ",
        "-",
        "[",
        "]",
        "{",
        "}",
        ",",
        ", ",
        "\n",
        "\n  ",
        "\n    ",
        "\n\n",
        "\n \n",
    ),
    *(
        " ",
        "'",
        "''",
        '"',
        "\\",
        "\\\n",
        "\\n",
        "\\/",
        "\\x41",
        "\\u2028",
        "#",
        " #",
        "|",
        "|-\n",
        "|2\n",
        ">+\n",
        "|\n  ",
    ),
    *(
        "a: b\n",
        "k: [",
        "{a: ",
        "{a:1}",
        "[a: b]",
        "'a'",
        '"a":',
        "'a':1",
        "<<",
        "~",
        "1",
        "0x1f",
        "&a ",
        "*a",
        "!",
        "!!str ",
    ),
    *(
        "%",
        "@",
        "`",
        "---",
        "...",
        "\r",
        "\r\n",
        "\t",
        "\x7f",
        "\x85",
        "\xa0",
        "\u2028",
        "\ufeff",
        "é",
        "😀",
        "word " * 30,
    ),
    *("z" * 1100, "=", "$.a[*]", "{{ a }}"),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)


def seen(node: Node) -> object:
    """Everything that a tree says, with what comparing nodes leaves out."""
    if isinstance(node, ScalarNode):
        return node, type(node.value), node.written
    if isinstance(node, SequenceNode):
        return node.place, [seen(item) for item in node.items]
    return node.place, [(seen(entry.key), seen(entry.value)) for entry in node.entries]


def read(data: bytes) -> object:
    """Read a file; its mistakes where it has some."""
    try:
        return seen(parse_yaml("m.yaml", data))
    except ConfigurationError as error:
        return error.problems


def check(data: bytes) -> None:
    """Read it as it is read, and without libyaml."""
    quick = read(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bridge.located.building.read_quick_events", refuse)
        assert read(data) == quick


def refuse(_text: str) -> object:
    """Leave a text to ruamel's parser."""
    raise NotQuickError


@settings(max_examples=1_000, deadline=None)
@given(TEXTS)
def test_any_text_is_read_alike(text: str) -> None:
    """Whatever the pieces of YAML make together."""
    check(text.encode())


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 10_000), st.integers(0, 4), st.sampled_from(PIECES))
def test_any_bent_file_is_read_alike(data: bytes, at: int, removed: int, inserted: str) -> None:
    """The shipped mappings and those with mistakes, with a piece put into them."""
    at %= len(data) + 1
    check(data[:at] + inserted.encode() + data[at + removed :])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_mapping_is_read_alike(path: Path) -> None:
    """As it stands, and with the line ends of Windows and a byte order mark."""
    data = path.read_bytes()
    check(data)
    check(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))


def test_an_ordinary_mapping_is_read_by_libyaml() -> None:
    """So that the tests above compare two parsers, and a thousand mappings load in seconds."""
    text = decode("m.yaml", b"# a mapping\npin: 'p-1'\ntriggers:\n  - {source: s, extract: {a: $.b}}\n")
    assert [event.value for event in read_quick_events(text) if hasattr(event, "value")][:2] == ["pin", "p-1"]


@pytest.mark.parametrize(
    "text", ["a:\tb", "a: \x85", "a: \u2028", "a: &b c", "!x a", "a: |\n  b", "? a\n", "--- a", "['a':1]"]
)
def test_what_may_be_read_in_two_ways_is_left(text: str) -> None:
    """Breaks of YAML 1.1, tabs, names, tags, blocks, long keys, marks of documents."""
    with pytest.raises(NotQuickError):
        list(read_quick_events(text))
