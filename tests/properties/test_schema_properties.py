"""The JSON Schema accepts exactly what the loader accepts, as far as shape goes.

Whole mappings are made of the language's words, and most are then broken in one place. What
only the loader can tell stays out of them: names that are not known, the syntax inside a
path, an expression or a regular expression, and the fields that a pin of some type takes; the
names of triggers and columns are left out of what the loader says.
"""

import copy
import re
from typing import Any

import orjson
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from bridge.errors import ConfigurationError
from bridge.located import parse_yaml
from bridge.mappings import load_texts
from bridge.mappings.expressions.skeleton import check_literal
from bridge.mappings.schema import mapping_schema
from bridge.mappings.schema.descriptions import (
    CONVERSIONS,
    DELIVER,
    ENTRY,
    FOLDS,
    LOOP,
    MAPPING,
    OPERATORS,
    SAMPLE,
    TEST,
    TRIGGER,
    VARIABLE,
)

VALIDATOR = Draft7Validator(mapping_schema())

PATHS = st.sampled_from(["$.a", "$.a.b[0]", "$['a b']"])
MANY = st.sampled_from(["$.a[*]", "$.a[1:3]", "$[?(@.n > 5)]"])
EXPRESSIONS = st.sampled_from(["{{ event.id }}", " {{ 1 + 2 }} ", "{{ event.type == 'a' }}"])
READINGS = PATHS | EXPRESSIONS
LITERALS = st.sampled_from(["", "eur", "{{ half", "> 5", 0, -3, 2.5, True, None])
TEXTS = st.sampled_from(["sale", "a b", "*.opened", "stat-cards", "seen on {{ paper"])
DURATIONS = st.sampled_from(["1s", "90s", "015m", "24h", "35d", "2w"])
KINDS = st.sampled_from(sorted(CONVERSIONS))
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 7, -1, 0, 100_001, 2.5, "", "no words", "0s", "5", "5y", "p-" + "x" * 65, "{{ 1 }}", [], {}),
        *(["no words"], ["$.a"], ["{{ 1 }}"], [[]], {"no words": 1}, {"path": "$.a"}, {"eq": 1}),
    ]
)
"""What stands where something else is wanted, or by chance just that."""

NAMES = re.compile("names a trigger, and '|^'order' is newest, |^'track' is a column, ")
"""What the loader says of a name that is none."""

KEYS = st.sampled_from(
    sorted(
        {
            *MAPPING,
            *DELIVER,
            *ENTRY,
            *TRIGGER,
            *VARIABLE,
            *OPERATORS,
            *LOOP,
            *TEST,
            *SAMPLE,
            "metadata",
            "no words",
            "_x",
            "9",
            "",
        }
    )
)


