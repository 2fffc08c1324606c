"""docs/mappings.md shows each word of the language at work, and none that there is not."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from jsonschema import Draft7Validator
from support.rehearsing import stage

from bridge.inbound import Sources, load_sources
from bridge.located import parse_yaml
from bridge.mappings import MappingSet, load_texts
from bridge.mappings.expressions.names import RESERVED_NAMES, WORDS
from bridge.mappings.records import OutcomeKind
from bridge.mappings.schema import descriptions, mapping_schema
from bridge.mappings.values.values import plain
from bridge.pin_model import PIN_TYPES, fit
from bridge.rehearsal import Heard, Rehearsal, Sample

REFERENCE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8").replace(r"\|", "|")
SECTIONS = dict(re.findall(r"^##+ (.+)\n((?:(?!##+ ).*\n)*)", REFERENCE, re.MULTILINE))
EXAMPLES = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
SOURCES = b"{shop: &open {verify: none, dedupe: off}, other: *open, backups: *open}"
SHIPPED = Path(__file__).parents[3] / "mappings"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

TABLES = {
    "Keys of a mapping": descriptions.MAPPING,
    "Delivery": descriptions.DELIVER,
    "Triggers": {**descriptions.TRIGGER, **descriptions.EACH},
    "Conditions": descriptions.OPERATORS,
    "Variables": descriptions.VARIABLE,
    "Conversions": descriptions.CONVERSIONS,
    "One value of many": descriptions.FOLDS,
    "Templates": {**descriptions.LOOP, **descriptions.METADATA},
    "Tests": {**descriptions.TEST, **descriptions.SAMPLE},
}
FOUND = re.findall(r"`(\$[^`]*)` → `([^`]+)`", SECTIONS["JSONPath"])
CONDITIONS = re.findall(r"^\| .+ \| `([^`]+)` \| (.+) \| (.+) \|$", SECTIONS["Conditions"], re.MULTILINE)
OUTCOMES = re.findall(r"^\| `(\w+)` \| .+ \| `([^`]+)` \|$", SECTIONS["Outcomes"], re.MULTILINE)


def examples_of(section: str) -> list[tuple[str, str, str]]:
    """Give each `given` → `result` in the rows of a section, with the word of its row."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", SECTIONS[section], re.MULTILINE)
    return [(word, *pair) for word, row in rows for pair in re.findall(r"`([^`]+)` → `([^`]+)`", row)]


def read(text: str) -> Any:
    """Read a value as it is written on the page."""
    return parse_yaml("page", text.encode()).plain()


def values(cell: str) -> list[dict[str, Any]]:
    """Give payloads with the values of a cell under `v`; `nothing` leaves it out."""
    return [{"v": read(quoted)} if quoted else {} for quoted in re.findall(r"`([^`]+)`|nothing", cell)]


def sources_of(mappings: MappingSet) -> Sources:
    """Load the sources that mappings name, of which the page's own shops sign nothing."""
    return load_sources(mappings.source_places, SOURCES, lambda _: (), secrets_are_required=False)


def rehearse(mappings: MappingSet, payload: bytes) -> Heard:
    """Send one payload to the source `shop`."""
    sample = Sample(name="page", source="shop", body=payload)
    rehearsal = Rehearsal(mappings, sources_of(mappings), horizon_s=35 * 86400, max_body_bytes=2**20)
    return rehearsal.receive(sample, NOON)


def variable(definition: dict[str, Any], payload: dict[str, Any]) -> Any:
    """Give what a definition under `extract` finds in a payload."""
    trigger = {"source": "shop", "extract": {"found": definition}}
    mapping = {"pin": "p-page", "triggers": [trigger], "update": {}}
    heard = rehearse(load_texts({"page.yaml": as_json(mapping)}, {}), as_json(payload))
    (change,) = heard.evaluation.changes
    return plain(change.variables["found"])


def as_json(value: Any) -> bytes:
    """Write a payload, or a mapping."""
    return orjson.dumps(value, default=float)


