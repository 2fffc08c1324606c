"""What makes another definition of an entry, and what does not."""

import pytest
from support.events import an_event

from bridge.mappings import Mapping, MappingSet, load_texts

MAPPING = """
pin: p-1
timezone: Europe/Berlin
constants: {rate: 2, goal: 100}
triggers:
  - name: sale
    source: shop
    event: sold
    extract: {amount: $.amount, buyer: $.buyer}
    key: $.id
  - name: refund
    source: shop
    extract: {refunded: $.amount}
state:
  sales: {sum: "{{ amount * rate }}", every: day, by: buyer}
  back: {sum: refunded}
  rows: {rows: {buyer: buyer, n: {count: sale}, two: "{{ row.n * 2 }}"}, key: buyer, limit: 5}
update: {metadata: {title: "{{ sales.value }}"}}
"""


def compiled(*changes: tuple[str, str]) -> Mapping:
    """Load the mapping with some of its text replaced."""
    text = MAPPING
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_texts({"m.yaml": text.encode()}, {}).mappings["m"]


def changed(*changes: tuple[str, str]) -> set[str]:
    """Name the entries whose fingerprint changes, and the newest events where theirs does."""
    before, after = compiled(), compiled(*changes)
    names = {name for name, each in after.state.items() if each.fingerprint != before.state[name].fingerprint}
    return names | ({"latest"} if after.latest_fingerprint != before.latest_fingerprint else set())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pin: p-1", "description: x\npin: p-1"),
        ("sales.value", "sales.total"),
        ("update:", "deliver: {refresh: 1h}\nupdate:"),
        ("update:", "tests: [{name: a, send: {body: {}}, expect: none}]\nupdate:"),
        ("row.n * 2", "row.n * 3"),
        (', two: "{{ row.n * 2 }}"', ""),
        ("limit: 5", "limit: 6"),
        (", limit: 5", ", limit: 5, order: oldest"),
        ("goal: 100", "goal: 200"),
        ("every: day, by: buyer", "by: buyer, every: 24h"),
        ("by: buyer", "by: buyer, limit: 100"),
    ],
)
def test_what_is_only_read_changes_no_definition(old: str, new: str) -> None:
    """Prose, templates, tests, what a row is asked for when it is read, and other words for the same."""
    assert changed((old, new)) == set()


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("pin: p-1", "pin: p-2", {"sales", "back", "rows", "latest"}),
        ("pin: p-1", "pin: p-{{ 1 }}\npins: [p-1]", {"sales", "back", "rows", "latest"}),
        ("Europe/Berlin", "Europe/Paris", {"sales", "back", "rows", "latest"}),
        ("rate: 2", "rate: 2.5", {"sales"}),
        ("event: sold", "event: paid", {"sales", "rows", "latest"}),
        ("event: sold", "event: sold\n    when: {$.amount: {gt: 0}}", {"sales", "rows", "latest"}),
        ("key: $.id", "key: $.id\n    at: $.at", {"sales", "rows", "latest"}),
        ("key: $.id", "key: $.id\n    version: $.at", {"sales", "rows", "latest"}),
        ("key: $.id", "key: $.number", {"sales", "rows", "latest"}),
        ("key: $.id", "key: $.id\n    each: $.items", {"sales", "rows", "latest"}),
        ("refunded: $.amount", "refunded: $.sum", {"back", "latest"}),
        ("every: day", "every: week", {"sales"}),
        ("every: day", "every: day, keep: 2", {"sales"}),
        ("every: day", "every: day, when: {buyer: ann}", {"sales"}),
        ("{sum: refunded}", "{max: refunded}", {"back"}),
        ("limit: 5", "capacity: 5", {"rows"}),
        (", limit: 5", ", order: n", {"rows"}),
        ("n: {count: sale}", "n: {count: sale}, m: buyer", {"rows"}),
    ],
)
def test_what_decides_what_is_folded_changes_the_definition(old: str, new: str, names: set[str]) -> None:
    """Of the entries that it concerns alone."""
    assert changed((old, new)) == names


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        ("amount * rate", "amount", True),
        ("event: sold", "event: paid", True),
        ("every: day", "every: day, keep: 9", True),
        ("Europe/Berlin", "Europe/Paris", False),
        ("every: day", "every: week", False),
        ("every: day, by: buyer", "every: day", False),
        ("every: day, by: buyer", "every: day, by: [buyer]", True),
        ('sum: "{{', 'mean: "{{', False),
    ],
)
def test_buckets_of_one_shape_can_stand_beside_each_other(old: str, new: str, stays: bool) -> None:  # noqa: FBT001  # a column
    """The shape is how they are kept, not what is."""
    assert (compiled((old, new)).state["sales"].shape == compiled().state["sales"].shape) is stays


def test_every_evaluation_has_the_one_object_of_all_fingerprints() -> None:
    """So that it is known at a glance that nothing else was loaded meanwhile."""
    mapping = compiled()
    mappings = MappingSet([mapping])
    first, second = (mappings.evaluate(an_event(source=source)).fingerprints for source in ("shop", "other"))
    assert first is second
    assert first == {
        ("m", ""): mapping.latest_fingerprint,
        **{("m", name): each.fingerprint for name, each in mapping.state.items()},
    }
