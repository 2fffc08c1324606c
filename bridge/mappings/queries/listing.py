"""Every path that leads to something in a payload, ready to be pasted into a mapping: for `pinbridge paths`. Pure.

What stands in a list is given twice: once for all its items, as `$.items[*].price` with how many
there are, and once for each item, as `$.items[0].price`. A property test holds that each path,
compiled, finds the value beside it. What no path can say (names with line breaks, places deeper
than a path may go) is counted and left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bridge.events import Json
from bridge.mappings.queries.queries import compile_query
from bridge.mappings.queries.query_syntax import MAX_STEPS, MAX_TEXT, PLAIN_NAME, QuerySyntaxError, is_plain

MOST_VISITS = 1_000_000
"""How many values are looked at, some of them twice: about a second's work."""

_COSTLY_NAME = 500
"""Values that could be looked at while the parser reads the path to one name that needs it: a millisecond or two."""

ITEMS_SHOWN = 3
"""Of a list, so many items are given one by one, unless all of them are asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A path with the value it finds; of several matches (`count` of them) the first, else `count` is None."""

    path: str
    value: Json
    count: int | None = None


@dataclass(slots=True, kw_only=True)
class LeftOut:
    """What the listing does not show, counted: items of long lists, places that no path leads to.

    `is_cut` tells that the payload is larger than what is looked at.
    """

    items: int = 0
    unreachable: int = 0
    is_cut: bool = False


class _Place(NamedTuple):
    path: str
    steps: int


def list_paths(payload: Json, left_out: LeftOut, *, every_item: bool) -> Iterator[Found]:
    """Give the paths to all texts, numbers, booleans, nulls and empty containers, and to the items of lists.

    In the payload's order; a list's common paths come before its items. `left_out` is filled meanwhile.
    """
    return _Walk(left_out, ITEMS_SHOWN if not every_item else None).one(payload, _Place("$", 0), in_list=False)


class _Walk:
    """One walk over one payload; it ends at the bound."""

    def __init__(self, left_out: LeftOut, items_shown: int | None) -> None:
        self._left_out = left_out
        self._items_shown = items_shown
        self._visits = 0
        self._names: dict[str, str | None] = {}

    def one(self, value: Json, place: _Place, *, in_list: bool) -> Iterator[Found]:
        """List the paths at and below one value; those common to a list's items only for the outermost list."""
        if not self._may_visit():
            return
        if isinstance(value, dict) and value:
            for name, child in value.items():
                if (below := self._named(place, name)) is not None:
                    yield from self.one(child, below, in_list=in_list)
        elif isinstance(value, list) and value:
            if not in_list:
                yield from self._common([value], place)
            yield from self._items(value, place)
        else:
            yield Found(place.path, value)

    def _items(self, items: list[Json], place: _Place) -> Iterator[Found]:
        shown = items[: self._items_shown]
        self._left_out.items += len(items) - len(shown)
        for index, item in enumerate(shown):
            if (below := self._below(place, f"[{index}]")) is not None:
                yield from self.one(item, below, in_list=True)

    def _common(self, values: list[Json], place: _Place) -> Iterator[Found]:
        """List the paths below all matches of one path, each match being visited once for each path to it."""
        lists = [value for value in values if isinstance(value, list)]
        if any(lists) and (below := self._below(place, "[*]")) is not None:
            # As in a query, `[*]` also stands for what is in an object beside the lists.
            yield from self._matched([child for value in values for child in _children(value)], below)
        groups: dict[str, list[Json]] = {}
        for value in values:
            for name, child in value.items() if isinstance(value, dict) else ():
                groups.setdefault(name, []).append(child)
        for name, children in groups.items():
            if (below := self._named(place, name)) is not None:
                yield from self._matched(children, below)

    def _matched(self, matches: list[Json], place: _Place) -> Iterator[Found]:
        if not self._may_visit(len(matches)):
            return
        if place.path.endswith("[*]") or not all(isinstance(match, dict | list) and match for match in matches):
            yield Found(place.path, matches[0], len(matches))
        yield from self._common(matches, place)

    def _may_visit(self, visits: int = 1) -> bool:
        self._visits += visits
        self._left_out.is_cut = self._left_out.is_cut or self._visits > MOST_VISITS
        return not self._left_out.is_cut

    def _named(self, place: _Place, name: str) -> _Place | None:
        if name not in self._names:
            self._visits += 0 if is_plain(f"$.{name}") or is_plain(f"$['{name}']") else _COSTLY_NAME
            self._names[name] = _step(name)
        return self._below(place, self._names[name])

    def _below(self, place: _Place, step: str | None) -> _Place | None:
        """Give the place one step further; None, and counted, where no path leads there."""
        if step is None or place.steps == MAX_STEPS or len(place.path) + len(step) > MAX_TEXT:
            self._left_out.unreachable += 1
            return None
        return _Place(place.path + step, place.steps + 1)


def _children(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def _step(name: str) -> str | None:
    """Write the step to a name, quoted where that is needed; None where a path cannot say it."""
    if PLAIN_NAME.fullmatch(f".{name}"):
        return f".{name}"
    quoted = (f"['{name}']", f'["{name}"]')
    return next((step for step in quoted if name.isprintable() and _leads_to(step, name)), None)


def _leads_to(step: str, name: str) -> bool:
    """Ask the compiler: its parser has its own view of quotation marks and backslashes inside a name."""
    try:
        query = compile_query(f"${step}")
    except QuerySyntaxError:
        return False
    return query.single and query.get({f"{name}'": False, name: True}) is True
