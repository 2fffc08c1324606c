from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.events import Json
from bridge.mappings.queries.listing import LeftOut, list_paths
from bridge.mappings.queries.queries import compile_query
from bridge.mappings.values.bounds import Work

NAMES = st.sampled_from(["a", "b", "where", "user name", "it's", 'a"b', "'\"", "a\\b", "*", "a.b", "", "$", "é", "0"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a"])
PAYLOADS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)


@given(PAYLOADS)
def test_each_path_finds_the_value_beside_it(payload: Json) -> None:
    """Compiled as in a mapping, it has as many matches as were told, and no path stands there twice."""
    found = list(list_paths(payload, LeftOut(), every_item=True))
    assert len({each.path for each in found}) == len(found)
    for each in found:
        query = compile_query(each.path)
        assert query.single is (each.count is None)
        matches = query.find(payload, Work())
        assert len(matches) == (each.count or 1)
        assert matches[0] is each.value


@given(PAYLOADS)
def test_nothing_is_lost_without_a_count(payload: Json) -> None:
    """Every leaf of the payload is the value of one path, or is counted as out of reach."""
    left_out = LeftOut()
    shown = sum(1 for each in list_paths(payload, left_out, every_item=True) if each.count is None)
    assert (left_out.items, left_out.is_cut) == (0, False)
    assert shown == leaves_in(payload) if not left_out.unreachable else shown < leaves_in(payload)


def leaves_in(value: Any) -> int:
    """Count texts, numbers, booleans, nulls and empty containers."""
    if isinstance(value, dict | list) and value:
        return sum(map(leaves_in, value.values() if isinstance(value, dict) else value))
    return 1
