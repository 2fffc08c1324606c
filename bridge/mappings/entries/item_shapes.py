"""What templates can get out of an entry: a table's rows, a metric's groups and series, and the fields of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from bridge.mappings.entries.columns import OWN_COLUMNS
from bridge.mappings.entries.definitions import Entry, MetricEntry, TableEntry
from bridge.mappings.entries.field_check import METRIC_FIELDS
from bridge.mappings.expressions.methods import OBJECT_METHODS


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A list of `item`s, or an object of `fields`: None for what `field_check` knows, an entry and its `['key']`.

    `parts` are the fields that are lists; `group` is what a metric gives for a key in brackets.
    """

    called: str
    fields: tuple[str, ...] | None = None
    methods: frozenset[str] = frozenset()
    item: "Shape | None" = None
    parts: "Mapping[str, Shape]" = field(default_factory=dict)
    group: "Shape | None" = None

    @property
    def is_metric(self) -> bool:
        """Tell a group, which is a metric itself, from rows and points, which are plain objects."""
        return self.fields is not None and not self.methods


_POINT: Final = Shape(called="an item of a series", fields=("at", "value"), methods=OBJECT_METHODS)
_SERIES: Final = MappingProxyType({"series": Shape(called="a series", item=_POINT)})


def shape_of(entry: Entry) -> Shape:
    """Give what an entry's name stands for."""
    return _table(entry) if isinstance(entry, TableEntry) else _metric(entry)


def _table(entry: TableEntry) -> Shape:
    fields = (*(column.name for column in entry.columns), *OWN_COLUMNS)
    row = Shape(called=f"a row of {entry.name!r}", fields=fields, methods=OBJECT_METHODS)
    called = f"the list of rows of {entry.name!r}"
    return Shape(called=called, item=row, parts={"all": Shape(called=called, item=row)})


def _metric(entry: MetricEntry) -> Shape:
    if entry.limit is None:
        return Shape(called=repr(entry.name), parts=_SERIES)
    group = Shape(called=f"a group of {entry.name!r}", fields=("key", *METRIC_FIELDS), parts=_SERIES)
    groups = Shape(called=f"the list of groups of {entry.name!r}", item=group)
    return Shape(called=repr(entry.name), parts={**_SERIES, "groups": groups}, group=replace(group, fields=None))
