"""Mappings that may write to one pin are told, with who gets it."""

import re
from itertools import product

import pytest

from bridge.mappings import load_texts, overlaps

LITERAL = "pin: {}\ntriggers: [{{source: stripe}}]\nupdate: {{metadata: {{title: x}}}}\n"
_REST = "triggers: [{{source: stripe, extract: {{shop: $.shop}}}}]\nupdate: {{metadata: {{title: x}}}}\n"
FAMILY = f'pin: "p-{{{{{{{{ shop }}}}}}}}"\npins: [{{}}]\n{_REST}'
LOOK_UP = f'pin: "{{{{{{{{ pins[shop] }}}}}}}}"\nconstants: {{{{pins: {{{{a: {{}}}}}}}}}}\n{_REST}'


def told(**files: str) -> list[str]:
    """Give what is told of mappings by name."""
    mappings = load_texts({f"{name}.yaml": text.encode() for name, text in files.items()}, {})
    return [str(problem) for problem in overlaps(mappings.mappings.values())]


def test_a_literal_pin_beside_a_family_that_allows_it() -> None:
    """It is told where the family stands, once for two mappings."""
    (found,) = told(blue=LITERAL.format("p-g-blue"), family=FAMILY.format("p-g-?*, 'p-*-blue'"))
    assert found == (
        "family.yaml:1:6: this family may also write to p-g-blue, the pin of blue.yaml (line 1); "
        "that mapping keeps it, and takes it over"
    )
    assert told(red=LITERAL.format("p-red"), family=FAMILY.format("p-g-?*")) == []


def test_two_families_that_meet() -> None:
    """Each may be first."""
    (found,) = told(a=FAMILY.format("p-g-?*"), b=FAMILY.format("p-*-x"))
    assert found == (
        "a.yaml:1:6: this family and that of b.yaml (line 1) may both write to p-g-?*; "
        "whichever an event moves first keeps the pin"
    )
    assert told(a=FAMILY.format("p-g-?*"), b=FAMILY.format("p-h-*")) == []


def test_the_ids_of_a_look_up() -> None:
    """Beside a literal pin, beside another look-up, and beside a glob."""
    look_up = LOOK_UP.format("p-g-blue")
    assert len(told(a=LITERAL.format("p-g-blue"), b=look_up)) == 1
    assert len(told(a=look_up, b=look_up)) == 1
    assert len(told(a=FAMILY.format("p-g-*"), b=look_up)) == 1
    assert told(a=LITERAL.format("p-g-red"), b=look_up) == []


def test_a_mapping_that_is_not_enabled_writes_to_none() -> None:
    """So nothing is told of it."""
    assert told(a=LITERAL.format("p-g-blue") + "enabled: false\n", b=FAMILY.format("p-g-*")) == []


@pytest.mark.parametrize(
    ("left", "right"),
    list(product(("p-a", "p-a*", "p-*a", "p-?", "p-*", "p-a?b", "p-[ab]", "p-[!a]*", "p-*b*"), repeat=2)),
)
def test_globs_meet_where_some_text_matches_both(left: str, right: str) -> None:
    """Tried with every short text."""
    texts = ["p-" + "".join(letters) for length in range(4) for letters in product("abc", repeat=length)]
    patterns = [re.compile(each.replace("[!", "[^").replace("?", ".").replace("*", ".*")) for each in (left, right)]
    meet = any(all(pattern.fullmatch(text) for pattern in patterns) for text in texts)
    if left == right == "p-a":
        return
    found = told(a=FAMILY.format(f"'{left}'"), b=FAMILY.format(f"'{right}'"))
    both_are_sets = left.startswith("p-[") and right.startswith("p-[")
    assert bool(found) == meet or both_are_sets
