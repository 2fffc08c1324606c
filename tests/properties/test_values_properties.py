from datetime import UTC
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.mappings.values.values import Value, decode_values, encode_values, exact, plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))
)
KEYS = st.text() | st.sampled_from(["$decimal", "$time", "$integer", "$object"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_decode_undoes_encode(values: dict[str, Value]) -> None:
    """Numbers keep their digits and kind, instants their microseconds, objects their order."""
    assert repr(decode_values(encode_values(values))) == repr(values)


@given(st.floats(-(2.0**63), 2.0**63))
def test_exact_and_plain_are_inverse_on_doubles(number: float) -> None:
    """What came as a double leaves as the same number."""
    decimal = exact(number)
    assert isinstance(decimal, Decimal)
    left = plain(decimal)
    assert isinstance(left, int | float)
    assert float(left) == number
