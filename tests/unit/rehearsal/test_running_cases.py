"""Running cases: when one passes, and what is said of one that does not."""

import pytest
from support.rehearsing import results

from bridge.rehearsal import CaseResult

MAPPING = """\
pin: p-sales
enabled: false
triggers: [{source: shop, event: sale, extract: {total: {path: $.total, as: number}}, at: $.at}]
update: {metadata: {title: "{{ total.real if total == 9 else total }} at {{ now | datetime('HH:mm') }}"}}
tests:
"""
SOURCES = b"shop: {verify: none, dedupe: off, event: $.type}"
SALE = "send: {body: {type: sale, total: 5}}"


def run(case: str, mapping: str = MAPPING) -> CaseResult:
    """Run one case."""
    (result,) = results(f"{mapping}  - {{name: a, {case}}}\n", SOURCES)
    return result


@pytest.mark.parametrize(
    "case",
    [
        f"{SALE}, expect: {{metadata: {{title: '5 at 00:00'}}}}",
        f"{SALE}, now: 2026-11-22T08:30:00Z, expect: {{metadata: {{title: '5 at 08:30'}}}}",
        "send: {body: {type: sale, total: 5, at: 2026-11-22T07:15:00Z}}, expect: {metadata: {title: 5 at 07:15}}",
        "expect: {metadata: {title: '– at 00:00'}}",
        "send: {body: {type: other}}, expect: {metadata: {title: '– at 00:00'}}",
        "send: {body: {type: other}}, expect: none",
        "send: {body: {type: sale}}, expect: {error: $.total}",
        "send: {body: {type: sale, total: many}}, expect: {error: \"'many'\"}",
        "send: {body: '{'}, expect: {error: 400 bad_json}",
        "send: {body: {type: sale, total: 9}}, expect: {error: real}",
    ],
)
def test_a_case_that_passes(case: str) -> None:
    """Even of a mapping that is not enabled."""
    assert run(case).faults == ()


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("send: {body: {type: sale}}, expect: none", "$.total"),
        (f"{SALE}, expect: none", "expected that nothing is sent, but p-sales moved"),
        (f"{SALE}, expect: {{error: late}}", "expected an error with 'late' in it, came: none"),
        (SALE, "it expects nothing as yet; `pinbridge test --update` writes what comes"),
        (f"{SALE}, expect: {{metadata: {{title: 6}}}}", "metadata.title differs"),
        ("send: {body: {type: sale, total: 9}}, expect: {}", "'real'"),
        ("send: gone.json, expect: none", "gone.json: cannot be read: No such file or directory"),
    ],
)
def test_a_case_that_fails_says_why(case: str, told: str) -> None:
    """First of all."""
    assert told in run(case).faults[0].message


def test_a_sample_that_is_not_there_is_told_where_it_is_named() -> None:
    """With one place."""
    (fault,) = run("send: [{file: gone.json}], expect: none").faults
    assert fault.place.column > 1
    assert fault.message.startswith("gone.json: cannot be read")


def test_a_template_that_needs_an_event_is_no_fault_of_a_case_that_sends_nothing() -> None:
    """An event that moves nothing draws nothing."""
    mapping = MAPPING.replace("total.real if total == 9 else total", "total + 'x'")
    assert run("send: {body: {type: other}}, expect: none", mapping).faults == ()


def test_a_family_shows_only_what_an_event_moved() -> None:
    """Nothing is sent to a pin that no event names."""
    family = MAPPING.replace("pin: p-sales", "pin: '{{ pins[event.type] }}'\nconstants: {pins: {sale: p-a, rent: p-b}}")
    assert run(f"pin: p-a, {SALE}, expect: {{metadata: {{title: 5 at 00:00}}}}", family).faults == ()
    (fault,) = run(f"pin: p-b, {SALE}, expect: {{}}", family).faults
    assert fault.message == "no event moves the pin p-b, so nothing is sent"
    assert run(f"pin: p-b, {SALE}, expect: none", family).faults == ()
