"""Random entries under `state`, as YAML gives them, over the variables of two triggers.

`v` numbers, `t` texts, `g` groups, `k` keys and `s` statuses are defined by both; `n` (numbers, some written as text),
`d` (anything) and `h` by `sale` alone, `r` (numbers) by `refund` alone.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

DEFINES: Mapping[str, tuple[str, ...]] = {
    "sale": ("v", "t", "g", "k", "s", "n", "d", "h"),
    "refund": ("v", "t", "g", "k", "s", "r"),
}
"""What each trigger extracts."""

FAMILIES = (
    ("minute", "5m", "15m", "hour"),
    ("30m", "hour", "2h", "6h", "12h", "day"),
    ("day", "week", "month"),
    ("month", "quarter", "year"),
)
"""Lengths of buckets that are worth mixing in one case, by its scale."""

WINDOWS = (("60s", "5m", "90m"), ("1h", "24h"), ("24h", "7d", "30d"), ("30d", "365d"))
TTLS = (("90s", "10m"), ("1h", "12h"), ("2d", "10d"), ("40d", "100d"))

Entry = dict[str, Any]


@st.composite
def metrics(draw: st.DrawFn, scale: int) -> Entry:
    """Draw a metric; those of `n`, `d`, `h` and `r` run on one trigger, others on both."""
    metric = draw(_metric_of())
    read = {name for value in metric.values() for name in str(value).split()}
    options: dict[str, st.SearchStrategy[Any]] = {"when": _CONDITIONS}
    if "count" not in metric and "r" not in read:
        options["trigger"] = st.just("sale")
    grouping = {}
    if draw(st.booleans()):
        by = ["g", ["g"], ["g", "s"]] + ([["g", "h"]] if "v" in read or "n" in read else [])
        grouping = {"by": draw(st.sampled_from(by))} | draw(_some({"limit": st.integers(1, 3)}))
    return metric | draw(_time(scale)) | grouping | draw(_some(options))


@st.composite
def tables(draw: st.DrawFn, scale: int) -> Entry:
    """Draw a table; every row of one without `key` is an event."""
    key = draw(st.sampled_from([None, "k", ["k"], ["k", "g"]]))
    columns = draw(_columns(is_keyed=key is not None))
    options = draw(_keyed(columns)) if key is not None else {}
    order = draw(st.sampled_from(["newest", "oldest", *_orders(columns)]))
    bounds = draw(_some({"limit": st.integers(1, 3), "capacity": st.integers(1, 4), "when": _CONDITIONS}))
    lifetime = draw(st.one_of(st.just({}), st.fixed_dictionaries({"ttl": st.sampled_from(TTLS[scale])}), _shelf(scale)))
    return {"rows": columns, **({"key": key} if key else {}), "order": order, **options, **bounds, **lifetime}


_CONDITIONS = st.sampled_from([{"s": "open"}, {"s": ["open", "new"]}, {"v": {"gt": 0}}, {"v": {"lt": 5}, "s": "open"}])


def _metric_of() -> st.SearchStrategy[Entry]:
    numbers = st.sampled_from(["n", "v", "r", "{{ v * 2 }}", "{{ n - v }}"])
    ordered = st.sampled_from(["v", "t", "{{ v * 2 }}"])
    return st.one_of(
        st.fixed_dictionaries({"count": st.sampled_from(["sale", ["refund"], ["sale", "refund"]])}),
        st.builds(lambda kind, value: {kind: value}, st.sampled_from(["sum", "mean"]), numbers),
        st.builds(lambda kind, value: {kind: value}, st.sampled_from(["min", "max"]), ordered),
        st.builds(lambda kind, value: {kind: value}, st.sampled_from(["first", "last"]), st.sampled_from(["v", "t"])),
        st.fixed_dictionaries({"distinct": st.sampled_from(["d", "t", "v"])}),
        st.fixed_dictionaries({"quantile": numbers, "q": st.sampled_from([0.01, 0.25, 0.5, 0.95])}),
    )


def _time(scale: int) -> st.SearchStrategy[Entry]:
    sliding = st.fixed_dictionaries({"window": st.sampled_from(WINDOWS[scale])})
    return st.one_of(st.just({}), sliding, _buckets(scale), _buckets(scale), _buckets(scale))


@st.composite
def _buckets(draw: st.DrawFn, scale: int) -> Entry:
    every = draw(st.sampled_from(FAMILIES[scale]))
    against = draw(st.integers(1, 3))
    kept = draw(st.sampled_from([{}, {"keep": against}, {"keep": against + 2}]))
    compared = {"against": against} if against > 1 or draw(st.booleans()) else {}
    return {"every": every, **compared, **kept, **draw(_shift(every))}


def _shift(every: str) -> st.SearchStrategy[Entry]:
    shifts: dict[str, st.SearchStrategy[Any]] = {}
    if every in ("day", "week", "month", "quarter", "year"):
        shifts["offset"] = st.sampled_from(["30m", "2h", "6h"])
    if every in ("hour", "2h", "6h"):
        shifts["offset"] = st.just("30m")
    if every == "week":
        shifts["week_start"] = st.sampled_from(["sunday", "wednesday"])
    return _some(shifts)


def _shelf(scale: int) -> st.SearchStrategy[Entry]:
    return st.sampled_from(FAMILIES[scale]).flatmap(
        lambda every: st.builds(
            lambda kept, shift: {"every": every, **kept, **shift}, _some({"keep": st.integers(1, 2)}), _shift(every)
        )
    )


def _columns(*, is_keyed: bool) -> st.SearchStrategy[dict[str, Any]]:
    values: dict[str, st.SearchStrategy[Any]] = {
        "state": st.just("s"),
        "volume": st.just("v"),
        "text": st.just("t"),
        "twice": st.just("{{ v * 2 }}"),
        "back": st.just("r"),
    }
    metrics: dict[str, st.SearchStrategy[Any]] = {
        "units": st.just({"sum": "n"}),
        "times": st.sampled_from([{"count": "sale"}, {"count": ["sale", "refund"]}]),
        "low": st.just({"min": "v"}),
        "high": st.just({"max": "t"}),
        "usual": st.just({"mean": "n"}),
        "early": st.just({"first": "v"}),
        "late": st.just({"last": "v"}),
    }
    return _some(values | metrics if is_keyed else values).filter(bool).map(_with_computed)


def _with_computed(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | ({"lead": "{{ row.units - row.volume }}"} if {"units", "volume"} <= columns.keys() else {})


def _orders(columns: Mapping[str, Any]) -> list[str]:
    stored = [name for name in columns if name != "lead"]
    return [order for name in stored for order in (name, f"-{name}")]


def _keyed(columns: Mapping[str, Any]) -> st.SearchStrategy[Entry]:
    options: dict[str, st.SearchStrategy[Any]] = {"drop": st.sampled_from(["refund", ["refund"], {"s": "closed"}])}
    values = [name for name in columns if name in ("state", "text")]
    return _some(options | ({"track": st.sampled_from(values)} if values else {}))


def _some(options: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw some of these options, or none."""
    return st.fixed_dictionaries({}, optional=options)
