"""docs/operations.md, held against the code: whatever the bridge says of itself can be looked up there at night."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from bridge.mappings import OutcomeKind
from bridge.outbound.answer import FailureKind
from bridge.store import PinState
from bridge.store.records import Ending
from bridge.tallies import KeyState

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
LEVELS = {"warn": "warning", "exception": "error"} | {
    name: name for name in ("debug", "info", "warning", "error", "critical")
}
"""The methods that write a line, with its level."""
SANDBOX = ROOT / "bridge" / "sandbox"
"""A program of its own, with codes of its own."""


def calls() -> Iterator[ast.Call]:
    """Give every call in the bridge."""
    for path in sorted((ROOT / "bridge").rglob("*.py")):
        if not path.is_relative_to(SANDBOX):
            yield from (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call))


def texts(call: ast.Call) -> list[str]:
    """Give the words that a call passes by position."""
    return [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def lines() -> set[tuple[str, str]]:
    """Give every line that the log may hold, with its level."""
    return {
        (words[0], LEVELS[call.func.attr])
        for call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and ast.unparse(call.func.value) in {"log", "line", "self._seldom"}
        and (words := texts(call))
    }


def row(name: str) -> str:
    """Give the row of a table that begins with a name."""
    found = re.search(rf"^\| (?:\d+ \| )?(?:`\w+`, )*`{re.escape(name)}`[,` \w]* \|.*$", PAGE, re.MULTILINE)
    return found[0] if found else ""


def test_every_line_of_the_log_stands_there_with_its_level() -> None:
    """Once, and the page names none that is never written."""
    told = re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE.partition("\n## The log\n")[2], re.MULTILINE)
    assert sorted(told) == sorted(lines() | {("library_message", "warning")})


def test_a_line_is_named_in_one_way() -> None:
    """Small words, joined by underscores: so they are searched for, and counted."""
    assert [name for name, _ in lines() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_answer_stands_there() -> None:
    """By status and code, as senders get it and as it is counted."""
    codes = {("accepted", 202), ("duplicate", 200), ("store_unavailable", 503), ("draining", 503), ("internal", 500)}
    for call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "SenderError":
            codes |= {(code, status) for code in _codes(call.args[1]) for status in _statuses(call.args[0])}
        elif isinstance(call.func, ast.Attribute) and call.func.attr in {"_tell", "_refuse"} and len(texts(call)) > 0:
            codes |= {(texts(call)[0], status) for status in _statuses(call.args[0])}
    assert len(codes) > 35
    assert [code for code, status in sorted(codes) if not row(code).startswith(f"| {status} |")] == []


def _statuses(node: ast.expr) -> list[int]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, int) else []


def _codes(node: ast.expr) -> list[str]:
    """Give what a code may be; those that are put together begin or end with what an event has a place for."""
    written = ast.unparse(node)
    if written.startswith("f"):
        return [ast.literal_eval(written[1:]).format(what=what) for what in ("id", "type")]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_every_outcome_stands_there() -> None:
    """With what to do."""
    assert [kind for kind in get_args(OutcomeKind) if not row(kind)] == []


def test_every_reason_to_park_stands_there() -> None:
    """What the bridge finds itself, and how a request may fail; the API's own words come with a status."""
    own = {
        word
        for call in calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "_park"
        for word in texts(call)
    }
    assert own == {"render_error", "internal_error"}
    assert [code for code in (*own, *get_args(FailureKind)) if not row(code)] == []


def test_every_state_and_ending_is_explained() -> None:
    """Those that are labels of a metric, in that metric's row."""
    for metric, values in (
        ("pinbridge_pins", get_args(PinState)),
        ("pinbridge_key_state", get_args(KeyState)),
        ("pinbridge_deliveries_total", (*get_args(Ending), "unchanged")),
    ):
        assert [value for value in values if f"`{value}`" not in row(metric)] == []
