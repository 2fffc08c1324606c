"""The order of versions is total, for any values that an event can bring."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bridge.mappings.values.values import Value
from bridge.mappings.values.versions import version_order

_SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.decimals(-3, 3, places=1),
    st.integers(),
    st.text(max_size=3),
    st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 3), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds are naive
)
_PARTS = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2), st.dictionaries(st.text(max_size=1), _SCALARS, max_size=2))
_VERSIONS = st.lists(_PARTS, max_size=3).map(tuple)


@given(_VERSIONS, _VERSIONS)
def test_one_order_whoever_asks(a: tuple[Value, ...], b: tuple[Value, ...]) -> None:
    """One of two is the newer, or neither; a version is as new as itself."""
    left, right = version_order(a), version_order(b)
    assert (left < right) + (left > right) + (left == right) == 1
    assert (left < right) == (right > left)
    assert version_order(a) == left


@given(_VERSIONS, _VERSIONS, _VERSIONS)
def test_the_order_is_transitive(a: tuple[Value, ...], b: tuple[Value, ...], c: tuple[Value, ...]) -> None:
    """If a is not newer than b, and b not newer than c, a is not newer than c."""
    first, second, third = map(version_order, (a, b, c))
    if first <= second <= third:
        assert first <= third
