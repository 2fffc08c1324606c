"""JSONPath, compiled once when a mapping is loaded.

What jsonpath-ng's parser read, and `query_syntax` allowed, becomes a look-up here. Paths of
children, indexes, wildcards and slices walk the payload directly; filters and `..` run in
jsonpath-ng. A property test holds that the two roads never differ. Nothing here changes a
payload, and nothing raises once compiled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from jsonpath_ng import Fields, Index, JSONPath, Slice
from jsonpath_ng.jsonpath import Wildcard

from bridge.events import Json
from bridge.mappings.queries.query_syntax import Descend, QuerySyntaxError, Step, checked_steps, parse, single_key

__all__ = ["MISSING", "Missing", "Query", "QuerySyntaxError", "compile_query"]

DESCENDANTS_WARNING = (
    "'..' walks the whole payload for every event, about 2 ms for one of 20 KB; a path from the root costs a thousandth"
)


class Missing(Enum):
    """The type of `MISSING`, which no JSON value equals."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""What a look-up gives where the path leads nowhere; JSON's null is a value and not this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A compiled path.

    `find` gives every match in document order; `get` the one match of a path that can have
    only one (`single`), or `MISSING`. For other paths `get` gives the first match. Matches
    are the payload's own objects: read them, do not change them. `warning` says what is
    costly about the path.
    """

    text: str
    single: bool
    find: Callable[[Json], list[Json]]
    get: Callable[[Json], Json | Missing]
    warning: str | None = None


def compile_query(text: str) -> Query:
    """Compile a path such as `$.data.object.amount` or `$.alerts[?(@.status == 'firing')].labels`.

    Raises:
        QuerySyntaxError: with advice, for anything outside the supported subset.
    """
    path = parse(text)
    steps = checked_steps(path, text)
    keys = [single_key(step) for step in steps]
    if all(key is not None for key in keys):
        get = _single_lookup([key for key in keys if key is not None])
        return Query(text=text, single=True, find=_as_list(get), get=get)
    find = (
        _direct_find(steps)
        if all(isinstance(step, Fields | Index | Wildcard | Slice) for step in steps)
        else _parsed_find(path)
    )
    costly = any(isinstance(step, Descend) for step in steps)
    return Query(text=text, single=False, find=find, get=_first(find), warning=DESCENDANTS_WARNING if costly else None)


def _single_lookup(keys: list[str | int]) -> Callable[[Json], Json | Missing]:
    if any(isinstance(key, int) for key in keys):
        return _mixed_lookup(keys)
    return _names_lookup([key for key in keys if isinstance(key, str)])


def _names_lookup(names: list[str]) -> Callable[[Json], Json | Missing]:
    """Look names up one after the other; what is no object refuses a name by itself."""

    def get(payload: Json) -> Json | Missing:
        value = payload
        try:
            for name in names:
                value = value[name]  # type: ignore[index, call-overload]  # what is no object raises TypeError
        except (KeyError, TypeError):
            return MISSING
        return value

    return get


def _mixed_lookup(keys: list[str | int]) -> Callable[[Json], Json | Missing]:
    """Look names up in objects and indexes in lists; a text is not a list of its letters."""
    steps = [(key, list if isinstance(key, int) else dict) for key in keys]

    def get(payload: Json) -> Json | Missing:
        value = payload
        try:
            for key, container in steps:
                if not isinstance(value, container):
                    return MISSING
                value = value[key]  # type: ignore[index]  # an index meets a list, a name an object
        except (KeyError, IndexError):
            return MISSING
        return value

    return get


def _as_list(get: Callable[[Json], Json | Missing]) -> Callable[[Json], list[Json]]:
    def find(payload: Json) -> list[Json]:
        value = get(payload)
        return [] if value is MISSING else [value]

    return find


def _first(find: Callable[[Json], list[Json]]) -> Callable[[Json], Json | Missing]:
    def get(payload: Json) -> Json | Missing:
        return next(iter(find(payload)), MISSING)

    return get


_Expand = Callable[[Json], list[Json]]


def _direct_find(steps: list[Step]) -> Callable[[Json], list[Json]]:
    expands = [_expansion(step) for step in steps]

    def find(payload: Json) -> list[Json]:
        values = [payload]
        for expand in expands:
            values = [match for value in values for match in expand(value)]
        return values

    return find


def _expansion(step: Step) -> _Expand:
    """Give the direct road of one step: from a value to the values below it."""
    if isinstance(step, Wildcard):
        return _children
    if isinstance(step, Slice):
        part = slice(step.start, step.end, step.step)
        return lambda value: value[part] if isinstance(value, list) else []
    key = single_key(step)
    return _as_list(_single_lookup([] if key is None else [key]))


def _children(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def _parsed_find(path: JSONPath) -> Callable[[Json], list[Json]]:
    def find(payload: Json) -> list[Json]:
        return [match.value for match in path.find(payload)]

    return find
