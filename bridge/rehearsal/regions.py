"""Where each value of a YAML file begins and ends, so that one can be replaced and nothing else touched.

The located tree knows where values begin; how far they reach is read here, from the same
parser. Indexes count characters of the text whose lines end as on Unix.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import events as yaml_events


@dataclass(slots=True)
class Region:
    """One value. `parts` are the items of a list, or the keys and values of an object in turn.

    `style` is `|` or `>` for a block of text, a quote, or nothing. `is_flow` tells of a list or object in
    brackets. `is_fixed` tells that it cannot be replaced: an anchor or an alias stands here or below, or nothing.
    """

    start: int
    end: int
    column: int
    style: str = ""
    text: str = ""
    is_scalar: bool = False
    is_flow: bool = False
    is_fixed: bool = False
    parts: list["Region"] = field(default_factory=list)

    @property
    def ends_in_a_block(self) -> bool:
        """Tell whether its last line is that of a block of text, to which blank lines behind it may belong."""
        return self.parts[-1].ends_in_a_block if self.parts else self.style in {"|", ">"}

    def value_of(self, key: str) -> "Region | None":
        """Give the value of an object's key, None where it is missing."""
        pairs = zip(self.parts[::2], self.parts[1::2], strict=True)
        return next((value for name, value in pairs if name.text == key), None)


def read_regions(text: str, events: Iterable[Any]) -> Region:
    """Read the regions of a document that is known to be good YAML."""
    root = Region(start=0, end=0, column=0)
    stack = [root]
    for event in events:
        match event:
            case yaml_events.ScalarEvent() | yaml_events.AliasEvent():
                stack[-1].parts.append(_scalar(text, event, stack[-1].parts))
            case yaml_events.CollectionStartEvent():
                stack.append(_opened(event))
            case yaml_events.CollectionEndEvent():
                closed = stack.pop()
                closed.end = event.end_mark.index if closed.is_flow else closed.parts[-1].end
                closed.is_fixed = closed.is_fixed or any(part.is_fixed for part in closed.parts)
                stack[-1].parts.append(closed)
    return root.parts[0]


def _opened(event: Any) -> Region:
    return Region(
        start=event.start_mark.index,
        end=event.start_mark.index,
        column=event.start_mark.column,
        is_flow=bool(event.flow_style),
        is_fixed=event.anchor is not None,
    )


def _scalar(text: str, event: Any, before: Sequence[Region]) -> Region:
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    is_alias = isinstance(event, yaml_events.AliasEvent)
    is_fixed = is_alias or event.anchor is not None
    if start == end:
        # The parser has gone on to what comes next; the value would stand behind its key's colon.
        colon = text.find(":", before[-1].end) if len(before) % 2 else -1
        is_fixed = is_fixed or colon < 0 or bool(text[before[-1].end : colon].strip())
        start = end = start if is_fixed else colon + 1
    return Region(
        start=start,
        end=start + len(text[start:end].rstrip()),
        column=column,
        style="" if is_alias else event.style or "",
        text="" if is_alias else event.value,
        is_scalar=True,
        is_fixed=is_fixed,
    )
