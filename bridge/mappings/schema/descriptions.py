"""What each key and word of the language means, said once: editors show it, and the reference's tables have it.

A link leads within the reference; `plain` leaves its words.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def plain(description: str) -> str:
    """Give a description without links, for where there is nothing to link to."""
    return _LINK.sub(r"\1", description)


MAPPING: Mapping[str, str] = MappingProxyType(
    {
        "pin": "required: which pin this is about, or a template that names one of a family; see [pins](#pins)",
        "pins": "the ids that a family's template may give: a glob such as `p-shop-*`, or a list; see [pins](#pins)",
        "max_pins": "how many pins a family with `pins` may have; 1,000 where it is not written, at most 100,000",
        "type": "the pin's type, such as `stat-cards`, `table` or `markdown`, by which what is sent is checked. "
        "Without it the type is read from the shape. An unknown type is a warning and is not checked",
        "description": "prose, for people",
        "enabled": "`false` loads and checks the mapping, but it does not run, and claims no pin and no source",
        "timezone": "where days begin and times are shown, such as `Europe/Berlin`; `UTC` where it is not written",
        "locale": "how numbers, money and times are written, such as `de_DE`; `en_US` where it is not written",
        "constants": "names to plain values, tables too, for every expression and template",
        "triggers": "a list of what feeds the pin; see [triggers](#triggers). Only a pin with `refresh` can do without",
        "state": "names to what is remembered between events: sums, counts, tables, by day or in a sliding window; "
        "see [state.md](state.md). It needs `triggers`",
        "update": "required: the body of the pin update, a tree in which every text may be a template; "
        "see [templates](#templates)",
        "stale_after": "such as `24h`, at least `1s`: how long a pin may hear nothing before it turns stale; "
        "see [silence](#silence). It needs `triggers`",
        "deliver": "when the pin is sent; see [delivery](#delivery)",
        "tests": "cases that `pinbridge test` runs; see [tests](#tests). They change nothing of what the bridge does",
    }
)

TEST: Mapping[str, str] = MappingProxyType(
    {
        "name": "required: what it is called; no two of a mapping alike",
        "send": "a sample or a list, in the order in which they arrive; without it the pin is drawn as before the "
        "first event",
        "now": "what the clock says when the pin is drawn. Without it, the newest arrival",
        "pin": "which pin of a family to look at",
        "expect": "what the pin then shows: an object matches by the keys that are written, a list by position and "
        "length, numbers by value. Or `none`: nothing is sent, for no event moves the pin. Or `{error: text}`: a "
        "delivery is refused, a trigger fails or the pin cannot be drawn, with this text in the message",
    }
)

EXPECT: Mapping[str, str] = MappingProxyType({"error": "a text in the message of the error that is expected"})

SAMPLE: Mapping[str, str] = MappingProxyType(
    {
        "file": "a payload, relative to the mapping's file; `{file: a.json}` is the same as `a.json`. "
        "`a.headers.json` beside it holds its headers; `a.form` is a form, any other file JSON unless they say so",
        "body": "the payload itself: an object or a list is sent as JSON, a text as it stands",
        "source": "else the folder below `samples/` that the file lies in, else the mapping's only source",
        "headers": "names and texts, added to those of the file",
        "query": "names and texts of the query string",
        "event": "stands for the event type that the source would find",
        "id": "stands for the delivery id that the source would find",
        "received_at": "when it arrives. Else at the event's own time, by its source or the trigger's `at`; one "
        "without arrives with the sample before it, the first at `now`, or else on 2026-01-01",
    }
)

DELIVER: Mapping[str, str] = MappingProxyType(
    {
        "min_interval": "the first change is sent at once, later ones within this time as one update at its end; "
        "`5s` where it is not written",
        "refresh": 'rendered again at least that often, such as `15m`, for texts like "3 hours ago"; '
        "an unchanged body is not sent",
    }
)

TRIGGER: Mapping[str, str] = MappingProxyType(
    {
        "name": "unique in the mapping; needed where there are several, else the file's name",
        "source": "required: which source, by its name",
        "event": "an event type, or a list. It takes the type and its family: `issues` takes `issues.opened`. "
        "`*` stands for any text: `*.opened`. Without it, every type is taken",
        "when": "[conditions](#conditions) that must all hold",
        "each": "a JSONPath to items; the trigger runs once for each, and `$` is the item. A path to one list gives "
        "its items. `{path, as}` where the list is encoded. None found is the outcome `no_items`; at most 10,000 run",
        "extract": "[variables](#variables) taken out of the event",
        "let": "[variables](#variables) computed from others, in order; each may use those above it",
        "at": "when it happened: unix seconds or milliseconds, or ISO 8601 (without a zone it is UTC), between 1970 "
        "and 2200. Missing or null: the source's notion, else the arrival. Unreadable: an error. Further ahead than "
        "the source's tolerance: the arrival, and the outcome says so",
        "version": "which of two events is the newer, where that is not `at`; several parts as a list. Numbers compare "
        "by value, times by instant; text that is one counts as one; unlike parts order as null, boolean, number, "
        "time, text, list or object",
        "key": "what makes an item unique within this trigger; several parts as a list. A second item with the same "
        "key is the outcome `duplicate_item`. Missing or null parts are an error",
    }
)

EACH: Mapping[str, str] = MappingProxyType(
    {
        "path": "a JSONPath to the items, or to the text that holds them",
        "as": "a conversion, or a list of them in order: `json` where the list is a text, `[base64, json]` where that "
        "is encoded",
    }
)

VARIABLE: Mapping[str, str] = MappingProxyType(
    {
        "path": "a JSONPath into the payload, or into the item where the trigger has `each`",
        "body": "a JSONPath into the whole payload, where `each` makes `$` the item",
        "header": "the name of a header, in any case",
        "query": "the name of a query parameter",
        "default": "the value where nothing is found. Without it that is the trigger's error. Null is found",
        "as": "a [conversion](#conversions), or a list of them in order. Null stays null",
        "take": "how a path that can match many (wildcards, slices, filters, `..`) gives one value, where else it "
        "gives a list. Nulls are skipped but by `first`, `last` and `count`; counting nothing gives 0",
    }
)

OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        "eq": "is this; lists and objects are compared as a whole",
        "ne": "is not this",
        "in": "is one of this list",
        "not_in": "is none of this list",
        "gt": "is larger: numbers by value, texts by code point, variables that are times by instant",
        "gte": "is larger, or equal",
        "lt": "is smaller",
        "lte": "is smaller, or equal",
        "matches": "has this regular expression somewhere in it, in "
        "[RE2's syntax](https://github.com/google/re2/wiki/Syntax)",
        "contains": "has this text in it, or is a list with this item, or an object with this key",
        "starts_with": "begins with this text",
        "ends_with": "ends with this text",
        "exists": "is there (`true`), or is not (`false`); null is there",
    }
)

CONVERSIONS: Mapping[str, str] = MappingProxyType(
    {
        "string": "text of a number, boolean, time or text",
        "integer": "a whole number, or the whole number that a text is",
        "number": "a number, or the number that a text is",
        "boolean": "of a boolean, or of true, yes, on, 1, false, no, off, 0",
        "time": "of unix seconds or milliseconds, or ISO 8601",
        "json": "what a text of JSON holds",
        "base64": "the text that is encoded",
    }
)

FOLDS: Mapping[str, str] = MappingProxyType(
    {
        "first": "the first match",
        "last": "the last match",
        "sum": "the sum of the numbers",
        "count": "how many there are",
        "min": "the smallest; unlike kinds order as in `version`",
        "max": "the largest",
        "join": "one text, with `, ` between",
    }
)

LOOP: Mapping[str, str] = MappingProxyType(
    {
        "each": "one expression that gives a list, or a list",
        "as": "what an item is called inside `do`; `item` where it is not written",
        "do": "the tree to make of every item; it knows the item and `loop`",
    }
)

ENTRY: Mapping[str, str] = MappingProxyType(
    {
        "count": "how many events of a trigger, or of a list of triggers",
        "sum": "the exact sum; null is skipped",
        "mean": "the mean, to 28 digits; null is skipped",
        "min": "the smallest of numbers, times or texts; null is skipped",
        "max": "the largest of numbers, times or texts; null is skipped",
        "first": "what the oldest event said, by its `version`",
        "last": "what the newest event said, by its `version`",
        "distinct": "how many different values: exact to 1,000, beyond that within 2%; null is skipped",
        "quantile": "such as the median, for the share `q`: exact to 100 values, beyond that within 1% of the value",
        "q": "the share of values that lie below a `quantile`: 0.5 for the median",
        "rows": "makes a table: names of columns to values, metrics of the row, or an expression that reads `row`",
        "key": "which row of a table an event feeds; several parts as a list. Without it every event is a row",
        "drop": "a trigger, a list of them, or conditions: such an event removes its row; nothing older brings it back",
        "order": "how rows stand: `newest` (the default), `oldest`, a column, or `-column` for the largest first",
        "capacity": "how many rows live at once: 1,000 where it is not written, at most 10,000. The oldest fall out",
        "ttl": "a row that no event fed for that long is gone",
        "track": "a column: a row's `changed_at` is since when it holds its value",
        "by": "one metric for each value of this; several parts as a list",
        "limit": "of a metric, how many groups: 100 where it is not written, at most 10,000; what is beyond goes to "
        "`other`. Of a table, how many rows a template sees: 10, at most 1,000",
        "every": "`minute`, `hour`, `day`, `week`, `month`, `quarter`, `year`, or minutes or hours that divide a day, "
        "such as `15m`: a new bucket each, by the clock of the mapping's `timezone`",
        "week_start": "the day on which a week begins: `monday` where it is not written",
        "offset": "how much later each bucket begins: `6h` for a day that begins at six",
        "keep": "how many buckets before the current one stay readable, at most 2,000. A metric keeps as many as "
        "`against` needs where it is not written",
        "against": "how many buckets back `.previous` and `.change` look: 1 where it is not written",
        "window": "such as `24h`, at least `60s`: a sliding window in place of `every`",
        "trigger": "feeds the entry from this trigger, or from a list, and from no other",
        "when": "[conditions](mappings.md#conditions) on variables that an event must meet",
    }
)

METADATA: Mapping[str, str] = MappingProxyType(
    {
        "title": "the pin's title",
        "tags": "the pin's tags, a list of texts",
        "pin_config": "what the pin shows, as its type wants it",
    }
)
