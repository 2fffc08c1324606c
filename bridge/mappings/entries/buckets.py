"""Which calendar buckets an entry has: `every`, `week_start`, `offset`, and how many of them are kept."""

import re
from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

from bridge.located import Node, ScalarNode
from bridge.located.fields import Fields, describe
from bridge.mappings.entries.definitions import Buckets, Unit
from bridge.spelling import suggest

UNITS: tuple[str, ...] = get_args(Unit)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DAY_MIN: Final = 24 * 60
_DAY_S: Final = 86_400
_COUNTED = re.compile(r"([1-9][0-9]{0,3})(m|h)", re.ASCII)
_OTHERWISE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("minutely", "minutes", "60s"), "minute"),
        **dict.fromkeys(("hourly", "hours"), "hour"),
        **dict.fromkeys(("daily", "days", "1d", "today"), "day"),
        **dict.fromkeys(("weekly", "weeks", "1w", "7d"), "week"),
        **dict.fromkeys(("monthly", "months", "30d"), "month"),
        **dict.fromkeys(("quarterly", "quarters"), "quarter"),
        **dict.fromkeys(("yearly", "annually", "years", "365d"), "year"),
    }
)
"""How other tools, and people, call a bucket."""


class _Every(NamedTuple):
    unit: Unit
    number: int


def read_buckets(fields: Fields, zone: tzinfo) -> Buckets | None:
    """Read the buckets of an entry, None where it has none; faults are noted."""
    node = fields.node("every")
    if node is None:
        return None
    every = _read_every(node)
    if isinstance(every, str):
        fields.problems.append(node.place.problem(every))
        every = _Every("day", 1)
    unit, count = every
    return Buckets(
        unit=unit,
        count=count,
        timezone=zone,
        week_start=_read_week_start(fields, unit),
        offset_s=_read_offset_s(fields, unit, count),
    )


def refuse_without_every(fields: Fields, keys: tuple[str, ...], otherwise: str) -> None:
    """Note each of these keys where there is no `every` that they belong to."""
    if "every" in fields or fields.is_misspelt("every"):
        return
    for key in keys:
        if (node := fields.node(key)) is not None:
            fields.problems.append(node.place.problem(f"{key!r} needs 'every': {otherwise}"))


def _read_every(node: Node) -> _Every | str:
    """Give the unit and how many of it, or what is wrong."""
    word = node.text if isinstance(node, ScalarNode) else ""
    for unit in get_args(Unit):
        if word == unit:
            return _Every(unit, 1)
    if (counted := _COUNTED.fullmatch(word)) is not None:
        return _counted(int(counted[1]), counted[2])
    meant = _OTHERWISE.get(word.lower())
    advice = f"; did you mean {meant!r}?" if meant else suggest(word, UNITS)
    if re.fullmatch(r"[0-9]+[dw]", word) and not meant:
        advice = f"; for the last {word} write 'window: {word}'"
    return f"'every' is one of {', '.join(UNITS)}, or such as 15m or 6h, found {describe(node)}{advice}"


def lengths_in_a_day(letter: str) -> list[int]:
    """Give the numbers of minutes (m), or of hours (h), that divide a day."""
    whole = _DAY_MIN if letter == "m" else 24
    return [each for each in range(1, whole + 1) if whole % each == 0]


def _counted(count: int, letter: str) -> _Every | str:
    """Give a number of minutes or hours that divides a day, in the largest unit."""
    whole = _DAY_MIN if letter == "m" else 24
    if whole % count:
        near = lengths_in_a_day(letter)
        below, above = [each for each in near if each < count], [each for each in near if each > count]
        fitting = " and ".join(f"{each}{letter}" for each in [*below[-1:], *above[:1]])
        do = "do" if below and above else "does"
        return f"'every' divides a day, and {count}{letter} does not; {fitting} {do}"
    minutes = count if letter == "m" else count * 60
    if minutes == _DAY_MIN:
        return _Every("day", 1)
    return _Every("minute", minutes) if minutes % 60 else _Every("hour", minutes // 60)


def _read_week_start(fields: Fields, unit: Unit) -> int:
    node = fields.node("week_start")
    if node is None:
        return 0
    if unit != "week":
        fields.problems.append(node.place.problem("'week_start' needs 'every: week'; other buckets begin on any day"))
    word = node.text if isinstance(node, ScalarNode) else ""
    if word in WEEKDAYS:
        return WEEKDAYS.index(word)
    advice = suggest(word, WEEKDAYS)
    message = f"'week_start' is one of {', '.join(WEEKDAYS)}, found {describe(node)}{advice}"
    fields.problems.append(node.place.problem(message))
    return 0


def _read_offset_s(fields: Fields, unit: Unit, count: int) -> int:
    node = fields.node("offset")
    offset_s = fields.duration_s("offset", lowest=0)
    if node is None or offset_s is None:
        return 0
    length_s = {"minute": 60 * count, "hour": 3600 * count}.get(unit, _DAY_S)
    if offset_s >= length_s:
        limit = "a day" if length_s == _DAY_S else f"a bucket, {length_s // 60}m"
        fields.problems.append(node.place.problem(f"'offset' is shorter than {limit}, found {describe(node)}"))
    return offset_s