def one_or_many(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make a value, or a list of at least one."""
    return item | st.lists(item, min_size=1, max_size=2)


def operators() -> st.SearchStrategy[Any]:
    """Make the right side of a condition that has operators."""
    order, text = st.sampled_from([1, 2.5, "2026-11-20", ""]), st.sampled_from(["", "a"])
    sides: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(("eq", "ne"), LITERALS | st.lists(LITERALS, max_size=2) | st.just({"a": 1})),
        **dict.fromkeys(("in", "not_in"), st.lists(LITERALS, max_size=2)),
        **dict.fromkeys(("gt", "gte", "lt", "lte"), order),
        **dict.fromkeys(("matches", "starts_with", "ends_with"), text),
        "contains": LITERALS,
        "exists": st.booleans(),
    }
    return st.sampled_from(sorted(sides)).flatmap(lambda name: sides[name].map(lambda side: {name: side}))


RIGHTS = LITERALS | st.lists(LITERALS, max_size=2) | operators()
LINES = st.dictionaries(st.sampled_from(["$.a", "header.X-Kind", "query.q", "{{ event.id }}"]), RIGHTS, max_size=2)
CONDITIONS = st.recursive(LINES | EXPRESSIONS, lambda inner: st.lists(inner, max_size=2), max_leaves=3)

CONVERTED = {"as": one_or_many(KINDS), "default": LITERALS}
VARIABLES = st.one_of(
    PATHS,
    MANY,
    st.fixed_dictionaries({"path": PATHS}, optional=CONVERTED),
    st.fixed_dictionaries({"path": MANY}, optional={**CONVERTED, "take": st.sampled_from(sorted(FOLDS))}),
    st.fixed_dictionaries({"body": MANY}, optional={**CONVERTED, "take": st.sampled_from(sorted(FOLDS))}),
    st.fixed_dictionaries({"header": TEXTS}, optional=CONVERTED),
    st.fixed_dictionaries({"query": TEXTS}, optional=CONVERTED),
)
TRIGGERS = st.fixed_dictionaries(
    {"source": st.sampled_from(["stripe", "a-b_c", "9"])},
    optional={
        "event": one_or_many(TEXTS),
        "when": CONDITIONS,
        "each": MANY | st.fixed_dictionaries({"path": PATHS}, optional={"as": one_or_many(KINDS)}),
        "extract": st.dictionaries(st.sampled_from(["amount", "größe"]), VARIABLES, max_size=2),
        "let": st.dictionaries(st.sampled_from(["double", "half"]), READINGS, max_size=2),
        "at": READINGS,
        "version": one_or_many(READINGS),
        "key": one_or_many(READINGS),
    },
)
NAMED_TRIGGERS = one_or_many(st.just("trigger 0"))
CUT = st.one_of(
    st.fixed_dictionaries(
        {"every": st.sampled_from(["day", "15m", "6h", "year"])},
        optional={"keep": st.sampled_from([7, 30]), "offset": st.just("5m")},
    ),
    st.fixed_dictionaries({"every": st.just("week")}, optional={"week_start": st.just("sunday")}),
)
SLIDING = st.fixed_dictionaries({}, optional={"window": st.sampled_from(["60s", "090s", "24h"])})
METRICS = st.one_of(
    st.fixed_dictionaries({"count": NAMED_TRIGGERS}),
    st.fixed_dictionaries({"quantile": READINGS, "q": st.sampled_from([0.5, 0.95])}),
    st.sampled_from(["sum", "mean", "min", "max", "first", "last", "distinct"]).flatmap(
        lambda kind: st.fixed_dictionaries({kind: READINGS}, optional={"trigger": NAMED_TRIGGERS})
    ),
)
GROUPED = st.fixed_dictionaries({}, optional={"when": CONDITIONS}) | st.fixed_dictionaries(
    {"by": one_or_many(READINGS)}, optional={"limit": st.sampled_from([5, 10_000])}
)
AGAINST = CUT.flatmap(
    lambda cut: st.fixed_dictionaries({}, optional={"against": st.just(2)}).map(lambda more: cut | more)
)
COLUMN_METRICS = st.fixed_dictionaries({"sum": READINGS}) | st.fixed_dictionaries({"count": NAMED_TRIGGERS})
KEYED = st.fixed_dictionaries(
    {
        "rows": st.fixed_dictionaries({"buyer": READINGS, "größe": COLUMN_METRICS | READINGS}),
        "key": one_or_many(READINGS),
    },
    optional={"drop": NAMED_TRIGGERS | EXPRESSIONS | st.just({"$.a": 1}) | st.just([{"$.a": 1}, "{{ event.id }}"])},
)
UNKEYED = st.fixed_dictionaries({"rows": st.fixed_dictionaries({"buyer": READINGS, "größe": READINGS})})
STANDING = st.fixed_dictionaries(
    {},
    optional={
        "order": st.sampled_from(["newest", "oldest"]),
        "limit": st.just(1_000),
        "capacity": st.just(10_000),
        "ttl": DURATIONS,
    },
)


def together(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Make one object of the keys of several."""
    return st.tuples(*parts).map(lambda made: {key: value for part in made for key, value in part.items()})


ENTRIES = together(METRICS, AGAINST | SLIDING, GROUPED) | together(
    KEYED | UNKEYED, CUT | st.just({}), STANDING, st.fixed_dictionaries({}, optional={"when": CONDITIONS})
)
LEAVES = st.sampled_from(["", "eur", 0, 2.5, True, None]) | EXPRESSIONS
TREES = st.recursive(
    LEAVES | st.fixed_dictionaries({"each": EXPRESSIONS, "do": LEAVES}, optional={"as": st.just("row")}),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["title", "value"]), inner, max_size=2),
    max_leaves=4,
)
PINS: list[dict[str, Any]] = [
    {"pin": "p-sales"},
    {"pin": "{{ pins[event.type] }}", "constants": {"pins": {"a": "p-1"}}},
    {"pin": "p-shop-{{ event.type | slug }}", "pins": "p-shop-*"},
    {"pin": "{% if 1 %}p-1{% endif %}", "pins": ["p-[0-9]", "p-x?"], "max_pins": 100_000},
]
INSTANTS = st.sampled_from(["2026-11-20T12:00:00Z", "2026-11-20", 1795165500, 1795165500.5])
SAMPLES = st.one_of(
    st.just("samples/a.json"),
    st.fixed_dictionaries(
        {"body": st.just({"a": 1}) | st.just([1]) | st.just("a=1")},
        optional={"headers": st.just({"X-Kind": "a", "X-N": 1}), "event": TEXTS, "id": st.just(7)},
    ),
    st.fixed_dictionaries(
        {"file": st.just("a.json")}, optional={"query": st.just({"q": True}), "received_at": INSTANTS}
    ),
)
EXPECTATIONS = st.sampled_from(
    ["none", None, {}, {"error": "nothing"}, {"metadata": {"title": "a"}}, {"error": 7, "metadata": {}}]
)
CASES = st.lists(
    st.fixed_dictionaries(
        {}, optional={"send": SAMPLES | st.lists(SAMPLES, max_size=2), "now": INSTANTS, "expect": EXPECTATIONS}
    ),
    max_size=2,
)


