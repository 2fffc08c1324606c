"""The shape of an entry under `state`: a metric or a table."""

from typing import get_args

from bridge.events import Json
from bridge.mappings.entries.buckets import UNITS, WEEKDAYS, lengths_in_a_day
from bridge.mappings.entries.columns import OWN_COLUMNS
from bridge.mappings.entries.definitions import (
    COLUMN_METRICS,
    MAX_CAPACITY,
    MAX_COLUMNS,
    MAX_GROUPS,
    MAX_KEEP,
    MAX_LIMIT,
    MetricKind,
)
from bridge.mappings.schema.descriptions import ENTRY
from bridge.mappings.schema.shapes import (
    EXPRESSION,
    FILLED,
    NAME,
    READING,
    Schema,
    closed,
    described,
    duration,
    either,
    formed,
    listed,
    named,
    one_or_many,
    text,
    whole,
)
from bridge.mappings.schema.trigger_schema import CONDITIONS

_METRIC_ALONE = ("q", "by", "against", "window")
_TABLE_ALONE = ("key", "drop", "order", "capacity", "ttl", "track")


def entry_schema() -> Schema:
    """Make an entry: one of the metrics, or a table."""
    meanings: list[Json] = [{"required": [each]} for each in (*get_args(MetricKind), "rows")]
    needs: Schema = {
        **{key: ["rows"] for key in _TABLE_ALONE},
        **{key: ["rows", "key"] for key in ("drop", "track")},
        **{key: ["every"] for key in ("offset", "keep", "against")},
        "week_start": {"required": ["every"], "properties": {"every": {"pattern": f"^week$|{FILLED}"}}},
        "q": ["quantile"],
        "quantile": ["q"],
        "rows": {"not": {"anyOf": [{"required": [each]} for each in _METRIC_ALONE]}},
        "window": {"not": {"required": ["every"]}},
        "count": {"not": {"required": ["trigger"]}},
    }
    return closed(described(_shapes(), ENTRY)) | {"oneOf": meanings, "dependencies": needs, "allOf": _rules()}


def _shapes() -> dict[str, Schema]:
    reading, triggers = _reading(), one_or_many(text())
    return {
        **dict.fromkeys((kind for kind in get_args(MetricKind) if kind != "count"), reading),
        "count": triggers,
        "q": _share(),
        "rows": _rows(),
        "key": one_or_many(reading),
        "drop": _drop(),
        "order": text(),
        "capacity": whole(1, MAX_CAPACITY),
        "ttl": duration(lowest=1),
        "track": text(),
        "by": one_or_many(reading),
        "limit": whole(1, MAX_GROUPS),
        "every": _every(),
        "week_start": text(f"^({'|'.join(WEEKDAYS)})$", "a day of the week, such as sunday"),
        "offset": duration(lowest=0),
        "keep": whole(1, MAX_KEEP),
        "against": whole(1, MAX_KEEP),
        "window": _window(),
        "trigger": triggers,
        "when": {"allOf": [CONDITIONS]},
    }


def _reading() -> Schema:
    return text(READING, "a JSONPath, an expression in {{ }} or a known name")


def _rules() -> list[Json]:
    """Say what is asked of an entry by what else it is."""
    no_metric: Schema = {"properties": {"rows": {"additionalProperties": {"not": {"type": "object"}}}}}
    return [
        {
            "if": {"required": ["rows"]},
            "then": {"properties": {"limit": {"maximum": MAX_LIMIT}}},
            "else": {"dependencies": {"limit": ["by"]}},
        },
        {"if": {"not": {"required": ["key"]}}, "then": no_metric},
    ]


def _share() -> Schema:
    filled = formed("", "a number between 0 and 1, such as 0.95")
    return {"type": ["number", "string"], "exclusiveMinimum": 0, "exclusiveMaximum": 1, **filled}


def _every() -> Schema:
    counted = [f"({'|'.join(map(str, lengths_in_a_day(letter)))}){letter}" for letter in "mh"]
    wanted = f"{', '.join(UNITS)}, or minutes or hours that divide a day, such as 15m or 6h"
    return text(f"^({'|'.join([*UNITS, *counted])})$", wanted)


def _window() -> Schema:
    seconds, longer = "0*([6-9][0-9]|[1-9][0-9]{2,})s", "0*[1-9][0-9]*[mhdw]"
    return text(f"^(?=.{{2,16}}$)({seconds}|{longer})$", "a whole number and s, m, h, d or w, at least 60s")


def _rows() -> Schema:
    """Make the columns: a value, or a metric of the row."""
    metrics: dict[str, Schema] = {
        kind: one_or_many(text()) if kind == "count" else _reading() for kind in COLUMN_METRICS
    }
    metric = closed(described(metrics, ENTRY)) | {"minProperties": 1, "maxProperties": 1}
    own = "|".join(OWN_COLUMNS)
    names = formed(rf"^(?!(?:{own})$){NAME.removeprefix('^')}", "the name of a column: letters, digits and _")
    return named(either(_reading(), metric), names) | {"minProperties": 1, "maxProperties": MAX_COLUMNS}


def _drop() -> Schema:
    """Make triggers, or conditions: at least one."""
    lines: Schema = {"type": "object", "minProperties": 1, "allOf": [CONDITIONS]}
    expression = text(EXPRESSION, "a trigger, a list of triggers, or conditions")
    return {"anyOf": [one_or_many(text()), either(lines, expression, listed(either(lines, expression), at_least=1))]}
