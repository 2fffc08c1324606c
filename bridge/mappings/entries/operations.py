"""What an entry takes out of an event: closures that a trigger runs for each change. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bridge.mappings.entries.supply import Conditions, Part
from bridge.mappings.queries.queries import MISSING
from bridge.mappings.records import Measurement, Operation, RowChange
from bridge.mappings.triggers.facts import Facts, TriggerFault
from bridge.mappings.triggers.readings import Reading
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.values import Value

Operate = Callable[[Facts], Operation | None]
"""Gives what an event says to an entry; None for nothing. Raises `TriggerFault` where a value is not there."""

_Read = Callable[[Facts], Value]


class RowParts(NamedTuple):
    """What one trigger says to a row: its key (None for a table without), its columns, and when it drops the row.

    A column without a reading counts. `drop` is None where the trigger drops nothing.
    """

    key: tuple[Part, ...] | None
    columns: Mapping[str, Part | None]
    when: Conditions
    drop: Conditions | None


def measuring(name: str, value: Part | None, by: Sequence[Part] | None, when: Conditions) -> Operate:
    """Make what measures an event for a metric; without a value, it counts."""
    conditions = when.all
    read = _nothing if value is None else _reading(value, name)
    group = None if by is None else tuple(_reading(part, f"{name}, 'by'") for part in by)

    def measure(facts: Facts) -> Measurement | None:
        if conditions and not when.hold(facts):
            return None
        return Measurement(name, read(facts), None if group is None else tuple([part(facts) for part in group]))

    return measure


def changing(name: str, parts: RowParts) -> Operate:
    """Make what changes the row of an event; an event that feeds no column, and drops nothing, changes none."""
    when, conditions, drop = parts.when, parts.when.all, parts.drop
    key = None if parts.key is None else _key_reading(name, parts.key)
    columns = [
        (column, _nothing if part is None else _reading(part, f"{name}.{column}"))
        for column, part in parts.columns.items()
    ]

    def change(facts: Facts) -> RowChange | None:
        if conditions and not when.hold(facts):
            return None
        drops = drop is not None and drop.hold(facts)
        if not drops and not columns:
            return None
        fed = {} if drops else {column: read(facts) for column, read in columns}
        return RowChange(name, None if key is None else key(facts), fed, drops)

    return change


def _nothing(_: Facts) -> Value:
    return None


def _reading(part: Part, what: str) -> _Read:
    read, shown = part.read, part.shown
    if part.is_variable:
        return _variable(read)

    def value(facts: Facts) -> Value:
        try:
            found = read(facts)
        except ExpressionError as error:
            raise TriggerFault(f"{what}: {error}") from error
        if found is MISSING:
            raise TriggerFault(f"{what}: {shown} matches nothing; extract it with a default where it may be missing")
        facts.charge(found)
        return found

    return value


def _variable(read: Reading) -> _Read:
    """Take the short road of nearly every value: a variable is always there."""

    def value(facts: Facts) -> Value:
        found = read(facts)
        facts.charge(found)
        return found  # type: ignore[return-value]  # a variable has a value in every event

    return value


def _key_reading(name: str, parts: Sequence[Part]) -> Callable[[Facts], tuple[Value, ...]]:
    readings = [_reading(part, f"{name}, 'key'") for part in parts]

    def key(facts: Facts) -> tuple[Value, ...]:
        read = tuple([part(facts) for part in readings])
        if None in read:
            raise TriggerFault(f"{name}, 'key': {parts[read.index(None)].shown} is null, so no row can be told by it")
        return read

    return key
