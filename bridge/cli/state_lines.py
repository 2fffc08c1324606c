"""What a pin's entries hold, in lines for people: one for a metric and its groups, one more for each row of a table."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import cast

from bridge.events import Json
from bridge.mappings.values.values import excerpt

_FIELDS = ("at", "previous", "change")


def state_lines(state: Mapping[str, Json]) -> Iterator[str]:
    """Give the lines; the names stand in a column of their own."""
    width = max(map(len, state), default=0)
    for name, told in state.items():
        for number, line in enumerate(_lines(cast(dict[str, Json], told))):
            yield f"{name if not number else '':{width}}  {line}"


def _lines(told: dict[str, Json]) -> Iterator[str]:
    if "error" in told:
        yield f"cannot be read: {told['error']}"
    elif "rows" in told:
        yield from _table_lines(told)
    else:
        yield _metric_line(told)


def _metric_line(told: dict[str, Json]) -> str:
    beside = [f"{name} {_shown(name, told[name])}" for name in _FIELDS if told[name] is not None]
    if _lacks_a_past(told):
        beside.append(f"no change: complete only since {told['complete_since']}")
    groups = cast(list[dict[str, Json]], told.get("groups", []))
    listed = [f"{_key(group['key'])} {_text(group['value'])}" for group in groups]
    if (more := cast(int, told.get("groups_in_all", 0)) - len(groups)) > 0:
        listed.append(f"and {more:,} more")
    return "; ".join(filter(None, (_text(told["value"]), ", ".join(beside), ", ".join(listed))))


def _lacks_a_past(told: dict[str, Json]) -> bool:
    """Tell whether there is something to compare with, of which a part may never have been heard."""
    previous, change, since = told["previous"], told["change"], told["complete_since"]
    return isinstance(previous, int | float) and previous != 0 and change is None and since is not None


def _table_lines(told: dict[str, Json]) -> Iterator[str]:
    count, sums = cast(int, told["count"]), cast(dict[str, Json], told["sum"])
    added = [f"sum of {name} {_text(value)}" for name, value in sums.items()]
    yield ", ".join([f"{count:,} row{'' if count == 1 else 's'}", *added])
    for row in cast(list[dict[str, Json]], told["rows"]):
        yield "  " + "  ".join(f"{name}={_text(value)}" for name, value in row.items() if value is not None)


def _shown(name: str, value: Json) -> str:
    return f"{100 * value:+.1f}%" if name == "change" and isinstance(value, int | float) else _text(value)


def _key(key: Json) -> str:
    return " ".join(map(_text, key)) if isinstance(key, list) else _text(key)


def _text(value: Json) -> str:
    if value is None:
        return "\u2013"
    if isinstance(value, float):
        return excerpt(Decimal(repr(value)))
    return value if isinstance(value, str) and len(value) < 40 and value.isprintable() else excerpt(value)
