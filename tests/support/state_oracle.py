"""An oracle for `state`: what each entry of a mapping shows at a moment, of a list of plain events.

Written from docs/state.md and the mapping language alone, and apart from `bridge.state`, which it judges: everything is
counted anew from all events. Events are those that arrived first of their key, in the order of the journal; what fails
one entry (`fails`) is kept by none of its mapping, and is to be left out.
"""

from collections.abc import Sequence
from typing import Any

from support.oracle_events import Entry, Moment, Told, is_numeric, listed, read
from support.oracle_metrics import counted_by, kind_of, metric
from support.oracle_metrics import runs_on as metric_runs_on
from support.oracle_tables import drops, is_metric, may_feed, table
from support.oracle_tables import runs_on as table_runs_on

__all__ = ["Entry", "Moment", "Told", "fails", "show"]


def show(entry: Entry, events: Sequence[Told], moment: Moment) -> dict[str, Any]:
    """Give every field of an entry by its name; a metric in groups has `groups`, a table `rows`."""
    return table(entry, events, moment) if "rows" in entry else metric(entry, events, moment)


def fails(entry: Entry, event: Told) -> bool:
    """Say whether an event is an error for this entry, because of what it says."""
    if "rows" in entry:
        return table_runs_on(entry, event) and _fails_table(entry, event)
    return metric_runs_on(entry, event) and (
        _misfits(entry, event) or any(map(_is_compound, _parts(entry, "by", event)))
    )


def _fails_table(entry: Entry, event: Told) -> bool:
    fed = [column for column in entry["rows"].values() if may_feed(column, event)]
    if not fed and not drops(entry, event):
        return False
    if any(part is None or _is_compound(part) for part in _parts(entry, "key", event)):
        return True
    return not drops(entry, event) and any(_misfits(column, event) for column in fed if is_metric(column))


def _parts(entry: Entry, option: str, event: Told) -> list[Any]:
    return [read(part, event.variables) for part in listed(entry.get(option, []))]


def _misfits(definition: Entry, event: Told) -> bool:
    """Say whether a metric cannot take what an event says."""
    values = [each.value for each in counted_by(definition, [event])]
    if kind_of(definition) in ("sum", "mean", "quantile"):
        return not all(map(is_numeric, values))
    return kind_of(definition) in ("distinct", "min", "max") and any(map(_is_compound, values))


def _is_compound(value: Any) -> bool:
    return isinstance(value, list | dict)
