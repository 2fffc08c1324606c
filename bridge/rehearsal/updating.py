"""Writing what came into `expect`, and touching nothing else: comments and layout stay as they are. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.errors import AuthorError
from bridge.events import Json
from bridge.located import MappingNode, Node, SequenceNode
from bridge.located.parser_events import decode, read_events
from bridge.mappings.cases import ERROR, NOTHING
from bridge.rehearsal.cases import CaseResult
from bridge.rehearsal.comparison import compare
from bridge.rehearsal.regions import Region, read_regions
from bridge.rehearsal.writing import write_block, write_flow, write_item, write_lines, write_literal, write_text
from bridge.spelling import nearest

_STEP = "  "
_WIDTH = 110
"""Beyond this column what stood in brackets is written in lines of its own, where it can be."""


class NotUpdated(AuthorError):
    """An expectation that cannot be written in place; its author must."""


class Edit(NamedTuple):
    """What stands from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str


def update(data: bytes, results: Iterable[CaseResult]) -> bytes:
    """Give a mapping's file with what came in the place of what was expected.

    `results` are those of its failed cases. Raises `NotUpdated` where one of them cannot be written.
    """
    text = decode("", data)
    root = read_regions(text, read_events("", text))
    edits = [edit for result in results for edit in _edits(text, root, result)]
    return _spliced(data, edits)


def _edits(text: str, root: Region, result: CaseResult) -> Iterator[Edit]:
    """Give the edits of one case."""
    tests = root.value_of("tests")
    index = result.mapping.cases.index(result.case)
    if tests is None or tests.is_scalar or tests.parts[index].is_scalar:
        raise _by_hand(result, "an alias stands for it")
    case, came = tests.parts[index], _came(result)
    editor = _Editor(text, result)
    expect = case.value_of("expect")
    node = result.case.expect.node
    if expect is not None and isinstance(node, MappingNode) and result.case.expect.kind == "body":
        yield from editor.change(node, expect, came, case)
    elif expect is not None:
        yield editor.replace(expect, came, case)
    elif case.is_flow:
        yield Edit(case.parts[-1].end, case.parts[-1].end, f", expect: {write_flow(came)}")
    else:
        indent = " " * case.column
        written = f"expect:{write_block(came, indent + _STEP)}"
        if case.ends_in_a_block:
            # Lines behind a block of text may be its own, so that what is added stands before its key.
            start = case.parts[-2].start
            yield Edit(start, start, f"{written}\n{indent}")
        else:
            end = editor.end_of_line(case.parts[-1].end)
            yield Edit(end, end, f"\n{indent}{written}")


def _came(result: CaseResult) -> Json:
    """Say what came in the words of `expect`; an error only where one was expected, or nothing yet."""
    kind = result.case.expect.kind
    if not result.deliveries and result.case.samples:
        raise _by_hand(result, "its samples cannot be read")
    if result.errors and kind not in {"error", "unwritten"}:
        raise _by_hand(result, f"there is an error: {result.errors[0]}")
    if result.errors:
        return {ERROR: result.errors[0]}
    if kind in {"error", "unwritten"} and result.case.samples and result.case.pin not in result.moved:
        return NOTHING
    if kind == "body" and result.case.samples and result.case.pin not in result.moved:
        why = f"it expects what {result.case.pin} shows, and no event moves that pin now"
        raise _by_hand(result, f"{why}; if that is right, write `expect: none` yourself")
    return NOTHING if result.body is None else result.body