def test_the_names_that_are_taken_are_told() -> None:
    """All of them, and no others."""
    told = SECTIONS["Keys of a mapping"].partition("is taken: ")[2].partition(".\n")[0]
    assert set(re.findall(r"`(\w+)`", told)) == RESERVED_NAMES | WORDS


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(number: int) -> None:
    """Each is a whole mapping, without warnings, and fits the schema."""
    loaded = load_texts({"example.yaml": EXAMPLES[number].encode()}, {})
    assert set(loaded.mappings) == {"example"}
    assert loaded.warnings == ()
    Draft7Validator(mapping_schema()).validate(read(EXAMPLES[number]))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_passes_its_own_tests(number: int) -> None:
    """As `pinbridge test` runs them, with the shipped samples at hand."""
    loaded = load_texts({f"{SHIPPED}/example.yaml": EXAMPLES[number].encode()}, {})
    for mapping in loaded.mappings.values():
        for case in mapping.cases:
            assert stage(loaded, SOURCES).run(mapping, case).faults == (), case.name


@pytest.mark.parametrize("section", sorted(TABLES))
def test_a_table_says_of_each_word_what_editors_say(section: str) -> None:
    """Where this fails, it shows the rows as they should begin."""
    wanted = [f"| `{word}` | {said} |" for word, said in TABLES[section].items()]
    rows = [line for line in SECTIONS[section].splitlines() if re.match(r"\| `\w+` \|", line)]
    assert [row[: len(begin)] for row, begin in zip(rows, wanted, strict=False)] == wanted
    assert len(rows) == len(wanted)


def test_every_key_stands_in_an_example() -> None:
    """In an example that loads, at a place where the schema knows it."""
    used = {path for text in EXAMPLES for path in used_keys(mapping_schema(), read(text))}
    used |= {path.replace(".send[]", ".send") for path in used}
    known = {path for path in known_keys(mapping_schema()) if ".send[]" not in path}
    assert sorted(known - used) == []
    assert [key for key in descriptions.LOOP if not any(re.search(rf"\b{key}: ", text) for text in EXAMPLES)] == []


def known_keys(shape: Any, path: str = "") -> Iterator[str]:
    """Give each key that the schema knows, by its path, but for operators, which have a table of their own."""
    for key, inner in shape.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from known_keys(inner, f"{path}.{key}")
    for word in ("items", "additionalProperties"):
        if isinstance(shape.get(word), dict):
            yield from known_keys(shape[word], f"{path}[]")


