"""What is held of a pin's entries, as JSON: `pins`, `try` and `test` show it to people and scripts."""

from datetime import datetime
from typing import cast

from bridge.events import Json
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.values import Value, plain
from bridge.state.metric_view import MetricView
from bridge.state.moments import Moment
from bridge.state.showing import PinState, views_of
from bridge.state.table_view import TableView

MOST_GROUPS = 10


def tell_state(state: PinState, mapping: CompiledMapping, now: datetime) -> dict[str, Json]:
    """Give each entry as it stands: a metric's fields and first groups, a table's count, sums and first rows.

    Of an entry with a computed column that fails, `error` says why.
    """
    return {name: plain(_told(name, state, mapping, now)) for name in state.held}


def _told(name: str, state: PinState, mapping: CompiledMapping, now: datetime) -> dict[str, Value]:
    alone = PinState(pin=state.pin, held={name: state.held[name]}, readings=state.readings)
    try:
        view = views_of(alone, mapping.shared, Moment(now, mapping.shared.timezone), now)[name]
    except ExpressionError as error:
        return {"error": str(error)}
    return _metric(view) if isinstance(view, MetricView) else _table(cast(TableView, view))


def _metric(view: MetricView) -> dict[str, Value]:
    told: dict[str, Value] = {
        "value": view.value,
        "at": view.at,
        "previous": view.previous,
        "change": view.change,
        "series": view.series,
        "complete_since": view.complete_since,
    }
    if "groups" not in view.FIELDS:
        return told
    groups = view.groups
    shown = [{"key": group.key, "value": group.value} for group in groups[:MOST_GROUPS]]
    return {**told, "groups": shown, "groups_in_all": len(groups)}


def _table(view: TableView) -> dict[str, Value]:
    return {"count": view.totals.count, "sum": dict(view.totals.sums), "rows": list(cast(list[Value], view))}
