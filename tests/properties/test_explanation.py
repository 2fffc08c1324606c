from datetime import UTC, datetime

import orjson
from hypothesis import given
from hypothesis import strategies as st
from support.events import an_event

from bridge.events import Event, Json
from bridge.mappings import load_texts
from bridge.mappings.triggers.explanation import explain

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHEN = [
    "$.a: 1",
    "$.b: {gt: 2}",
    "$.b: {exists: false}",
    "$.list[*]: 1",
    "x: 1",
    "header.x-a: yes",
    "$.a: {matches: a}",
]
EXTRACT = ["x: $.a", "y: {path: $.b, default: 7}", "z: {path: $.a, as: integer}", "w: {path: '$.list[*]', take: sum}"]
LET = ['v: "{{ 1 / 0 }}"', 'u: "{{ y + 1 }}"']
VALUES: st.SearchStrategy[Json] = st.sampled_from([0, 1, 3, "a", "1", None, [], [1, 1], {}, "x"])
ITEMS = st.dictionaries(st.sampled_from(["a", "b", "list"]), VALUES, max_size=3)
PAYLOADS = st.builds(lambda item, items: {**item, "items": items}, ITEMS, st.lists(ITEMS, max_size=4))


@given(
    payload=PAYLOADS,
    when=st.lists(st.sampled_from(WHEN), unique_by=lambda line: line.partition(":")[0]),
    each=st.sampled_from(["", "    each: $.items[*]\n", "    each: $.a\n"]),
    event=st.sampled_from(["", "    event: sale\n", "    event: [refund, 'sa*']\n"]),
)
def test_an_explanation_ends_as_the_trigger_did(payload: Json, when: list[str], each: str, event: str) -> None:
    """For each item: every condition held and every variable was taken where it matched, and else not."""
    lines = ["    when:"] + [f"      {line}" for line in when] if when else []
    extract = ["    extract:", *(f"      {line}" for line in EXTRACT), "    let:", *(f"      {line}" for line in LET)]
    text = "pin: p-a\ntriggers:\n  - source: shop\n" + event + each + "\n".join([*lines, *extract]) + "\nupdate: {}\n"
    mappings = load_texts({"a.yaml": text.encode()}, {})
    heard = happened(payload)
    explanation = explain(mappings.mappings["a"].triggers[0], heard)
    kinds = [outcome.kind for outcome in mappings.evaluate(heard).outcomes]
    if explanation.not_asked:
        assert kinds == []
    elif kinds == ["no_items"]:
        assert explanation.items == 0
        assert [each.holds for each in explanation.passes] == [True]
    else:
        assert [verdict(each.holds, each.fault) for each in explanation.passes] == kinds
        assert len(explanation.passes) == max(explanation.items, 1)


def verdict(holds: bool, fault: str) -> str:  # noqa: FBT001  # as a pass tells it
    """Name the outcome that a pass stands for."""
    return "matched" if holds else "error" if fault else "not_matched"


def happened(payload: Json) -> Event:
    """Make an event of a payload."""
    return an_event(received_at=NOW, body=orjson.dumps(payload), payload=payload)
