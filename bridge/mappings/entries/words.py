"""How other tools call what an entry says, and what it is called here."""

from collections.abc import Mapping
from types import MappingProxyType

OTHER_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("avg", "average"), "mean"),
        **dict.fromkeys(("total", "add"), "sum"),
        **dict.fromkeys(("minimum", "lowest", "smallest"), "min"),
        **dict.fromkeys(("maximum", "highest", "largest"), "max"),
        **dict.fromkeys(("latest", "newest", "current"), "last"),
        **dict.fromkeys(("oldest", "earliest"), "first"),
        **dict.fromkeys(("unique", "uniques", "cardinality", "count_distinct", "distinct_count"), "distinct"),
        **dict.fromkeys(("percentile", "median", "p50", "p90", "p95", "p99"), "quantile"),
        **dict.fromkeys(("counter", "number", "events"), "count"),
        **dict.fromkeys(("table", "columns", "fields"), "rows"),
    }
)

OTHER_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("group_by", "groupby", "per_group", "dimension", "dimensions", "labels"), "by"),
        **dict.fromkeys(("filter", "where", "if", "condition", "conditions"), "when"),
        **dict.fromkeys(("per", "interval", "bucket", "period", "granularity"), "every"),
        **dict.fromkeys(("range", "sliding", "over"), "window"),
        **dict.fromkeys(("history", "retain", "buckets"), "keep"),
        **dict.fromkeys(("compare", "compare_to", "versus", "vs"), "against"),
        **dict.fromkeys(("triggers", "on", "from", "source"), "trigger"),
        **dict.fromkeys(("quantile_at", "percent"), "q"),
    }
)

OTHER_TABLE_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("id", "keys", "primary_key", "unique_by"), "key"),
        **dict.fromkeys(("sort", "sort_by", "order_by", "sorted"), "order"),
        **dict.fromkeys(("delete", "remove", "delete_when", "drop_when"), "drop"),
        **dict.fromkeys(("size", "max_rows"), "capacity"),
        **dict.fromkeys(("top", "show"), "limit"),
        **dict.fromkeys(("expire", "expires", "max_age", "expire_after", "age"), "ttl"),
    }
)
