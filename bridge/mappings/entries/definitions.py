"""The entries under `state`, compiled: what `bridge.state` folds by, and what a trigger hands to it. No behaviour."""

from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Literal

from bridge.mappings.expressions.expressions import Expression

MetricKind = Literal["count", "sum", "mean", "min", "max", "first", "last", "distinct", "quantile"]
Unit = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]

COLUMN_METRICS: tuple[MetricKind, ...] = ("sum", "count", "min", "max", "mean", "first", "last")
"""The metrics that a column may hold."""

MAX_KEEP = 2_000
MAX_GROUPS = 10_000
MAX_CAPACITY = 10_000
MAX_LIMIT = 1_000
MAX_COLUMNS = 50
MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Calendar buckets of `count` units (1, but for minutes and hours) in a timezone.

    `week_start` is 0 for Monday. Each begins `offset_s` seconds of the wall clock after the unit does.
    """

    unit: Unit
    count: int
    timezone: tzinfo
    week_start: int = 0
    offset_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEntry:
    """A metric. It has `buckets`, or a window of `window_s` seconds, or neither: then all time is one bucket.

    `q` is None for all but quantiles. `keep` past buckets stay readable, at least `against`. `limit` bounds the
    groups; it is None without `by`.
    """

    name: str
    kind: MetricKind
    q: Decimal | None = None
    buckets: Buckets | None = None
    window_s: int | None = None
    keep: int = 1
    against: int = 1
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a metric of the row, the newest value (`value`), or one that is `computed` when it is read.

    `expression` is a computed one's; it reads `row`, and the names of constants.
    """

    name: str
    kind: MetricKind | Literal["value", "computed"]
    expression: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """A table. `is_keyed` says whether rows have a key; else every event is one.

    Rows stand by `order_by` (a stored column, None for when they were last fed), `descending` or not.
    `keep` past buckets keep their count and sums.
    """

    name: str
    columns: tuple[Column, ...]
    is_keyed: bool
    order_by: str | None = None
    descending: bool = True
    limit: int = 10
    capacity: int = 1_000
    ttl_s: int | None = None
    buckets: Buckets | None = None
    keep: int = 0
    track: str | None = None


Entry = MetricEntry | TableEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """An entry, and the hashes (16 bytes each) that tell one definition from another.

    `fingerprint` covers all that decides what is folded: the entry, the triggers that feed it, `pin`, the timezone
    and the constants that are read. `shape` covers only how it is kept (kind, buckets, groups): where that is the
    same, the buckets of the one can stand beside those of the other. Neither covers a table's `limit` nor what its
    computed columns compute, which are read and not folded.
    """

    entry: Entry
    fingerprint: bytes
    shape: bytes
