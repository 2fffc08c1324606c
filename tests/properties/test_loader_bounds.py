"""Hostile files, in work and in memory: what loading one takes grows no faster than the file.

Work is counted in calls of functions, so that a slow machine changes nothing.
"""

import re
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import chain, repeat
from types import FrameType

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import load_texts

HEAD = "pin: p-1\ntriggers:\n  - source: s\n"
SIZE = 1_000
CALLS = 4_500_000
CALLS_A_BYTE = 1_500
BYTES, BYTES_A_BYTE = 12 * 2**20, 1_000


def variables(size: int) -> str:
    """Make a trigger that declares as many variables as fit."""
    return HEAD + "    extract: {" + numbered("v#x: $.a", size, ", ") + "}\n"


def titled(template: str) -> str:
    """Make a mapping with a template for its title."""
    return HEAD + "update: {metadata: {title: '" + template + "'}}\n"


def numbered(text: str, size: int, between: str = " ") -> str:
    """Repeat a text with a number in it."""
    return between.join(text.replace("#", str(each)) for each in range(size // len(text)))


def remembered(size: int, triggers: str, entries: str, update: str = "{}") -> str:
    """Make a mapping of as many triggers as entries fit; an entry in a text is made for each number."""
    listed, state = numbered(triggers, size // 2, ", "), numbered(entries, size // 2, ", ")
    return f"pin: p-1\ntriggers: [{listed}]\nstate: {{{state}}}\nupdate: {update}\n"


def columns(size: int, triggers: str, column: str) -> str:
    """Make a mapping of many triggers and fifty tables, each with as many columns as may be."""
    rows = numbered(column, min(size // 2, 50 * len(column)), ", ")
    tables = ", ".join(f"e{each}: *e" for each in range(49))
    head = f"pin: p-1\ntriggers: [{numbered(triggers, size // 2, ', ')}]\n"
    return f"{head}state: {{e: &e {{key: $.k, rows: {{{rows}}}}}, {tables}}}\nupdate: {{}}\n"


HOSTILE: dict[str, Callable[[int], str | bytes]] = {
    "brackets": lambda size: "[" * size,
    "dashes": lambda size: "- " * size,
    "question marks": lambda size: "? " * size,
    "one quoted text": lambda size: 'a: "' + "x" * size,
    "one key": lambda size: "x" * size + ": 1",
    "one number": lambda size: "a: " + "9" * size,
    "one exponent": lambda size: "a: 1e" + "9" * size,
    "tabs": lambda size: "a:" + "\t" * size,
    "comment": lambda size: "#" * size,
    "empty lines in quotes": lambda size: "a: 'x" + "\n" * size + "'",
    "lines of a block": lambda size: "a: |\n" + " x\n" * (size // 3),
    "alias bomb": lambda size: "a0: &a0 [x, x]\n" + numbered("b#: &a0 [*a0, *a0]\n", size, ""),
    "alias net": lambda size: "a: &a [" + "x, " * (size // 6) + "]\nb: [" + "*a, " * (size // 8) + "]\n",
    "one key again": lambda size: "a: 1\n" * (size // 5),
    "no numbers": lambda size: "- .nan\n" * (size // 7),
    "tags": lambda size: "- !x a\n" * (size // 7),
    "unknown keys": lambda size: numbered("kez#: 1\n", size, ""),
    "not UTF-8": lambda size: b"\xff" * size,
    "UTF-16": lambda size: ("a: 1\n" * (size // 10)).encode("utf-16"),
    "unset names": lambda size: "pin: p-1\nconstants: [" + numbered("'${X#}'", size, ", ") + "]\n",
    "many references": lambda size: "pin: '" + "${AB}" * (size // 5) + "'\n",
    "unclosed references": lambda size: "pin: '" + "${" * (size // 2) + "'\n",
    "unclosed templates": lambda size: titled("{{" * (size // 2)),
    "parentheses in a template": lambda size: titled("{{ " + "(" * size + " }}"),
    "unclosed blocks": lambda size: titled("{% if a %}" * (size // 10)),
    "one long sum": lambda size: titled("{{ 1 " + "+ 1" * (size // 3) + " }}"),
    "unknown filters": lambda size: titled("{{ 1 " + "| zz" * (size // 4) + " }}"),
    "unknown variables": lambda size: variables(size) + "update: {t: [" + numbered("'{{ w#x }}'", size, ", ") + "]}\n",
    "unknown variables in one text": lambda size: (
        variables(size) + "update: {t: '" + numbered("{{ w#x }}", size) + "'}"
    ),
    "folded mistakes": lambda size: titled(numbered("{{ w#x }}", size, "\n ")),
    "one long path": lambda size: HEAD + "    extract: {a: '$" + ".a" * (size // 2) + "'}\n",
    "brackets in a path": lambda size: HEAD + "    extract: {a: '$" + "[" * size + "'}\n",
    "a regular expression": lambda size: HEAD + "    when: {$.a: {matches: '" + "(a*)*" * (size // 5) + "'}}\n",
    "entries": lambda size: remembered(size, "{name: t#, source: s, extract: {v: $.a}}", "e#: {sum: v}"),
    "entries that nothing feeds": lambda size: remembered(
        size, "{name: t#, source: s, extract: {v#: $.a}}", "e#: {sum: v1, by: v2}"
    ),
    "columns": lambda size: columns(size, "{name: t#, source: s, extract: {v: $.a}}", "c#: v"),
    "misspelt columns": lambda size: columns(size, "{name: t#, source: s, extract: {v: $.a}}", "c#: w"),
    "misspelt fields": lambda size: remembered(
        size,
        "{name: t#, source: s, extract: {v: $.a}}",
        "e#: {sum: v}",
        "{t: [" + numbered("'{{ e1.valeu#x }}'", size, ", ") + "]}",
    ),
    "each in each": lambda size: HEAD + "update: " + "{each: " * (size // 7) + "\n",
    "cards": lambda size: HEAD + "update: {metadata: {pin_config: {cards: [" + numbered("{t#: 1}", size, ", ") + "]}}}",
}


def data_of(name: str, size: int) -> bytes:
    """Make one of the files."""
    made = HOSTILE[name](size)
    return made if isinstance(made, bytes) else made.encode()


def load(data: bytes) -> None:
    """Load a file; what is wrong with it must have a place in it."""
    try:
        load_texts({"m.yaml": data}, {"AB": "x"})
    except ConfigurationError as error:
        lines = data.decode("utf-8", "replace").split("\n")
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def calls_of(data: bytes) -> int:
    """Count the calls of functions that loading a file makes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        load(data)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_is_bounded_by_the_size(name: str) -> None:
    """No aliases, no nesting and no number of mistakes make a short file long to read."""
    data = data_of(name, SIZE)
    assert calls_of(data) <= CALLS + CALLS_A_BYTE * len(data)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_memory_is_bounded_by_the_size(name: str) -> None:
    """At most a thousand bytes for each of the file, beyond what any file takes."""
    data = data_of(name, 5 * SIZE)
    tracemalloc.start()
    try:
        load(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= BYTES + BYTES_A_BYTE * len(data)


QUICK_S = 0.5
LONG: dict[str, Callable[[int], str]] = {
    "a filled template that never ends": lambda size: titled("${X:-a}" + "{{" * (size // 2)),
    "openings that are no template": lambda size: titled("{% raw %}" + "{{" * (size // 2) + "{% endraw %}"),
    "a comparison with spaces in it": lambda size: HEAD + "    when: {$.a: '> a" + " " * size + "b'}\n",
    "references that never end": lambda size: titled("${" * (size // 2)),
    "unset names in one text": lambda size: titled(numbered("${X#}", size)),
    "triggers that feed tables": lambda size: columns(size, "{name: t#, source: s, extract: {v: $.a}}", "c#: v"),
    "triggers that each feed a column": lambda size: columns(
        size, "{name: t#, source: s, extract: {v#: $.a}}", "c#: v#"
    ),
    "triggers that feed nothing": lambda size: columns(size, "{name: t#, source: s}", "c#: v"),
    "triggers that are counted": lambda size: (
        "pin: p-1\ntriggers: ["
        + numbered("{name: t#, source: s}", size // 2, ", ")
        + "]\nstate: {e: {count: ["
        + numbered("t#", size // 10, ", ")
        + "]}}\nupdate: {}\n"
    ),
    "readings of an entry": lambda size: remembered(
        size,
        "{name: t#, source: s, extract: {v: $.a}}",
        "e#: {sum: v}",
        "{t: '" + "{{ e1.value }}" * min(size // 14, 1_000) + "'}",
    ),
    "many conditions": lambda size: HEAD + "    when: {" + numbered("$.a#: 1", size, ", ") + "}\n",
}


def seconds_of(data: bytes) -> float:
    """Take the processor's time for loading a file."""
    started = time.process_time()
    load(data)
    return time.process_time() - started


@pytest.mark.parametrize("name", LONG)
def test_four_times_the_size_takes_about_four_times_as_long(name: str) -> None:
    """And not sixteen times; one call of a regular expression is one call, so that only the time tells."""
    short, long = (seconds_of(LONG[name](size).encode()) for size in (25_000, 100_000))
    assert long <= 8 * short + QUICK_S


@pytest.mark.parametrize(
    ("trigger", "most"),
    [
        (
            "    let: {" + ", ".join(f"v{each}: '{{{{{each}}}}}'" for each in range(10_001)) + "}\n",
            "10,000 '{{' and '{%'",
        ),
        ("    let: {v: '{{ [" + "{{" * 10_000 + "] }}'}\n", "10,000 '{{' and '{%'"),
        (
            "    extract: {" + ", ".join(f"v{each}: '$.a[?(@.b == {each})]'" for each in range(2_001)) + "}\n",
            "2,000 paths with filters",
        ),
    ],
    ids=["templates", "one template", "filters"],
)
def test_what_is_slow_to_compile_is_counted_first(trigger: str, most: str) -> None:
    """Nothing is compiled where there is too much of it."""
    data = (HEAD + trigger).encode()
    with pytest.raises(ConfigurationError, match=re.escape("m.yaml:4:")) as caught:
        load_texts({"m.yaml": data}, {})
    (problem,) = caught.value.problems
    assert f"a file has at most {most}" in problem.message


def test_the_same_text_is_counted_once() -> None:
    """It is compiled once, however often it stands there."""
    listed = ", ".join(["'{{ 1 }}'"] * 10_001)
    data = f"{HEAD}constants: {{c: [{listed}]}}\nupdate: {{metadata: {{title: x}}}}\n".encode()
    assert load_texts({"m.yaml": data}, {}).mappings.keys() == {"m"}


def test_the_largest_files_are_refused_or_read_in_pieces() -> None:
    """One byte more than a mebibyte is refused unread; a reader never takes more than that."""
    with pytest.raises(ConfigurationError, match="at most 1,048,576 are allowed"):
        load_texts({"m.yaml": bytes(chain(b"#", repeat(32, 2**20)))}, {})
