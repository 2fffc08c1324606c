"""Where a change stands in time and among others: what decides which of two is the newer."""

from datetime import datetime
from typing import Any, NamedTuple, cast

from bridge.events import Json
from bridge.instants import to_instant, to_micros
from bridge.mappings.values.values import Value, tagged, untagged
from bridge.mappings.values.versions import VersionOrder, version_order


class Order(NamedTuple):
    """Where a change stands among others: by version, journal number and place in the event. The greater is newer."""

    version: VersionOrder
    number: int
    item: int


class Mark(NamedTuple):
    """When a change happened (microseconds), its version, and its place in the journal."""

    at: int
    version: tuple[Value, ...]
    number: int
    item: int

    @property
    def order(self) -> Order:
        """Give what two marks are compared by."""
        return Order(version_order(self.version), self.number, self.item)


def write_mark(mark: Mark) -> Json:
    """Write a mark as JSON; most versions are the time itself, and are left out."""
    at, version, number, item = mark
    is_time = len(version) == 1 and isinstance(version[0], datetime) and to_micros(version[0]) == at
    return [at, number, item, None if is_time else [tagged(part) for part in version]]


def read_mark(written: Json) -> Mark:
    """Read what `write_mark` wrote."""
    at, number, item, version = cast(list[Any], written)
    parts = (to_instant(at),) if version is None else tuple(untagged(part) for part in version)
    return Mark(at, parts, number, item)