def used_keys(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Give each key of a tree that the schema knows, by its path in the schema."""
    properties: Mapping[str, Any] = shape.get("properties", {})
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in properties:
            yield f"{path}.{key}"
            yield from used_keys(properties[key], inner, f"{path}.{key}")
        elif isinstance(shape.get("additionalProperties"), dict):
            yield from used_keys(shape["additionalProperties"], inner, f"{path}[]")
    for item in value if isinstance(value, list) and isinstance(shape.get("items"), dict) else ():
        yield from used_keys(shape["items"], item, f"{path}[]")


@pytest.mark.parametrize(("condition", "holds", "fails"), CONDITIONS)
def test_a_condition_holds_for_what_the_page_says(condition: str, holds: str, fails: str) -> None:
    """And not for the rest."""
    text = f"{{pin: p-page, update: {{}}, triggers: [{{source: shop, when: {{$.v: {condition}}}}}]}}"
    mappings = load_texts({"page.yaml": text.encode()}, {})
    for payload, wanted in [
        *((each, "matched") for each in values(holds)),
        *((each, "not_matched") for each in values(fails)),
    ]:
        heard = rehearse(mappings, as_json(payload))
        assert [outcome.kind for outcome in heard.outcomes] == [wanted], payload


def test_every_operator_has_both_kinds_of_examples() -> None:
    """In the condition of its own row."""
    shown = {
        word
        for condition, holds, fails in CONDITIONS
        if values(holds) and values(fails)
        for word in words_in(condition)
    }
    assert shown >= set(descriptions.OPERATORS)


def words_in(condition: str) -> set[str]:
    """Give the operators of a condition."""
    written = read(condition)
    return set(written) if isinstance(written, dict) else set()


@pytest.mark.parametrize(("conversion", "given", "result"), examples_of("Conversions"))
def test_a_conversion_gives_what_the_page_says(conversion: str, given: str, result: str) -> None:
    """In `as`."""
    assert variable({"path": "$.v", "as": conversion}, {"v": read(given)}) == read(result)


@pytest.mark.parametrize(("fold", "given", "result"), examples_of("One value of many"))
def test_a_fold_gives_what_the_page_says(fold: str, given: str, result: str) -> None:
    """In `take`, of all matches."""
    assert variable({"path": "$.v[*]", "take": fold}, {"v": read(given)}) == read(result)


def test_every_conversion_and_every_fold_is_shown_at_work() -> None:
    """In its own row."""
    assert {word for word, *_ in examples_of("Conversions")} == set(descriptions.CONVERSIONS)
    assert {word for word, *_ in examples_of("One value of many")} == set(descriptions.FOLDS)


@pytest.mark.parametrize(("path", "found"), FOUND)
def test_a_path_finds_what_the_page_says(path: str, found: str) -> None:
    """In the payload above the table."""
    payload = re.search(r"^`(\{.+\})` finds$", SECTIONS["JSONPath"], re.MULTILINE)
    assert payload
    assert variable({"path": path}, orjson.loads(payload[1])) == orjson.loads(found)


@pytest.mark.parametrize(("outcome", "orders"), OUTCOMES)
def test_an_event_has_the_outcome_that_the_page_says(outcome: str, orders: str) -> None:
    """With the mapping above the table, and the other one that it speaks of."""
    example = re.search(r"```yaml\n(.*?)```", SECTIONS["Outcomes"], re.DOTALL)
    assert example
    other = b"{pin: p-sales, triggers: [{source: other}], update: {}}"
    mappings = load_texts({"page.yaml": example[1].encode(), "sales.yaml": other}, {})
    heard = rehearse(mappings, b'{"orders": ' + orders.encode() + b"}")
    assert heard.outcomes[-1].kind == outcome


def test_every_outcome_is_shown_and_no_other() -> None:
    """In the order in which they are defined."""
    assert {outcome for outcome, _ in OUTCOMES} == set(get_args(OutcomeKind))


@pytest.mark.parametrize(
    ("pin_type", "content"),
    [
        ("stat-cards", {"cards": [{"no": 1}], "no": 1}),
        ("table", {"columns": [{"no": 1}], "rows": [], "no": 1}),
        ("flexible-table", {"columns": [{"no": 1}], "rows": [], "no": 1}),
        ("markdown", {"collaboration": {"no": 1}, "no": 1}),
        ("text-media", {"imageConfig": {"no": 1}, "embedConfig": {"no": 1}, "no": 1}),
    ],
)
def test_the_fields_of_a_type_are_those_that_are_checked(pin_type: str, content: dict[str, Any]) -> None:
    """Every field that a message would list, and no type that is not checked."""
    (row,) = [row for row in rows_of_content() if f"`{pin_type}`" in row.split("|")[1]]
    notes = fit({"metadata": {"pin_config": content}}, pin_type).notes
    fields = {field for note in notes for field in note.message.partition("allowed are ")[2].split(", ") if field}
    assert fields
    assert fields - set(re.findall(r"`(\w+)`", row)) == set()


def test_the_page_has_a_row_for_each_type_that_is_checked() -> None:
    """Of the others it is noted that they are not."""
    shown = {name for row in rows_of_content() for name in re.findall("`([^`]+)`", row.split("|")[1])}
    unchecked = {
        name
        for name in PIN_TYPES
        if any(note.is_unchecked for note in fit({"metadata": {"pin_config": {}}}, name).notes)
    }
    assert shown == PIN_TYPES - unchecked


def rows_of_content() -> list[str]:
    """Give the rows of the table of content."""
    return re.findall(r"^\| `.*\|$", SECTIONS["Content by type"], re.MULTILINE)