@st.composite
def mappings(draw: st.DrawFn) -> dict[str, Any]:
    """Make a mapping that loads."""
    tree: dict[str, Any] = dict(draw(st.sampled_from(PINS)))
    triggers = draw(st.lists(TRIGGERS, min_size=1, max_size=2))
    tree["triggers"] = [{**trigger, "name": f"trigger {n}"} for n, trigger in enumerate(triggers)]
    tree["update"] = draw(st.dictionaries(st.sampled_from(["metadata", "other"]), TREES, max_size=2))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "state": st.dictionaries(st.sampled_from(["sales", "käufer"]), ENTRIES, max_size=2),
        "type": TEXTS,
        "description": TEXTS,
        "enabled": st.booleans(),
        "timezone": st.just("Europe/Berlin"),
        "locale": st.just("de_DE"),
        "stale_after": DURATIONS,
        "deliver": st.fixed_dictionaries(
            {}, optional={"min_interval": DURATIONS | st.just("0s"), "refresh": DURATIONS}
        ),
    }
    tree |= draw(st.fixed_dictionaries({}, optional=optional))
    if draw(st.booleans()):
        _add_cases(tree, draw(CASES))
    elif tree["pin"] == "p-sales" and "refresh" in tree.get("deliver", {}) and draw(st.booleans()):
        del tree["triggers"]
        tree.pop("stale_after", None)
        tree.pop("state", None)
    return tree


def _add_cases(tree: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    """Put tests to a mapping, which then has one source, so that no sample needs to name it."""
    pin = {} if tree["pin"] == "p-sales" else {"pin": "p-1"}
    tree["tests"] = [{**case, **pin, "name": f"case {number}"} for number, case in enumerate(cases)]
    for trigger in tree["triggers"]:
        trigger["source"] = "shop"


def containers(tree: Any, name: str = "") -> list[tuple[str, Any]]:
    """Give every list and object of a tree that may be broken, each with the key that it stands under."""
    if not isinstance(tree, dict | list):
        return []
    children = tree.items() if isinstance(tree, dict) else ((name, child) for child in tree)
    inner = [each for key, child in children if key != "constants" for each in containers(child, key)]
    return [(name, tree), *inner]


def something_else(key: object) -> st.SearchStrategy[Any]:
    """Make a value for a key, but no names that the loader would look up, nor texts that may be a time."""
    if key == "constants":
        return OTHERS.filter(lambda value: not isinstance(value, dict))
    if key in ("timezone", "locale", "source", "now", "received_at"):
        return OTHERS.filter(lambda value: not isinstance(value, str) or not value)
    if key in ("when", "drop"):
        return OTHERS.filter(lambda value: value not in ({"path": "$.a"}, {"eq": 1}))
    return OTHERS


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """Make a mapping in which one thing is missing, is something else, or should not be there."""
    tree = copy.deepcopy(draw(mappings()))
    name, place = draw(st.sampled_from(containers(tree)))
    change = draw(st.sampled_from(["remove", "replace", "insert"]))
    if isinstance(place, list):
        position = draw(st.integers(0, len(place)))
        place[position : position + (change != "insert")] = [] if change == "remove" else [draw(something_else(name))]
        return tree
    new = change == "insert" or not place
    key = draw(KEYS if new and name not in ("when", "drop") else st.sampled_from(sorted(place) or ["no words"]))
    if change == "remove":
        place.pop(key, None)
    else:
        place[key] = draw(something_else(key))
    return tree


def loads(tree: dict[str, Any]) -> tuple[str, ...]:
    """Give what the loader says against a mapping, but for what its pin would not take."""
    try:
        load_texts({"m.yaml": orjson.dumps(tree)}, {})
    except ConfigurationError as error:
        unfit = not_taken(tree)
        told = [problem.message for problem in error.problems if problem.message not in unfit]
        return tuple(message for message in told if not NAMES.search(message))
    return ()


def not_taken(tree: dict[str, Any]) -> set[str]:
    """Give what is wrong with the fields of a pin, which the schema leaves to the pin's type."""
    update = parse_yaml("m.yaml", orjson.dumps(tree.get("update")))
    pin_type = tree.get("type")
    literal = check_literal(update, pin_type if isinstance(pin_type, str) and pin_type else None)
    return {problem.message for problem in literal.problems}


@settings(max_examples=60, deadline=None)
@given(mappings())
def test_what_loads_fits_the_schema(tree: dict[str, Any]) -> None:
    """Whole mappings, of every key."""
    assert loads(tree) == ()
    assert [error.message for error in VALIDATOR.iter_errors(tree)] == []


@settings(max_examples=250, deadline=None)
@given(broken())
def test_what_is_broken_in_one_place_is_refused_by_both_or_by_neither(tree: dict[str, Any]) -> None:
    """The loader's word counts, and the schema says the same."""
    problems = loads(tree)
    event("refused" if problems else "accepted")
    assert VALIDATOR.is_valid(tree) is (problems == ()), problems
