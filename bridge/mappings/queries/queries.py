"""JSONPath, compiled once when a mapping is loaded.

What jsonpath-ng's parser read, and `query_syntax` allowed, becomes a look-up here: of names and
indexes, or a walk that counts its work (`walking`). A property test holds that jsonpath-ng finds
the same. Nothing here changes a payload, and what is compiled raises for too much work alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bridge.events import Json
from bridge.mappings.queries.query_syntax import Descend, QuerySyntaxError, checked_steps, parse, single_key
from bridge.mappings.queries.walking import Follow, Walk, compile_steps
from bridge.mappings.values.bounds import Work

__all__ = ["MISSING", "Missing", "Query", "QuerySyntaxError", "compile_query"]

DESCENDANTS_WARNING = (
    "'..' walks the whole payload for every event, about 1 ms for one of 20 KB; a path from the root costs a thousandth"
)


class Missing(Enum):
    """The type of `MISSING`, which no JSON value equals."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""What a look-up gives where the path leads nowhere; JSON's null is a value and not this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A compiled path.

    `find` gives every match in document order, and raises `ExpressionError` where that is more
    work than is left; `get` the one match of a path that can have only one (`single`), or
    `MISSING`. For other paths `get` gives the first match. Matches are the payload's own
    objects: read them, do not change them. `warning` says what is costly about the path.
    """

    text: str
    single: bool
    find: Callable[[Json, Work], list[Json]]
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
    find = _walked(compile_steps(steps))
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


def _as_list(get: Callable[[Json], Json | Missing]) -> Callable[[Json, Work], list[Json]]:
    def find(payload: Json, _work: Work) -> list[Json]:
        value = get(payload)
        return [] if value is MISSING else [value]

    return find


def _walked(follow: Follow) -> Callable[[Json, Work], list[Json]]:
    def find(payload: Json, work: Work) -> list[Json]:
        return follow([payload], Walk(payload, work))

    return find


def _first(find: Callable[[Json, Work], list[Json]]) -> Callable[[Json], Json | Missing]:
    def get(payload: Json) -> Json | Missing:
        return next(iter(find(payload, Work())), MISSING)

    return get
