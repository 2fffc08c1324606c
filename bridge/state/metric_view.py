"""A metric as templates see it."""

from decimal import Decimal
from typing import Any

from bridge.mappings.values.arithmetic import divide
from bridge.mappings.values.conversion import ConversionError
from bridge.mappings.values.values import UnusableValue, Value, is_number
from bridge.mappings.values.versions import ranked
from bridge.mappings.values.views import View
from bridge.state.metric_folding import ALL, OTHER, hash_of
from bridge.state.metric_reading import MetricReading, Stretch
from bridge.state.metrics import Number, add, negative, shortest

FIELDS = ("value", "at", "previous", "change", "change_total", "trend", "series", "total", "complete_since")
OTHER_NAME = "other"


class MetricView(View):
    """One metric, of all groups together or of one of them, whose `key` it has then."""

    __slots__ = ("_reading", "group", "key")
    KIND = "a metric"

    def __init__(self, reading: MetricReading, group: bytes = ALL, key: Value = None) -> None:
        self._reading = reading
        self.group = group
        self.key = key

    @property
    def FIELDS(self) -> tuple[str, ...]:  # type: ignore[override]  # noqa: N802 - groups have a key, and no groups
        """Name what `field` knows."""
        if self._reading.entry.limit is None:
            return FIELDS
        return (*FIELDS, "groups" if self.group == ALL else "key")

    def field(self, name: str) -> Value | View:
        """Read one field."""
        if name not in self.FIELDS:
            raise KeyError(name)
        found: Value | View = getattr(self, name)
        return found

    def item(self, key: Value) -> Value | View:
        """Give the metric of one group; one that was never seen is empty."""
        if self._reading.entry.limit is None or self.group != ALL:
            raise LookupError(key)
        parts = tuple(key) if isinstance(key, list | tuple) else (key,)
        try:
            return MetricView(self._reading, hash_of(parts, "a group"), key)
        except (UnusableValue, ConversionError) as error:
            raise LookupError(str(error)) from error

    @property
    def value(self) -> Value:
        """The value of the current bucket, of the window, or of all time."""
        return self._reading.value(self._held)

    @property
    def _held(self) -> Any:
        return self._reading.held(self.group, self._reading.current())

    @property
    def at(self) -> Value:
        """When the value was set, for metrics that are one event's."""
        held = self._held
        return None if held is None else self._reading.moment.time(self._reading.metric.set_at(held))

    @property
    def previous(self) -> Value:
        """The value of what this one is compared with."""
        compared = self._reading.compared()
        return None if compared is None else self._value_of(compared)

    @property
    def change(self) -> Value:
        """By which part the value differs from the other's up to the same time."""
        compared = self._reading.covered(self._reading.compared())
        if compared is None:
            return None
        if self._reading.entry.window_s is not None:
            return _ratio(self.value, self._value_of(compared))
        return _ratio(self.value, self._reading.value(self._reading.held_up_to_now(self.group, compared[0])))

    @property
    def change_total(self) -> Value:
        """By which part the value differs from the other's, whole."""
        compared = self._reading.covered(self._reading.compared())
        return None if compared is None else _ratio(self.value, self._value_of(compared))

    @property
    def trend(self) -> Value:
        """Which way `change` goes."""
        change = self.change
        if not is_number(change) or not change:
            return "neutral"
        return "up" if change > 0 else "down"

    @property
    def series(self) -> Value:
        """The values of the kept buckets and the current one, oldest first."""
        reading = self._reading
        starts = reading.starts()
        if reading.entry.buckets is None:
            at = reading.moment.time(starts[0] if reading.entry.window_s is not None else reading.complete_since)
            return [{"at": at, "value": self.value}]
        rows = reading.rows(self.group, (starts[0], starts[-1]))
        return [{"at": reading.moment.time(start), "value": reading.value(rows.get(start))} for start in starts]

    @property
    def total(self) -> Value:
        """The kept buckets and the current one together."""
        reading = self._reading
        stretch = reading.current() if reading.entry.buckets is None else reading.kept()
        return self._value_of(stretch)

    @property
    def complete_since(self) -> Value:
        """Since when no event is missing."""
        return self._reading.moment.time(self._reading.complete_since)

    @property
    def groups(self) -> list["MetricView"]:
        """The groups, largest first; none last, ties by key, other after all."""
        views = [
            MetricView(self._reading, group, OTHER_NAME if group == OTHER else _key_of(parts))
            for group, parts in self._reading.groups().items()
        ]
        views.sort(key=lambda view: tuple(map(ranked, _parts_of(view.key))))
        views.sort(key=lambda view: _rank_in_order(view.value), reverse=True)
        views.sort(key=lambda view: view.group == OTHER)
        return views

    def _value_of(self, stretch: Stretch) -> Value:
        return self._reading.value(self._reading.held(self.group, stretch))


def _key_of(parts: list[Value]) -> Value:
    return parts[0] if len(parts) == 1 else parts


def _parts_of(key: Value) -> tuple[Value, ...]:
    return tuple(key) if isinstance(key, list | tuple) else (key,)


def _rank_in_order(value: Value) -> tuple[bool, Any]:
    return value is not None, 0 if value is None else ranked(value)


def _ratio(value: Value, other: Value) -> Number | None:
    """Say by which part a value differs from another."""
    if not isinstance(value, int | Decimal) or not isinstance(other, int | Decimal) or not other:
        return None
    negated = negative(other)
    return divide(shortest(add(value, negated)), shortest(max(other, negated)))
