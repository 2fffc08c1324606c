"""What `try` and `test` say of triggers: each by its name, and of many items a few."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.cli.explanations import explanation_lines, explanations_json
from bridge.inbound import load_sources
from bridge.mappings import load_texts
from bridge.rehearsal import Rehearsal, Sample

UPDATE = "update: {metadata: {title: x}}"
EACH = (
    "pin: p-a\ntriggers: [{name: line, source: shop, each: '$.items[*]', extract: {n: {path: $.n, as: number}}}]\n"
    f"{UPDATE}"
)


def told(mapping: str, *payloads: Mapping[str, Any]) -> tuple[list[str], Any]:
    """Deliver payloads; gives what is told of the last one, as lines and as JSON."""
    mappings = load_texts({"m.yaml": mapping.encode()}, {})
    declared = b"shop: {verify: none, dedupe: 1h, event: $.type, id: $.id}"
    sources = load_sources(mappings.source_places, declared, lambda _: ())
    run = Rehearsal(mappings, sources, horizon_s=86400, max_body_bytes=2**20)
    samples = [Sample(name="a", source="shop", body=json.dumps({"id": "evt_1", **each}).encode()) for each in payloads]
    *_, delivery = run.deliver(samples, datetime(2026, 11, 22, tzinfo=UTC))
    compiled = mappings.mappings["m"]
    return list(explanation_lines(compiled, delivery)), explanations_json(compiled, delivery)


def test_triggers_that_were_ruled_out_together_are_told_by_name() -> None:
    """The index has one outcome for all of them; each says its own condition, and no event type that it does take."""
    triggers = "".join(
        f"  - {{name: t{n}, source: shop, event: [sale, rent], when: {{$.kind: k{n}}}}}\n" for n in range(40)
    )
    lines, as_json = told(f"pin: p-a\ntriggers:\n{triggers}{UPDATE}", {"type": "sale", "kind": "k1"})
    assert lines[:4] == [
        "t0 does not match",
        "  ✗ $.kind: wanted 'k0', found 'k1'",
        "t1 matches → p-a",
        "  ✓ $.kind: wanted 'k1', found 'k1'",
    ]
    assert len(lines) == 80
    assert {each["not_asked"] for each in as_json} == {""}
    lines, as_json = told(f"pin: p-a\ntriggers:\n{triggers}{UPDATE}", {"type": "lease", "kind": "k1"})
    assert lines[0] == "t0 is not asked: it takes sale or rent, and this is lease"


def test_of_many_items_a_few_are_told() -> None:
    """With how many more there are, and the first of these that failed."""
    items = [{"n": n} for n in range(3000)]
    lines, as_json = told(EACH, {"items": items})
    assert lines[:2] == ["line, item 1 of 3,000 matches → p-a", "  n = $.n, as number  0"]
    assert lines[10:] == ["line: and 2,995 more items"]
    assert len(as_json[0]["passes"]) == 5
    items[6]["n"] = "many"  # type: ignore[assignment]  # what an author did not expect
    lines, _ = told(EACH, {"items": items})
    assert lines[10].startswith("line, item 7 of 3,000 fails: n: ")
    assert lines[11:] == ["line: and 2,995 more items"]


def test_of_many_outcomes_of_one_kind_the_last_says_how_many_there_were() -> None:
    """Outcomes that were left out at the start have none for each item."""
    lines, _ = told(EACH, {"items": [{"n": "many"}] * 200})
    assert [line for line in lines if "fails" in line and "more" in line] == ["line fails: and 101 more like these"]
    assert len(lines) == 6


def test_of_a_duplicate_is_told_what_it_would_have_been() -> None:
    """Headed by that."""
    payload = {"items": [{"n": 1}]}
    lines, _ = told(EACH, payload, payload)
    assert lines[:2] == [
        "a duplicate: this delivery was met before, so it changes nothing; else",
        "line matches → p-a",
    ]


def test_a_path_that_was_meant_is_told_where_one_finds_nothing() -> None:
    """Beside a condition, a variable, and outcomes that have none for each item; and for a script."""
    mapping = f"pin: p-a\ntriggers: [{{name: a, source: shop, extract: {{n: $.totl}}}}]\n{UPDATE}"
    lines, as_json = told(mapping, {"total": 1})
    assert lines[0].startswith("a fails: n: ")
    assert "; did you mean $.total? Else give it a default" in lines[0]
    assert as_json[0]["passes"][0]["advice"] == "did you mean $.total?"
    when = "when: {'$.items[*].n': 1}"
    lines, _ = told(EACH.replace("extract:", f"{when}, extract:"), {"items": [{"n": 1}]})
    assert lines[1].endswith("; `$` is the item here: write $.n")
    lines, _ = told(EACH.replace("$.n,", "'$.items[0].n',"), {"items": [{"n": 1}] * 200})
    assert lines[0].startswith("line fails: n: ")
    assert lines[0].endswith("; `$` is the item here: write $.n")
