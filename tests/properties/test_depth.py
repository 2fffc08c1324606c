"""How deep a body is nested is read from its bytes; here from the value that they say, by an oracle written apart."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.bodies import JSON_FORMAT, read_payload

DEEPEST = 100

hostile_text = st.text(alphabet='"\\[]{}:,a/n\u00e9\u2028', max_size=6)
sibling: st.SearchStrategy[Json] = st.one_of(
    hostile_text, st.lists(hostile_text, max_size=2), st.dictionaries(hostile_text, st.just([{}]))
)
wrapping = st.tuples(st.booleans(), hostile_text, sibling, sibling)


@st.composite
def nested(draw: st.DrawFn) -> Json:
    """A value nested about as deep as is allowed, with siblings whose texts hold what could mislead."""
    wrappings = draw(st.lists(wrapping, min_size=1, max_size=5))
    value: Json = draw(sibling)
    for turn in range(draw(st.integers(DEEPEST - 6, DEEPEST + 4))):
        is_object, key, before, after = wrappings[turn % len(wrappings)]
        wrapped: Json = {"0": before, f"k{key}": value, "1": after} if is_object else [before, value, after]
        value = wrapped
    return value


def depth(value: Json) -> int:
    """Count the levels."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(value=nested(), is_ascii=st.booleans(), indent=st.sampled_from([None, 1]))
@example(value=["[" * 200, "]" * 200, [["\\", '"[', "\\\\"]] * 60], is_ascii=True, indent=None)
def test_a_body_is_refused_exactly_where_its_value_is_too_deep(value: Json, is_ascii: bool, indent: int | None) -> None:  # noqa: FBT001
    """With brackets, quotes and backslashes in its texts, however they are written."""
    body = json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode()
    if depth(value) <= DEEPEST:
        assert read_payload(body, JSON_FORMAT, form_json=None) == value
    else:
        with pytest.raises(SenderError, match="nested deeper than 100 levels"):
            read_payload(body, JSON_FORMAT, form_json=None)
