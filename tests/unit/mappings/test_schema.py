"""The schema has every key of the language, each described, and refuses what a shape can refuse."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bridge.errors import ConfigurationError
from bridge.located import parse_yaml
from bridge.mappings import load_texts
from bridge.mappings.cases import CASE_KEYS, SAMPLE_KEYS
from bridge.mappings.entries.definitions import COLUMN_METRICS
from bridge.mappings.entries.keys import MEANINGS
from bridge.mappings.entries.metrics import OPTIONS as METRIC_OPTIONS
from bridge.mappings.entries.tables import OPTIONS as TABLE_OPTIONS
from bridge.mappings.mapping import KEYS as MAPPING_KEYS
from bridge.mappings.schema import mapping_schema
from bridge.mappings.schema.descriptions import CONVERSIONS, FOLDS, OPERATORS
from bridge.mappings.triggers.comparisons import OPERATORS as COMPILED_OPERATORS
from bridge.mappings.triggers.extraction import FOLDS as COMPILED_FOLDS
from bridge.mappings.triggers.trigger_definition import KEYS as TRIGGER_KEYS
from bridge.mappings.values.conversion import KINDS

SCHEMA: Any = mapping_schema()
VALIDATOR = Draft7Validator(SCHEMA)
TRIGGER = SCHEMA["properties"]["triggers"]["items"]

PIN, UPDATE = "pin: p-1\n", "update: {}\n"
WHOLE = f"{PIN}triggers: [{{source: shop}}]\n{UPDATE}"


def test_it_is_a_schema_of_the_draft_that_it_names() -> None:
    """Held against the draft's own schema."""
    Draft7Validator.check_schema(SCHEMA)


def test_it_has_every_key_of_the_language() -> None:
    """In the loader's order, and no other."""
    assert set(SCHEMA["properties"]) == set(MAPPING_KEYS)
    assert set(TRIGGER["properties"]) == set(TRIGGER_KEYS)
    case = SCHEMA["properties"]["tests"]["items"]["properties"]
    assert set(case) == set(CASE_KEYS)
    assert set(case["send"]["properties"]) == set(SAMPLE_KEYS)
    entry = SCHEMA["properties"]["state"]["additionalProperties"]["properties"]
    assert set(entry) == {*MEANINGS, *METRIC_OPTIONS, *TABLE_OPTIONS}
    assert set(entry["rows"]["additionalProperties"]["properties"]) == set(COLUMN_METRICS)
    assert set(OPERATORS) == {*COMPILED_OPERATORS, "exists"}
    assert set(CONVERSIONS) == set(KINDS)
    assert set(FOLDS) == set(COMPILED_FOLDS)


def test_every_key_is_described() -> None:
    """At every depth, without links that an editor could not follow."""
    described = list(keys_of(SCHEMA))
    assert len(described) > 40
    assert [path for path, shape in described if not shape.get("description")] == []
    assert [path for path, shape in described if "](#" in shape["description"]] == []


