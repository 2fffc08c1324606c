"""A pin's body, rendered on its state: through views that templates read, which tell when what they gave changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bridge.mappings import Latest, MappingSet, Rendered, RenderError
from bridge.mappings.entries.definitions import MetricEntry, TableEntry
from bridge.mappings.expressions.expressions import Surroundings, scope_of
from bridge.mappings.rendering import Clock
from bridge.mappings.triggers.facts import Shared
from bridge.mappings.values.bounds import ExpressionError, Work
from bridge.mappings.values.values import Value
from bridge.mappings.values.views import View
from bridge.state.metric_reading import MetricReading
from bridge.state.metric_view import MetricView
from bridge.state.moments import Moment
from bridge.state.rows import Held, Readings
from bridge.state.table_view import TableReading, TableView


@dataclass(frozen=True, slots=True, kw_only=True)
class PinState:
    """What is held of one pin's entries, by their names, and how to read it; all of one moment."""

    pin: str
    held: Mapping[str, Held]
    readings: Readings


class Shown(NamedTuple):
    """A rendered pin, and the next moment at which it would be another without an event; None for never."""

    rendered: Rendered
    changes_at: datetime | None


def show(mappings: MappingSet, mapping: str, state: PinState, latest: Mapping[str, Latest], clock: Clock) -> Shown:
    """Render a pin's body on its state and the newest event of each trigger.

    Raises `RenderError` with the place in the YAML.
    """
    compiled = mappings.mappings[mapping]
    moment = Moment(clock.now, compiled.shared.timezone)
    try:
        views = views_of(state, compiled.shared, moment, clock.now)
    except ExpressionError as error:
        raise RenderError(str(error), compiled.place) from error
    rendered = mappings.render(mapping, state.pin, latest, clock.now, clock.stale_since, state=views)
    return Shown(rendered, moment.changes_at)


def views_of(state: PinState, shared: Shared, moment: Moment, now: datetime) -> dict[str, View]:
    """Give a view of each entry.

    Raises `ExpressionError` for a computed column that fails on one of the rows that are shown.
    """
    computing = _Computing(shared, now)
    return {name: _view(held, state, moment, computing) for name, held in state.held.items()}


def _view(held: Held, state: PinState, moment: Moment, computing: "_Computing") -> View:
    if isinstance(held.entry, MetricEntry):
        return MetricView(MetricReading(held, held.entry, state.pin, state.readings, moment))
    return TableView(TableReading(held, held.entry, state.pin, state.readings, moment), computing.compute)


class _Computing:
    """Computes columns, all rows and tables of one rendering together within one budget of work."""

    def __init__(self, shared: Shared, now: datetime) -> None:
        self._constants = shared.constants
        self._surroundings = Surroundings(now=now, locale=shared.locale, timezone=shared.timezone)
        self._work = Work()

    def compute(self, entry: TableEntry, row: dict[str, Value]) -> dict[str, Value]:
        """Give a row with its computed columns, in the author's order of columns."""
        scope: dict[str, Any] | None = None
        shown: dict[str, Value] = {}
        for column in entry.columns:
            if column.expression is None:
                shown[column.name] = row[column.name]
                continue
            scope = scope or scope_of({**self._constants, "row": row}, self._surroundings, self._work)
            try:
                shown[column.name] = column.expression.run(scope)
            except ExpressionError as error:
                raise ExpressionError(f"{entry.name}.{column.name}: {error}") from error
        return {**shown, **{name: value for name, value in row.items() if name not in shown}}
