"""Tables by the most obvious way: go through the journal, event by event, and keep what fed each row.

Written from docs/state.md and the mapping language alone, apart from what it judges.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from support.oracle_calendar import before, bucket_of
from support.oracle_events import (
    Entry,
    Moment,
    Told,
    calendar_of,
    duration,
    holds,
    is_number,
    listed,
    names_in,
    read,
    same,
)
from support.oracle_metrics import counted_by, kind_of, value_of

Key = tuple[Any, ...]

_FOREVER = timedelta(days=100_000)


@dataclass
class Kept:
    """One row: the events that fed each column since it began, and what was dropped last."""

    fed: dict[str, list[Told]] = field(default_factory=dict)
    first_at: datetime | None = None
    at: datetime | None = None
    changed_at: datetime | None = None
    dropped: tuple[Any, ...] | None = None

    def newest(self) -> dict[str, Told]:
        """Give the newest event of each column."""
        return {name: max(events, key=lambda event: event.place) for name, events in self.fed.items()}


Shelves = dict[datetime | None, dict[Key, Kept]]
"""The rows of each bucket, by their keys; those that are gone for their tombstones."""


def is_metric(column: Any) -> bool:
    """Tell a column that is a metric of the row."""
    return isinstance(column, Mapping)


def is_computed(column: Any) -> bool:
    """Tell a column that is computed of others when it is read."""
    return isinstance(column, str) and "row." in column


def runs_on(entry: Entry, event: Told) -> bool:
    """Say whether a table runs on an event: its trigger defines the key, and `when` holds."""
    conditions = entry.get("when", {})
    defined = {*names_in(listed(entry.get("key", []))), *conditions} <= {*event.variables}
    is_wanted = event.trigger in listed(entry.get("trigger", event.trigger))
    return is_wanted and defined and holds(conditions, event.variables)


def may_feed(column: Any, event: Told) -> bool:
    """Say whether the trigger of an event feeds a column: it defines what the column reads."""
    if is_computed(column):
        return False
    if is_metric(column) and "count" in column:
        return event.trigger in listed(column["count"])
    return names_in([column[kind_of(column)] if is_metric(column) else column]) <= {*event.variables}


def feeds(column: Any, event: Told) -> bool:
    """Say whether an event feeds a column: its trigger does, and what it says is no null that a metric skips."""
    return may_feed(column, event) and (not is_metric(column) or bool(counted_by(column, [event])))


def drops(entry: Entry, event: Told) -> bool:
    """Say whether an event removes its row."""
    wanted = entry.get("drop", [])
    return holds(wanted, event.variables) if isinstance(wanted, Mapping) else event.trigger in listed(wanted)


def table(entry: Entry, events: Sequence[Told], moment: Moment) -> dict[str, Any]:
    """Give every field of a table by its name, from all events that ever arrived, in the order of the journal."""
    calendar = calendar_of(entry, moment.zone)
    shelves = _folded(entry, events, moment)
    current = None if calendar is None else bucket_of(calendar, moment.now)
    live = _live(entry, shelves.get(current and current.start, {}).values(), moment.now)
    rows = _in_order(entry, [_shown(entry, row) for row in live])
    fields = {"rows": rows[: entry.get("limit", 10)], "all": rows, **_summed(entry, rows)}
    if calendar is not None and current is not None and entry.get("keep"):
        past = shelves.get(before(calendar, current).start, {}).values()
        fields["previous"] = _summed(entry, [_shown(entry, row) for row in past if row.fed])
    return fields


def _folded(entry: Entry, events: Sequence[Told], moment: Moment) -> Shelves:
    shelves: Shelves = {}
    calendar = calendar_of(entry, moment.zone)
    for event in events:
        bucket = None if calendar is None else bucket_of(calendar, event.at).start
        if runs_on(entry, event) and not _is_too_late(entry, event, moment):
            shelf = shelves.setdefault(bucket, {})
            _fold(entry, shelf, event)
            _make_room(entry, shelf, event.received_at)
    return shelves


def _is_too_late(entry: Entry, event: Told, moment: Moment) -> bool:
    calendar = calendar_of(entry, moment.zone)
    if calendar is not None and event.at < bucket_of(calendar, event.received_at).start:
        return True
    return event.at + _ttl(entry) <= event.received_at


def _ttl(entry: Entry) -> timedelta:
    return duration(entry["ttl"]) if "ttl" in entry else _FOREVER


def _fold(entry: Entry, shelf: dict[Key, Kept], event: Told) -> None:
    key = _key(entry, event)
    row = shelf.setdefault(key, Kept())
    if row.fed and not _is_live(entry, row, event.received_at):
        row = shelf[key] = Kept(dropped=row.dropped)
    if row.dropped is not None and event.place <= row.dropped:
        return
    if drops(entry, event):
        _drop(entry, row, event)
    elif fed := [name for name, column in entry["rows"].items() if feeds(column, event)]:
        _feed(entry, row, event, fed)


def _feed(entry: Entry, row: Kept, event: Told, columns: Sequence[str]) -> None:
    tracked = _tracked(entry, row)
    first_at = row.first_at if row.fed and row.first_at is not None else event.at
    for name in columns:
        row.fed.setdefault(name, []).append(event)
    row.first_at, row.at = min(first_at, event.at), _newest(row).at
    if _tracked(entry, row) != tracked:
        row.changed_at = event.at


def _drop(entry: Entry, row: Kept, event: Told) -> None:
    """Take what is older: columns whose newest event is, so that a metric with a newer one stays as it is."""
    row.dropped = event.place
    row.fed = {name: row.fed[name] for name, newest in row.newest().items() if newest.place > event.place}
    if row.fed:
        row.first_at, row.at = min(newest.at for newest in row.newest().values()), _newest(row).at
    if entry.get("track") not in row.fed:
        row.changed_at = None


def _key(entry: Entry, event: Told) -> Key:
    if "key" not in entry:
        return event.number, event.item
    return tuple(same(read(part, event.variables)) for part in listed(entry["key"]))


def _newest(row: Kept) -> Told:
    return max(row.newest().values(), key=lambda event: event.place)


def _tracked(entry: Entry, row: Kept) -> tuple[Any, ...]:
    name = entry.get("track")
    return (_held(entry["rows"][name], row.fed[name]),) if name in row.fed else ()


def _make_room(entry: Entry, shelf: dict[Key, Kept], now: datetime) -> None:
    """Let the oldest rows fall out; nothing of them is remembered."""
    while len(live := _live(entry, shelf.values(), now)) > entry.get("capacity", 1_000):
        oldest = min(live, key=_at)
        del shelf[next(key for key, row in shelf.items() if row is oldest)]


def _live(entry: Entry, rows: Iterable[Kept], now: datetime) -> list[Kept]:
    return [row for row in rows if _is_live(entry, row, now)]


def _is_live(entry: Entry, row: Kept, now: datetime) -> bool:
    return bool(row.fed) and _at(row) + _ttl(entry) > now


def _at(row: Kept) -> datetime:
    assert row.at is not None
    return row.at


def _held(column: Any, fed: Sequence[Told]) -> Any:
    """Give what a stored column holds: none until something has fed it."""
    if not fed:
        return None
    if is_metric(column):
        return value_of(column, counted_by(column, fed))
    return read(column, max(fed, key=lambda event: event.place).variables)


def _shown(entry: Entry, row: Kept) -> dict[str, Any]:
    columns = entry["rows"]
    held = {name: _held(column, row.fed.get(name, [])) for name, column in columns.items() if not is_computed(column)}
    names = {f"row.{name}": value for name, value in held.items()}
    computed = {name: read(column, names) for name, column in columns.items() if is_computed(column)}
    return {**held, **computed, "first_at": row.first_at, "at": row.at, "changed_at": row.changed_at}


def _in_order(entry: Entry, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows in order; none stands last, and ties newest first."""
    order = entry.get("order", "newest")
    newest_first = sorted(rows, key=lambda row: row["at"], reverse=True)
    if order in ("newest", "oldest"):
        return newest_first if order == "newest" else newest_first[::-1]
    name, descending = order.removeprefix("-"), order.startswith("-")
    valued = [row for row in newest_first if row[name] is not None]
    valued.sort(key=lambda row: same(row[name]), reverse=descending)
    return valued + [row for row in newest_first if row[name] is None]


def _summed(entry: Entry, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def total(name: str) -> Fraction:
        return sum((Fraction(row[name]) for row in rows if is_number(row[name])), Fraction(0))

    stored = [name for name, column in entry["rows"].items() if not is_computed(column)]
    return {"count": len(rows), "sum": {name: total(name) for name in stored}}