def keys_of(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every key that has a shape of its own, but not where a rule only asks for it or `metadata` leads on."""
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from keys_of(part, f"{path}[{number}]")
    if not isinstance(schema, dict):
        return
    rules = {"allOf", "if", "else", "dependencies"}
    for name, part in schema.items():
        if name == "properties":
            for key, shape in part.items():
                if key != "metadata":
                    yield f"{path}.{key}", shape
                yield from keys_of(shape, f"{path}.{key}")
        elif name not in rules:
            yield from keys_of(part, path)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        PIN,
        UPDATE,
        f"{PIN}{UPDATE}",
        f"{PIN}{UPDATE}deliver: {{min_interval: 5s}}",
        f"{WHOLE}descripton: Sales",
        f"{WHOLE}enabled: yes",
        f"{WHOLE}max_pins: 5",
        f"{WHOLE}pins: p-*",
        f"{WHOLE}type: 7",
        f"{WHOLE}description: ''",
        f"{WHOLE}constants: [a]",
        f"{WHOLE}constants: {{event: 1}}",
        f"{WHOLE}constants: {{a-b: 1}}",
        f"{WHOLE}deliver: {{refresh: 0s}}",
        f"{WHOLE}deliver: {{refresh: 900}}",
        f"{WHOLE}deliver: {{every: 5s}}",
        f"pin: sales\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\npins: p-*\ndeliver: {{refresh: 1h}}\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\npins: []\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\npins: p.*\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\npins: p-*\nmax_pins: 0\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: 'p-{{{{ 1 }}}}'\npins: p-*\nmax_pins: 100001\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"pin: '{{{{ pins[event.type] }}}}'\ntriggers: [{{source: shop}}]\n{UPDATE}",
        f"{WHOLE}stale_after: 0s",
        f"{PIN}{UPDATE}deliver: {{refresh: 1h}}\nstale_after: 1h",
        f"{PIN}triggers: {{source: shop}}\n{UPDATE}",
        f"{PIN}triggers: []\n{UPDATE}",
        f"{PIN}triggers: [{{source: a}}, {{source: b}}]\n{UPDATE}",
        f"{PIN}triggers: [{{source: shop}}]\nupdate: []",
        f"{PIN}triggers: [{{source: shop}}]\nupdate: {{a: {{each: '{{{{ [1] }}}}'}}}}",
        f"{PIN}triggers: [{{source: shop}}]\nupdate: {{a: {{each: rows, do: 1}}}}",
        f"{PIN}triggers: [{{source: shop}}]\nupdate: {{a: [{{each: [1], do: 1, where: 2}}]}}",
        f"{PIN}triggers: [{{source: shop}}]\nupdate: {{a: [{{each: [1], do: 1, as: a-b}}]}}",
    ],
)
def test_a_mapping_that_its_shape_rules_out(text: str) -> None:
    """The loader refuses it, and so does the schema."""
    assert refused_by_loader(text)
    assert not VALIDATOR.is_valid(tree_of(text))


@pytest.mark.parametrize(
    "cases",
    [
        "{name: a}",
        "[{send: a.json}]",
        "[{name: a, sent: a.json}]",
        "[{name: a, send: 7}]",
        "[{name: a, send: {}}]",
        "[{name: a, send: {file: a.json, body: a}}]",
        "[{name: a, send: {body: 7}}]",
        "[{name: a, send: [{body: a, headers: {a b: c}}]}]",
        "[{name: a, send: [{body: a, headers: {a: é}}]}]",
        "[{name: a, send: [{body: a, query: {a: [b]}}]}]",
        "[{name: a, send: [{body: a, id: ''}]}]",
        "[{name: a, now: -1}]",
        "[{name: a, pin: sales}]",
        "[{name: a, expect: nothing}]",
        "[{name: a, expect: [a]}]",
        "[{name: a, expect: {error: 7}}]",
    ],
)
def test_tests_that_their_shape_rules_out(cases: str) -> None:
    """The loader refuses them, and so does the schema."""
    text = f"{WHOLE}tests: {cases}"
    assert refused_by_loader(text)
    assert not VALIDATOR.is_valid(tree_of(text))


def test_a_test_of_a_family_names_its_pin_unless_it_looks_at_none() -> None:
    """As the loader wants it."""
    family = f"pin: 'p-{{{{ 1 }}}}'\npins: p-*\ntriggers: [{{source: shop}}]\n{UPDATE}"
    for cases, is_refused in (
        ("[{name: a}]", True),
        ("[{name: a, expect: {metadata: {}}}]", True),
        ("[{name: a, pin: p-1}]", False),
        ("[{name: a, expect: none}]", False),
        ("[{name: a, expect: {error: b}}]", False),
    ):
        assert refused_by_loader(f"{family}tests: {cases}") is is_refused
        assert VALIDATOR.is_valid(tree_of(f"{family}tests: {cases}")) is not is_refused


@pytest.mark.parametrize(
    "keys",
    [
        "name: a",
        "source: a b",
        "source: [a, b]",
        "source: shop, evnt: a",
        "source: shop, event: []",
        "source: shop, event: 7",
        "source: shop, when: amount > 5",
        "source: shop, when: 7",
        "source: shop, when: {a.b: 1}",
        "source: shop, when: {$.a: '{{ 1 }}'}",
        "source: shop, when: {$.a: {}}",
        "source: shop, when: {$.a: {above: 5}}",
        "source: shop, when: [[{$.a: {gt: true}}]]",
        "source: shop, when: {$.a: {in: a}}",
        "source: shop, when: {$.a: {matches: 5}}",
        "source: shop, when: {$.a: {contains: [a]}}",
        "source: shop, when: {$.a: {exists: 1}}",
        "source: shop, each: items",
        "source: shop, each: {as: json}",
        "source: shop, at: ''",
        "source: shop, at: a b",
        "source: shop, at: '{{ 1 }}-{{ 2 }} h'",
        "source: shop, key: []",
        "source: shop, version: [7]",
        "source: shop, extract: [a]",
        "source: shop, extract: {pin: $.a}",
        "source: shop, extract: {a: data.id}",
        "source: shop, extract: {a: {}}",
        "source: shop, extract: {a: {path: $.a, header: X-A}}",
        "source: shop, extract: {a: {path: $.a, as: money}}",
        "source: shop, extract: {a: {path: $.a, as: [json, 5]}}",
        "source: shop, extract: {a: {path: '$.a[*]', take: average}}",
        "source: shop, extract: {a: {header: X-A, take: first}}",
        "source: shop, let: {a: 5}",
    ],
)
def test_a_trigger_that_its_shape_rules_out(keys: str) -> None:
    """The loader refuses it, and so does the schema."""
    text = f"{PIN}triggers: [{{{keys}}}]\n{UPDATE}"
    assert refused_by_loader(text)
    assert not VALIDATOR.is_valid(tree_of(text))


@pytest.mark.parametrize(
    "entry",
    [
        "[]",
        "{}",
        "{every: day}",
        "{sum: 1}",
        "{sum: $.a, max: $.a}",
        "{sum: $.a, rows: {a: $.a}}",
        "{summ: $.a}",
        "{count: []}",
        "{count: 7}",
        "{count: m, trigger: m}",
        "{sum: $.a, by: []}",
        "{sum: $.a, limit: 5}",
        "{sum: $.a, by: $.b, limit: 10001}",
        "{sum: $.a, q: 0.5}",
        "{quantile: $.a}",
        "{quantile: $.a, q: 1}",
        "{sum: $.a, every: 7h}",
        "{sum: $.a, every: 015m}",
        "{sum: $.a, every: daily}",
        "{sum: $.a, every: day, window: 24h}",
        "{sum: $.a, window: 59s}",
        "{sum: $.a, keep: 5}",
        "{sum: $.a, every: day, keep: 0}",
        "{sum: $.a, every: day, against: 2001}",
        "{sum: $.a, every: day, week_start: monday}",
        "{sum: $.a, every: week, week_start: someday}",
        "{sum: $.a, key: $.b}",
        "{rows: []}",
        "{rows: {}}",
        "{rows: {at: $.a}}",
        "{rows: {a b: $.a}}",
        "{rows: {_a: $.a}}",
        "{rows: {a: {sum: $.a}}}",
        "{rows: {a: {}}, key: $.b}",
        "{rows: {a: {sum: $.a, max: $.a}}, key: $.b}",
        "{rows: {a: {distinct: $.a}}, key: $.b}",
        "{rows: {a: $.a}, by: $.b}",
        "{rows: {a: $.a}, window: 24h}",
        "{rows: {a: $.a}, drop: m}",
        "{rows: {a: $.a}, key: $.b, drop: []}",
        "{rows: {a: $.a}, key: $.b, drop: {}}",
        "{rows: {a: $.a}, key: $.b, drop: [[{$.a: 1}]]}",
        "{rows: {a: $.a}, track: a}",
        "{rows: {a: $.a}, limit: 1001}",
        "{rows: {a: $.a}, capacity: 10001}",
        "{rows: {a: $.a}, ttl: 0s}",
        "{rows: {a: $.a}, keep: 3}",
    ],
)
def test_an_entry_that_its_shape_rules_out(entry: str) -> None:
    """The loader refuses it, and so does the schema."""
    text = f"{WHOLE}state: {{e: {entry}}}"
    assert refused_by_loader(text)
    assert not VALIDATOR.is_valid(tree_of(text))


@pytest.mark.parametrize(
    "text",
    [
        f"{WHOLE}enabled: ${{ON}}",
        f"{WHOLE}state: {{e: {{sum: '${{VALUE}}', every: '${{EVERY}}', keep: '${{KEEP}}', by: '${{BY}}'}}}}",
        f"{WHOLE}state: {{e: {{rows: {{a: '${{VALUE}}'}}, key: '${{KEY}}', drop: '${{DROP}}', ttl: '${{TTL}}'}}}}",
        f"{WHOLE}deliver: {{min_interval: '${{PACE:-5s}}', refresh: '${{HOURS}}h'}}",
        "pin: ${PIN}\ntriggers: [{source: shop}]\nupdate: {}",
        "pin: p-{{ 1 }}\npins: ${GLOB}\nmax_pins: ${MOST:-5}\ntriggers: [{source: shop}]\nupdate: {}",
        "pin: p-1\ntriggers: [{source: '${SOURCE}', extract: {a: '${PATH_OF_A}'}, at: '${AT}'}]\nupdate: {}",
        "pin: p-1\ntriggers: [{source: a, when: {'${LEFT}': {exists: '${IS}'}}, each: '${EACH}'}]\nupdate: {}",
        "pin: p-1\ntriggers: [{source: a, extract: {a: {path: '$.a[*]', as: '${KIND}', take: '${TAKE}'}}}]\nupdate: {}",
    ],
)
def test_what_the_environment_fills_in_may_stand_wherever_a_single_value_does(text: str) -> None:
    """What it will be is for the loader to say."""
    assert [error.message for error in VALIDATOR.iter_errors(tree_of(text))] == []


def refused_by_loader(text: str) -> bool:
    """Tell whether the loader finds a mistake."""
    try:
        load_texts({"m.yaml": text.encode()}, {})
    except ConfigurationError:
        return True
    return False


def tree_of(text: str) -> Any:
    """Read YAML as an editor does."""
    return parse_yaml("m.yaml", text.encode()).plain()
