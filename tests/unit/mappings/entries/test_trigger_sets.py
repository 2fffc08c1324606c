"""Sets of triggers, by the names that they know."""

import pytest

from bridge.mappings import load_texts
from bridge.mappings.entries.trigger_sets import NO_TRIGGERS, positions

TRIGGERS = "".join(
    f"  - {{name: t{number}, source: s, extract: {{all: $.a, own{number}: $.a, odd{number % 2}: $.a}}}}\n"
    for number in range(300)
)


@pytest.mark.parametrize(("triggers", "expected"), [(NO_TRIGGERS, []), (0b1, [0]), (0b1010, [1, 3]), (1 << 70, [70])])
def test_a_set_gives_its_positions_in_order(triggers: int, expected: list[int]) -> None:
    """However many triggers there are."""
    assert list(positions(triggers)) == expected


def test_of_many_triggers_each_tells_what_it_can() -> None:
    """In the author's order of entries."""
    state = "{a: {sum: all}, b: {sum: odd1}, c: {sum: own7}, d: {count: [t7, t8]}, e: {rows: {x: all, y: odd0}}}"
    text = f"pin: p-1\ntriggers:\n{TRIGGERS}state: {state}\nupdate: {{}}\n"
    mapping = load_texts({"m.yaml": text.encode()}, {}).mappings["m"]
    told = [len(trigger.operations) for trigger in mapping.triggers]
    assert [told[6], told[7], told[8], told[9], told[299]] == [2, 5, 3, 3, 3]
    tables = [trigger.operations[-1] for trigger in mapping.triggers]
    assert tables[0] is tables[2]
    assert tables[1] is tables[3] is not tables[0]
