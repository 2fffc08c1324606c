"""Which names a template reads, and with which keys."""

import pytest

from bridge.mappings.expressions.name_reads import name_reads


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ a }}", [("a", (), "Output")]),
        ("{{ a.b.c }}", [("a", ("b", "c"), "Output")]),
        ("{{ a['b'].c }}", [("a", ("b", "c"), "Output")]),
        ("{{ a[0].c }}", [("a", (None, "c"), "Output")]),
        ("{{ a[b.c] }}", [("a", (None,), "Output"), ("b", ("c",), "Getitem")]),
        ("{{ a.b | number + x.a }}", [("a", ("b",), "Filter")]),
        ("{{ [a, b.c] }}", [("a", (), "List"), ("b", ("c",), "List")]),
        ("{{ (a | first).c }}", [("a", (), "Filter")]),
        ("{{ a.b(b) }}", [("a", ("b",), "Call"), ("b", (), "Call")]),
        ("{% for x in a.b %}{{ x.a }}{% endfor %}", [("a", ("b",), "For")]),
        ("{% for a in b %}{{ a.c }}{% endfor %}", [("b", (), "For")]),
        ("{% set a = 1 %}{{ a.c }}", []),
        ("a {# {{ a.b }} #} b", []),
    ],
)
def test_each_reading_of_a_name(text: str, found: list[tuple[str, tuple[str | None, ...], str]]) -> None:
    """But of those that the template sets itself."""
    reads = sorted(name_reads(text, {"a", "b"}), key=lambda read: read.place)
    assert [(read.name, tuple(key.word for key in read.keys), type(read.around).__name__) for read in reads] == found


def test_each_name_and_key_has_its_place() -> None:
    """In the text, over all its lines."""
    text = "{{ x }}\n{{ a.b[ 'c' ].d }}"
    (read,) = name_reads(text, {"a"})
    assert text[read.place :].startswith("a.b")
    assert [text[key.place :][:3] for key in read.keys] == ["b[ ", "'c'", "d }"]
