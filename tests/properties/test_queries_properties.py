import copy

from hypothesis import given, reject, settings
from hypothesis import strategies as st
from jsonpath_ng.ext.parser import parse

from bridge.events import Json
from bridge.mappings.queries.queries import MISSING, compile_query
from bridge.mappings.queries.query_syntax import QuerySyntaxError, checked_steps
from bridge.mappings.queries.query_syntax import parse as read
from bridge.mappings.values.bounds import Work

NAMES = ["a", "b", "c-d", "7", "user name", "a.b", "true", "null", "*", "$", "é", "where"]
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.sampled_from(["", "a", "ab7"])
PAYLOADS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
NAME_STEPS = st.sampled_from([".a", ".b", ".c-d", ".true", ".null", *(f"['{name}']" for name in NAMES)])
PLAIN_STEPS = NAME_STEPS | st.integers(-5, 5).map("[{}]".format)
BOUNDS = st.none() | st.integers(-5, 5)
SLICES = st.tuples(BOUNDS, BOUNDS, BOUNDS.filter(lambda step: step != 0)).map(
    lambda bounds: "[" + ":".join("" if bound is None else str(bound) for bound in bounds) + "]"
)
MANY_STEPS = PLAIN_STEPS | st.sampled_from(["[*]", ".*"]) | SLICES
OPERANDS = st.sampled_from(
    [
        "@",
        "@.a",
        "@.b",
        "@[0]",
        "@[-1]",
        "@.*",
        "@[*]",
        "@[*].a",
        "@.a[1:]",
        "@['user name']",
        "b",
        "$.a",
        "$[0].b",
        "$",
    ]
)
NESTED = OPERANDS | st.sampled_from(["@[?(@.a)]", "@.b[?(@ > 1)].a", "@[?(@ == $.a)]", "@[?(!@[0])]"])
LITERALS = st.sampled_from(["null", "true", "false", "0", "1", "-2", "1.0", "2.5", "''", "'a'", '"ab7"'])
OPERATORS = st.sampled_from([" == ", " != ", " < ", " <= ", " > ", ">="])
COMPARISONS = st.tuples(NESTED, OPERATORS, LITERALS | OPERANDS).map("".join)
CONDITIONS = NESTED | NESTED.map("!{}".format) | COMPARISONS
JOINED = st.tuples(CONDITIONS, st.sampled_from([" && ", " || "]), CONDITIONS).map("".join)
FILTERS = st.one_of(CONDITIONS, COMPARISONS, JOINED, JOINED.map("({}) && @.a".format)).map("[?({})]".format)
"""Of every kind; those that the language refuses are passed over."""


PIECES = st.sampled_from(
    [".a", ".b-1", ".true", ".null", ".where", ".wherenot", ".whereabouts", ".where-x", ".7", ".7a", ".é", ".a b", ".",
     "..", "[", "]", "'", "['a']", "['a b']", "['*']", "['']", "['a','b']", "[0]", "[-1]", "[007]", "[ 1 ]", "[1,2]",
     "[1:2]", "[*]", ".*", "*", "$", "@", ".@a", "-1", "/", "\\", "a", "0", " ", "\n", "\t", "1.5", "(", "|"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=6).map(lambda pieces: "$" + "".join(pieces))


def by_jsonpath_ng(path: str, payload: Json) -> list[Json]:
    """Find as the library itself does, parsing included."""
    return [match.value for match in parse(path).find(payload)]


@settings(max_examples=400)
@given(TEXTS | st.text("$.[]'*_-aw07: \n", max_size=8).map("$".__add__))
def test_a_path_is_read_as_jsonpath_ng_reads_it(text: str) -> None:
    """What is read without the library's parser gives the same steps, and it refuses nothing that is read so."""
    try:
        steps = checked_steps(read(text), text)
    except QuerySyntaxError:
        return
    assert repr(steps) == repr(checked_steps(parse(text), text))


@given(PAYLOADS, st.lists(PLAIN_STEPS, max_size=5))
def test_a_look_up_gives_what_jsonpath_ng_gives(payload: Json, steps: list[str]) -> None:
    """The fast road of children and indexes never differs from the library's."""
    path = "$" + "".join(steps)
    found = by_jsonpath_ng(path, payload)
    query = compile_query(path)
    assert query.single
    assert repr(query.get(payload)) == repr(found[0] if found else MISSING)
    assert repr(query.find(payload, Work())) == repr(found)


@given(PAYLOADS, st.lists(MANY_STEPS, max_size=5))
def test_wildcards_and_slices_give_what_jsonpath_ng_gives(payload: Json, steps: list[str]) -> None:
    """The same matches in the same order."""
    path = "$" + "".join(steps)
    assert repr(compile_query(path).find(payload, Work())) == repr(by_jsonpath_ng(path, payload))


@settings(max_examples=250)
@given(
    PAYLOADS,
    st.lists(MANY_STEPS | FILTERS, max_size=3),
    st.sampled_from(["", "..a", "..*", "..[0]", "..['user name']", "..[-2:]"]) | FILTERS.map("..{}".format),
    st.lists(MANY_STEPS | FILTERS, max_size=2),
)
def test_filters_and_descents_give_what_jsonpath_ng_gives(
    payload: Json, steps: list[str], descent: str, tail: list[str]
) -> None:
    """Whatever the payload holds, the same matches in the same order, and it stays as it was."""
    path = "$" + "".join(steps) + descent + "".join(tail)
    try:
        query = compile_query(path)
    except QuerySyntaxError:
        reject()
    before = copy.deepcopy(payload)
    found = query.find(payload, Work())
    assert repr(payload) == repr(before)
    assert repr(found) == repr(by_jsonpath_ng(path, payload))
