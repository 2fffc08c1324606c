"""`pinbridge test --update`: what came is written so that it passes, and nothing else in the file is touched."""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.rehearsing import stage

from bridge.events import Json
from bridge.located import parse_yaml
from bridge.mappings import MappingSet, load_texts
from bridge.mappings.environment import fill
from bridge.mappings.values.values import plain
from bridge.rehearsal import CaseResult, update
from bridge.rehearsal.writing import write_block, write_flow, write_text

HEAD = """\
# before
pin: p-any   # the pin
triggers: [{source: probe, extract: {told: $.told}}]
update: {metadata: {pin_config: {content: "{{ told }}"}}}
type: any-type
tests:   # cases
  - name: first   # one
    send: sample.json
"""
TAIL = """
  - name: last
    # between
    send: []
    expect: none
# after
"""
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        "",
        "a\nb\n",
        "a\nb",
        "\n",
        " a\nb",
        "a\n\n",
        "# no",
        "x: y",
        "null",
        "1",
        "yes",
        "${HOME}",
        "$${",
        "- a",
        "'",
        '"',
        "\u2028",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, 1e9, -2.25]) | TEXTS
KEYS = st.sampled_from(["a", "b", "c d", "${k", "e:", "null"])
BODIES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
LAYOUTS = st.sampled_from(["block", "flow", "empty", "missing", "none", "comments", "windows", "single"])


@settings(max_examples=300, deadline=None)
@given(expected=BODIES, came=BODIES, layout=LAYOUTS)
def test_what_came_is_written_and_nothing_else(expected: Any, came: Any, layout: str) -> None:
    """It passes, head and tail are the same bytes, and a second update finds nothing to do."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sample.json").write_text(json.dumps({"told": came}), encoding="utf-8")
        before = written(expected, layout)
        failed = [result for result in ran(before, folder) if not result.has_passed]
        after = update(before, failed)
        again = ran(after, folder)
        assert [result.faults for result in again if result.case.name == "first"] == [()], after.decode()
        assert untouched(before) == untouched(after)
        assert update(after, [result for result in again if not result.has_passed]) == after


@given(value=BODIES)
def test_what_is_written_is_read_back(value: Any) -> None:
    """In block style and on one line; references to the environment are no references."""
    for text in (f"a:{write_block(value, '  ')}\n", f"a: {write_flow(value)}\n"):
        tree, problems = fill(parse_yaml("f", text.encode()), {})
        assert problems == []
        assert plain(tree.plain()) == {"a": value}, text


@given(text=TEXTS, style=st.sampled_from(["", "'", '"']))
def test_a_text_is_read_back_whatever_its_quotes(text: str, style: str) -> None:
    """On one line, in a list in brackets."""
    tree, _ = fill(parse_yaml("f", f"[{write_text(text, style)}]".encode()), {})
    assert tree.plain() == [text]


def written(expected: Any, layout: str) -> bytes:
    """Write a mapping's file with an expectation in some layout."""
    body: Json = {"metadata": {"pin_config": {"content": expected}}}
    block = write_block(body, "      ")
    expect = {
        "flow": f"expect: {write_flow(body)}  # tail",
        "empty": "expect:   # nothing yet",
        "missing": "now: 2026-01-01",
        "none": "expect: none",
        "comments": "expect:" + "\n".join(commented(block)),
        "single": f"expect: {{metadata: {{pin_config: {{content: '{layout}'}}}}}}",
    }.get(layout, f"expect:{block}")
    text = f"{HEAD}    {expect}{TAIL}"
    return text.replace("\n", "\r\n").encode("utf-8-sig") if layout == "windows" else text.encode()


def commented(block: str) -> Iterator[str]:
    """Put a comment behind each line of a block that cannot be a part of a longer text."""
    for line in block.split("\n"):
        yield f"{line}  # why" if "|" not in block and re.search(r"[:\]}\"\w]$", line) else line


def untouched(data: bytes) -> tuple[bytes, bytes]:
    """Give the bytes around the first case's expectation."""
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    head, tail = (part.encode().replace(b"\n", newline) for part in (HEAD, TAIL))
    start = data.index(head) + len(head)
    return data[:start], data[data.rindex(tail) :]


def ran(data: bytes, folder: str) -> list[CaseResult]:
    """Run the cases of a file that lies in a folder."""
    loaded = load_texts({"m.yaml": data}, {})
    mapping = replace(loaded.mappings["m"], file=f"{folder}/m.yaml")
    run_on = stage(MappingSet([mapping]), b"probe: {verify: none, dedupe: off}")
    return [run_on.run(mapping, case) for case in mapping.cases]
