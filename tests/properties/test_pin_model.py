import orjson
from hypothesis import given
from hypothesis import strategies as st

from bridge.pin_model import PIN_TYPES, fit
from bridge.sandbox.pins import Pins

numbers = st.integers(-(2**70), 2**70) | st.floats() | st.decimals()
leaves = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.datetimes()
WORDS = """
is_public metadata title tags pin_config cards value change trend columns rows id label name type content
mediaType imageConfig embedConfig textPosition url x
"""
names = st.sampled_from(WORDS.split()) | st.text(max_size=3)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4))
pin_types = st.none() | st.sampled_from(sorted(PIN_TYPES)) | st.text(max_size=5)

texts = st.text(st.characters(codec="utf-8"), max_size=8)
wanted_text = texts | st.none() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
cells = texts | st.none() | st.integers(-(2**63), 2**63)
trends = st.sampled_from(["up", "down", "neutral", "sideways", None])
cards = st.fixed_dictionaries(
    {"title": wanted_text, "value": wanted_text}, optional={"change": wanted_text, "trend": trends}
)
tables = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4, unique=True).flatmap(
    lambda ids: st.fixed_dictionaries(
        {
            "columns": st.just([{"id": each, "label": each.upper()} for each in ids]),
            "rows": st.lists(st.dictionaries(st.sampled_from(ids), cells), max_size=4),
        }
    )
)
contents = (
    st.fixed_dictionaries({"cards": st.lists(cards, min_size=1, max_size=4)})
    | tables
    | st.fixed_dictionaries({"content": wanted_text})
)
likely = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({"pin_config": contents}, optional={"title": wanted_text})}
)


@given(trees | likely, pin_types)
def test_fitting_never_raises_and_a_second_fit_changes_nothing(body: object, pin_type: str | None) -> None:
    """Whatever the body holds; compared by text, because NaN is not equal to itself."""
    once = fit(body, pin_type)
    twice = fit(once.body, pin_type)
    assert repr(twice.body) == repr(once.body)
    assert twice.coerced == ()
    if isinstance(body, dict):
        assert (twice.flaws, twice.pin_type) == (once.flaws, once.pin_type)


@given(likely)
def test_a_body_fitted_without_flaws_is_accepted_by_the_sandbox(body: object) -> None:
    """After a trip through JSON, as on the wire."""
    fitted = fit(body)
    assert fitted.flaws == ()
    received = orjson.loads(orjson.dumps(fitted.body))
    pin = Pins(auto_create=True, types={}).update("p-a", received, 1)
    assert pin.content == received["metadata"]["pin_config"]
    assert pin.pin_type == fitted.pin_type