class _Editor:
    """Finds the edits for one case's expectation."""

    def __init__(self, text: str, result: CaseResult) -> None:
        self._text = text
        self._result = result

    def change(self, node: Node, region: Region, came: Json, parent: Region) -> Iterator[Edit]:
        """Change as little as makes `came` what is expected; `parent` is the list or object around."""
        if not any(compare(node, came)):
            return
        match node, came:
            case MappingNode(), dict() if not region.is_scalar and all(each.name in came for each in node.entries):
                values = region.parts[1::2]
                for entry, value in zip(node.entries, values, strict=True):
                    yield from self.change(entry.value, value, came[entry.name], region)
            case SequenceNode(), list() if not region.is_scalar and node.items and came:
                yield from self._change_items(node, region, came)
            case _:
                yield self.replace(region, _projected(node, came), parent)

    def end_of_line(self, index: int) -> int:
        """Give the end of the line, behind a comment that may stand there."""
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end

    def _change_items(self, node: SequenceNode, region: Region, came: list[Json]) -> Iterator[Edit]:
        both = min(len(node.items), len(came))
        for index in range(both):
            yield from self.change(node.items[index], region.parts[index], came[index], region)
        last = region.parts[-1]
        if len(came) < len(node.items):
            kept = region.parts[both - 1]
            if any(part.is_fixed for part in region.parts[both:]):
                raise _by_hand(self._result, "an anchor or an alias stands in it")
            start, end = (kept.end, last.end) if region.is_flow else map(self.end_of_line, (kept.end, last.end))
            yield Edit(start, end, "")
        elif region.is_flow:
            yield Edit(last.end, last.end, "".join(f", {write_flow(item)}" for item in came[both:]))
        else:
            end, indent = self.end_of_line(last.end), " " * region.column
            yield Edit(end, end, "".join(f"\n{indent}{write_item(item, indent)}" for item in came[both:]))

    def replace(self, region: Region, came: Json, parent: Region) -> Edit:
        """Put `came` where a value stands, whole."""
        if region.is_fixed:
            raise _by_hand(self._result, "an anchor or an alias stands in it")
        start, end = region.start, region.end
        below = " " * parent.column + _STEP
        space = " " if start == end else ""
        if parent.is_flow or (region.is_flow and region.column + len(write_flow(came)) < _WIDTH):
            return Edit(start, end, space + self._on_one_line(region, came))
        if not region.is_scalar and not region.is_flow:
            return self._in_lines(start, end, write_lines(came, " " * region.column))
        if isinstance(came, dict | list) and self._follows_colon(start):
            start = self._text.rindex(":", 0, start) + 1 if start != end else start
            return self._in_lines(start, end, write_block(came, below))
        if isinstance(came, str) and ("\n" in came or region.style in {"|", ">"}):
            return self._in_lines(start, end, space + (write_literal(came, below) or write_text(came, '"')))
        return Edit(start, end, space + self._on_one_line(region, came))

    def _in_lines(self, start: int, end: int, text: str) -> Edit:
        """Replace by what may have several lines; a comment behind it then stands behind the first."""
        first, newline, others = text.partition("\n")
        line_end = self.end_of_line(end) if newline else end
        return Edit(start, line_end, first + self._text[end:line_end] + newline + others)

    def _on_one_line(self, region: Region, came: Json) -> str:
        return write_text(came, region.style) if isinstance(came, str) else write_flow(came)

    def _follows_colon(self, start: int) -> bool:
        return self._text[:start].rstrip(" ").endswith(":")


def _projected(node: Node, came: Json) -> Json:
    """Leave of what came those keys that were asked for; a misspelt one is mended, for nothing would check less."""
    match node, came:
        case MappingNode(), dict():
            asked_for = {_key_in(came, each.name): each.value for each in node.entries}
            kept = {key: _projected(value, came[key]) for key, value in asked_for.items() if key is not None}
            return kept or came
        case SequenceNode(), list():
            asked = [_projected(item, each) for item, each in zip(node.items, came, strict=False)]
            return [*asked, *came[len(asked) :]]
    return came


def _key_in(came: dict[str, Json], name: str) -> str | None:
    return name if name in came else nearest(name, came)


def _spliced(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Apply the edits to the file as it is: with its own ends of lines, and its byte order mark."""
    raw = data.decode()
    indexes = [place for place, char in enumerate(raw) if char != "\r" or raw[place + 1 : place + 2] != "\n"]
    if raw.startswith("\ufeff"):
        indexes = indexes[1:]
    indexes.append(len(raw))
    newline = "\r\n" if "\r\n" in raw else "\n"
    # From the end on; of two that begin in one place the later stays behind the earlier.
    for start, end, replacement in sorted(edits, key=lambda each: each.start)[::-1]:
        first, last = _in_raw(raw, indexes[start]), _in_raw(raw, indexes[end])
        raw = raw[:first] + replacement.replace("\n", newline) + raw[last:]
    return raw.encode()


def _in_raw(raw: str, place: int) -> int:
    """Stand before the whole end of a line."""
    return place - 1 if raw[place : place + 1] == "\n" and raw[place - 1 : place] == "\r" else place


def _by_hand(result: CaseResult, why: str) -> NotUpdated:
    place = result.case.expect.node.place if result.case.expect.node is not None else result.case.place
    return NotUpdated(f"{place}: {result.case.name!r} is not updated: {why}")
