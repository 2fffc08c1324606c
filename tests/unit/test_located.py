"""YAML becomes a tree with places, or a list of placed problems."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.errors import ConfigurationError
from bridge.located import MAX_BYTES, MappingNode, Place, ScalarNode, SequenceNode, parse_yaml
from bridge.located.fields import MAX_PROBLEMS


def problems(text: str | bytes) -> list[str]:
    """Give the lines of the error that the text must cause."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml("m.yaml", data)
    return [str(problem) for problem in caught.value.problems]


def test_every_node_knows_its_line_and_column() -> None:
    """Places count from 1 and point at the first character of a key or value."""
    node = parse_yaml("m.yaml", b"a: 1\nb:\n  - x\n  - {c: d}\n")
    assert isinstance(node, MappingNode)
    assert node.entries[0].key.place == Place("m.yaml", 1, 1)
    assert node.entries[0].value.place == Place("m.yaml", 1, 4)
    items = node.get("b")
    assert isinstance(items, SequenceNode)
    assert items.items[0].place == Place("m.yaml", 3, 5)
    inner = items.items[1]
    assert isinstance(inner, MappingNode)
    assert inner.entries[0].value.place == Place("m.yaml", 4, 9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("n", "n"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'null'", "null"),
        ("'1'", "1"),
        ("17", 17),
        ("-17", -17),
        ("007", 7),
        ("0o17", 15),
        ("0xff", 255),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-22", "2026-11-22"),
        ("1.10", Decimal("1.10")),
        ("1e3", Decimal("1e3")),
        (".5", Decimal(".5")),
        ("18446744073709551615", 2**64 - 1),
        ("1.2.3", "1.2.3"),
        ("$.a.b", "$.a.b"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """Words and dates are text; numbers are exact."""
    node = parse_yaml("m.yaml", f"v: {text}".encode())
    assert node.plain() == {"v": value}
    assert isinstance(node, MappingNode)
    got = node.entries[0].value.plain()
    assert type(got) is type(value)


def test_plain_gives_ordinary_values_with_text_keys() -> None:
    """A number as a key is text, as in JSON."""
    assert parse_yaml("m.yaml", b"{1: [a, {b: 2}], true: null}").plain() == {"1": ["a", {"b": 2}], "true": None}


def test_an_alias_is_the_node_that_it_names() -> None:
    """Anchors and aliases share values inside one file."""
    assert parse_yaml("m.yaml", b"a: &x {k: 1}\nb: *x\n").plain() == {"a": {"k": 1}, "b": {"k": 1}}


def test_an_empty_file_is_null() -> None:
    """Nothing, or only comments, is the value null at the first line."""
    node = parse_yaml("m.yaml", b"# nothing\n")
    assert node == ScalarNode(Place("m.yaml", 1, 1), None, "")


def test_a_text_knows_how_it_is_written() -> None:
    """With quotes and indentation, so that every character of it has a place."""
    node = parse_yaml("m.yaml", b"a: | # why\n  one\n  two\nb: 'it''s'\n")
    assert isinstance(node, MappingNode)
    block, quoted = node.get("a"), node.get("b")
    assert isinstance(block, ScalarNode)
    assert isinstance(quoted, ScalarNode)
    assert block.text == "one\ntwo\n"
    assert block.place_at(block.written.index("two")) == Place("m.yaml", 3, 3)
    assert quoted.written == "'it''s'"
    assert quoted.place_at(quoted.written.index("s")) == Place("m.yaml", 4, 9)


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("one !two", 1, 8),
        ("one\n  !two", 2, 3),
        ("'it''s !two'", 1, 11),
        ("'it''s\n\n  more !two'", 3, 8),
        ('"\\x41\\u0042\\U00000043 \\" \\n\\t \\\\ !two"', 1, 37),
        ('"one \\\n   !two"', 2, 4),
        ("|-\n  one\n\n    !two", 4, 5),
        ("> # why\n  one\n\n  one\n  !two\n", 5, 3),
        (">+\n  one\n   !two\n\n", 3, 4),
    ],
)
def test_a_character_of_a_text_has_its_place_in_the_file(written: str, line: int, column: int) -> None:
    """Behind quotes and escapes, on the lines that were folded, below `|`."""
    node = parse_yaml("m.yaml", f"a: {written}".encode())
    assert isinstance(node, MappingNode)
    text = node.entries[0].value
    assert isinstance(text, ScalarNode)
    assert text.place_of(text.text.index("!")) == Place("m.yaml", line, column)


def test_what_the_environment_filled_in_has_no_place_in_the_file() -> None:
    """It is not what is written."""
    node = parse_yaml("m.yaml", b"'a ${X} b'")
    assert isinstance(node, ScalarNode)
    with pytest.raises(LookupError):
        replace(node, text="a filled b").place_of(9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", ["m.yaml:2:1: the key 'a' stands in line 1 already"]),
        (
            "a: !!python/object x",
            [
                (
                    "m.yaml:1:4: the tag '!!python/object' is not allowed; "
                    "leave it out, or quote a text that begins with '!'"
                )
            ],
        ),
        ("a: *x", ["m.yaml:1:4: the alias '*x' is not defined above; a text that begins with '*' stands in quotes"]),
        ("a: &x [*x]", ["m.yaml:1:8: the alias '*x' stands inside what it names"]),
        ("a: 1\n---\nb: 2", ["m.yaml:2:1: a second document begins here; one file holds one document"]),
        (
            "? [a]\n: 1",
            [
                (
                    "m.yaml:1:3: a key is a single word or text, not a list or an object; "
                    "a text with '{{' in it stands in quotes"
                )
            ],
        ),
        ("a: .nan", ["m.yaml:1:4: .nan is no number that JSON can carry; quote it to make it text"]),
        ("a: 1e999", ["m.yaml:1:4: the number 1e999 is too large; quote it to make it text"]),
        (
            "a: 99999999999999999999",
            ["m.yaml:1:4: the whole number 99999999999999999999 is beyond 64 bits; quote it to make it text"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, expected: list[str]) -> None:
    """Each message says what was found and where."""
    assert problems(text) == expected


def test_problems_that_leave_the_text_readable_are_all_reported() -> None:
    """A duplicate key does not hide a tag further down."""
    assert [line.split(":")[1] for line in problems("a: 1\na: 2\nb: !x 1\n")] == ["2", "3"]


def test_a_syntax_error_has_a_place() -> None:
    """Where the text in question begins, if that is far from where the parser noticed."""
    (message,) = problems("a: [1, 2\nb: 3\n")
    assert message == "m.yaml:1:4: not valid YAML: this '[' is never closed by a ']'"


def test_bytes_that_are_not_text_are_refused_with_their_place() -> None:
    """Neither Latin-1 nor control characters pass for text."""
    assert problems(b"a: 1\nb: \xe9") == ["m.yaml:2:4: not UTF-8 text: byte 0xe9; save the file as UTF-8"]
    assert problems(b"a: \x00") == ["m.yaml:1:4: not valid YAML: the character '\\x00' is not allowed"]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors on Windows put one in front."""
    assert parse_yaml("m.yaml", b"\xef\xbb\xbfa: 1").plain() == {"a": 1}


@pytest.mark.parametrize("item", ["!a x", ".nan", "[a]: 1", '"\\ud800"'])
def test_of_thousands_of_mistakes_the_first_are_told(item: str) -> None:
    """Nobody reads more, and a file of 1 MiB has 200,000 of them."""
    told = problems(f"[{', '.join([item] * 20_000)}]")
    assert len(told) == MAX_PROBLEMS + 1
    assert told[-1].endswith("and more mistakes from here on; mend those above first")


def test_what_a_small_text_expands_to_is_bounded() -> None:
    """Ten levels of ten aliases each are refused before they are built."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
    )
    (message,) = problems(bomb)
    assert message.endswith("more than 100,000 values, aliases expanded")


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "? " * 5000])
def test_nesting_is_bounded(text: str) -> None:
    """Deep nesting is one problem, not a crash."""
    (message,) = problems(text)
    assert "nested deeper than 64 levels" in message


def test_nesting_through_aliases_is_bounded() -> None:
    """Each alias may stand one level deeper than the one before, and 64 is still the bound."""
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80))
    (message,) = problems(chain)
    assert message.endswith("nested deeper than 64 levels, aliases expanded")


def test_a_large_file_is_refused_unread() -> None:
    """The bound is in bytes."""
    told = f"m.yaml:1:1: the file has {MAX_BYTES + 1:,} bytes; at most {MAX_BYTES:,} are allowed"
    assert problems(b"\x00" * (MAX_BYTES + 1)) == [told]
