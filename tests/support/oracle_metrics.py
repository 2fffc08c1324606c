"""Metrics by the most obvious way: take the events that count, and add them up.

Written from docs/state.md and the mapping language alone, apart from what it judges.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from support.oracle_events import (
    Entry,
    Group,
    Moment,
    Told,
    holds,
    is_number,
    listed,
    names_in,
    number_of,
    quotient,
    read,
    same,
)
from support.oracle_spans import Spans, Stretch, is_too_late, spans_of

KINDS = ("count", "sum", "mean", "min", "max", "first", "last", "distinct", "quantile")
OTHER = ("other", "beyond the limit")
"""Stands for what is beyond `limit`; no value of `by` is marked like this."""


class Counted(NamedTuple):
    """An event, and what it says to a metric."""

    event: Told
    value: Any


def kind_of(definition: Entry) -> str:
    """Say which metric is defined, by an entry or by a column."""
    return next(kind for kind in KINDS if kind in definition)


def runs_on(entry: Entry, event: Told) -> bool:
    """Say whether a metric runs on an event: its trigger defines all that is named, and `when` holds."""
    kind = kind_of(entry)
    triggers = entry["count"] if kind == "count" else entry.get("trigger", event.trigger)
    named = names_in([*listed(entry.get("by", [])), *([] if kind == "count" else [entry[kind]])])
    conditions = entry.get("when", {})
    defined = {*named, *conditions} <= {*event.variables}
    return event.trigger in listed(triggers) and defined and holds(conditions, event.variables)


def metric(entry: Entry, events: Sequence[Told], moment: Moment) -> dict[str, Any]:
    """Give every field of a metric by its name, from all events that ever arrived, in the order of the journal."""
    spans = spans_of(entry, moment)
    counted = counted_by(entry, [event for event in events if _is_taken(entry, event, moment)])
    fields = _fields(entry, counted, spans, moment)
    if "by" in entry:
        groups = _grouped(entry, counted, moment)
        with_data = {key: group for key, group in groups.items() if any(_is_shown(spans, each) for each in group)}
        fields["groups"] = _in_order(
            {key: {"key": _shown(key), **_fields(entry, group, spans, moment)} for key, group in with_data.items()}
        )
    return fields


def counted_by(definition: Entry, events: Sequence[Told]) -> list[Counted]:
    """Give what events say to a metric; null counts for first and last, and is skipped by others."""
    kind = kind_of(definition)
    if kind == "count":
        return [Counted(event, None) for event in events]
    counted = [Counted(event, read(definition[kind], event.variables)) for event in events]
    return [each for each in counted if each.value is not None or kind in ("first", "last")]


def value_of(definition: Entry, counted: Sequence[Counted]) -> Any:
    """Give the value of a metric over these."""
    kind = kind_of(definition)
    if kind == "count":
        return len(counted)
    if kind == "sum":
        return sum((number_of(each.value) for each in counted), Fraction(0))
    if kind == "distinct":
        return len({same(each.value) for each in counted})
    if kind == "mean":
        total = sum((number_of(each.value) for each in counted), Fraction(0))
        return quotient(total, Fraction(len(counted))) if counted else None
    if kind == "quantile":
        return _nearest_rank([number_of(each.value) for each in counted], Decimal(str(definition["q"])))
    winner = _winner(kind, counted)
    return None if winner is None else winner.value


def set_at(definition: Entry, counted: Sequence[Counted]) -> datetime | None:
    """Say when the value was set, for those metrics that show the value of one event."""
    winner = _winner(kind_of(definition), counted)
    return None if winner is None else winner.event.at


def change(value: Any, compared: Any) -> Fraction | None:
    """Say by which part a value differs from another: more is above zero."""
    if not is_number(value) or not is_number(compared) or not compared:
        return None
    return quotient(Fraction(value) - Fraction(compared), abs(Fraction(compared)))


def _is_taken(entry: Entry, event: Told, moment: Moment) -> bool:
    return runs_on(entry, event) and not is_too_late(entry, moment._replace(now=event.received_at), event.at)


def _winner(kind: str, counted: Sequence[Counted]) -> Counted | None:
    """Find the event whose value is shown; of equal ones in min and max, the first."""
    if not counted or kind not in ("first", "last", "min", "max"):
        return None
    if kind == "first":
        return min(counted, key=lambda each: each.event.place)
    if kind == "last":
        return max(counted, key=lambda each: each.event.place)
    best = (min if kind == "min" else max)(each.value for each in counted)
    return min((each for each in counted if each.value == best), key=lambda each: each.event.at)


def _nearest_rank(values: Sequence[Fraction], q: Decimal) -> Fraction | None:
    return sorted(values)[max(ceil(Fraction(q) * len(values)), 1) - 1] if values else None


def _fields(entry: Entry, counted: Sequence[Counted], spans: Spans, moment: Moment) -> dict[str, Any]:
    def over(stretch: Stretch | None) -> Any:
        return None if stretch is None else value_of(entry, [each for each in counted if stretch(each.event.at)])

    current = [each for each in counted if spans.current(each.event.at)]
    value = value_of(entry, current)
    began, since = spans.previous_since, moment.complete_since
    covered = began is not None and (since is None or began >= since)
    changed = change(value, over(spans.compared)) if covered else None
    return {
        "value": value,
        "at": set_at(entry, current),
        "previous": over(spans.previous),
        "change": changed,
        "change_total": change(value, over(spans.previous)) if covered else None,
        "trend": "up" if changed and changed > 0 else "down" if changed and changed < 0 else "neutral",
        "series": [{"at": at, "value": over(stretch)} for at, stretch in spans.kept],
        "total": value_of(entry, [each for each in counted if _in_kept(spans, each)]),
        "complete_since": since,
    }


def _in_kept(spans: Spans, counted: Counted) -> bool:
    return any(stretch(counted.event.at) for _, stretch in spans.kept)


def _is_shown(spans: Spans, counted: Counted) -> bool:
    """Say whether a group of it is shown: it lies in what is kept, of a window also in the one before."""
    return _in_kept(spans, counted) or (spans.previous is not None and spans.previous(counted.event.at))


# Groups: values of `by` that came first have one each, as long as they have data in a bucket that is kept.


def _grouped(entry: Entry, counted: Sequence[Counted], moment: Moment) -> dict[Group, list[Counted]]:
    groups: dict[Group, list[Counted]] = {}
    limit = entry.get("limit", 100)
    for each in counted:
        key: Group = tuple(same(read(by, each.event.variables)) for by in listed(entry["by"]))
        if len(groups) >= limit and key not in (known := _alive(entry, groups, each.event, moment)):
            key = key if len(known) < limit else OTHER
        groups.setdefault(key, []).append(each)
    return groups


def _alive(entry: Entry, groups: dict[Group, list[Counted]], arrived: Told, moment: Moment) -> list[Group]:
    """Give the groups that have data in a bucket that is kept as an event arrives, or in a later one."""
    since = spans_of(entry, moment._replace(now=arrived.received_at)).grouped_since
    return [
        key
        for key, group in groups.items()
        if key != OTHER and any(since is None or each.event.at >= since for each in group)
    ]


def _shown(key: Group) -> Any:
    if key == OTHER:
        return "other"
    return key[0][1] if len(key) == 1 else [value for _, value in key]


def _in_order(groups: Mapping[Group, dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the largest first, those without a value last, equal ones by key, and what is beyond the limit after all."""
    listed_by_key = [groups[key] for key in sorted(groups.keys() - {OTHER})]
    valued = [fields for fields in listed_by_key if fields["value"] is not None]
    valued.sort(key=lambda fields: same(fields["value"]), reverse=True)
    empty = [fields for fields in listed_by_key if fields["value"] is None]
    return valued + empty + ([groups[OTHER]] if OTHER in groups else [])
