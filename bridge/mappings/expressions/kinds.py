"""What values are in an author's words, and what a look-up gives that finds nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import StrictUndefined
from jinja2.utils import missing

from bridge.mappings.values.values import is_number
from bridge.mappings.values.views import View
from bridge.spelling import suggest

IF_EMPTY = "; of an empty list 'first' and 'last' give none"
"""What helps where an item is asked for by its position, and there is none at all."""

_MOST_NAMES = 32
"""Of an object with more keys the nearest is not looked for: each costs 10 µs, and a table is missed often."""

_KINDS: Mapping[type, str] = {
    str: "a text",
    list: "a list",
    dict: "an object",
    datetime: "a time",
    type(None): "none",
    bool: "a boolean",
}


def kind_of(value: Any) -> str:
    """Say what a value is."""
    if isinstance(value, View):
        return value.KIND
    return "a number" if is_number(value) else _KINDS.get(type(value), "this value")


class NothingThere(StrictUndefined):
    """What a name or key gives that is not there; using it in any way raises `UndefinedError`.

    A key of it is it again, so that the first thing that is missing is told.
    """

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        """Say what was missing; the nearest word is looked for only here, as `default` never asks."""
        value, name = self._undefined_obj, self._undefined_name
        if self._undefined_hint or value is missing:
            return str(super()._undefined_message)
        known = value.FIELDS if isinstance(value, View) else value if isinstance(value, Mapping) else ()
        near = suggest(str(name), known) if len(known) <= _MOST_NAMES else ""
        return f"{kind_of(value)} has no {name!r}{near}"
