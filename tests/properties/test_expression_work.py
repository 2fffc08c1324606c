"""What an expression costs is counted: however filters are chained, many turns of it come to an end soon."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.mappings.expressions.expressions import Surroundings, TemplateSyntaxProblem, compile_text, scope_of
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.expressions.methods import TEXT_METHODS
from bridge.mappings.values.bounds import MAX_CHARACTERS, ExpressionError, Work
from bridge.mappings.values.values import Value

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VARIABLES: dict[str, Value] = {
    "text": "aB-<ß" * 40_000,
    "spaces": " " * 200_000,
    "accents": "a" + "\u0301" * 30_000 + "\u0327" * 30_000,
    "encoded": "[" + "[1,2]," * 30_000 + "1]",
    "large": 10**399,
    "long": Decimal("1." + "9" * 400),
    "at": NOW,
    "numbers": [*range(9_999)],
    "times": [NOW] * 9_999,
    "texts": ["A" * 2_000 + str(number) for number in range(100)],
    "rows": [{"x": "y" * 20, "n": number} for number in range(9_000)],
    "table": {f"key{number}": "v" * 10 for number in range(20_000)},
    "nested": [[list(range(9_000))]] * 20,
}
NAMES = st.sampled_from(sorted(VARIABLES))
ARGUMENTS = st.sampled_from(
    ["", "1", "20", "'x'", "'n'", "'EUR'", "'upper'", "'sort'", "'in', texts", "'eq', text", "attribute='x'",
     "'a', text", "'EEEE zzzz vvvv'", "attribute='x.x.x'", "numbers", "true"]
)  # fmt: skip
FILTERS = st.tuples(st.sampled_from(sorted(name for name in DIALECT.filters if name.isidentifier())), ARGUMENTS)
CALLS = st.tuples(st.sampled_from(sorted({*TEXT_METHODS, "replace", "index", "items", "get"})), ARGUMENTS)
STEPS = FILTERS.map(" | {0[0]}({0[1]})".format) | CALLS.map(".{0[0]}({0[1]})".format) | st.sampled_from(["[0]", "[1:]"])
CHAINS = st.tuples(NAMES, st.lists(STEPS, max_size=3)).map(lambda chain: chain[0] + "".join(chain[1]))
JOINED = st.tuples(CHAINS, st.sampled_from(["+", "-", "*", "//", "**", "~", "==", "<", "in"]), CHAINS)
EXPRESSIONS = CHAINS | JOINED.map("({0[0]}) {0[1]} ({0[2]})".format)


@settings(max_examples=60, deadline=None)
@example("(long) ** (long)")
@given(EXPRESSIONS)
def test_ten_thousand_turns_end_soon_whatever_the_expression_does(expression: str) -> None:
    """By the bound of the work, or because they are little; nothing but our own errors comes out.

    The time is the processor's, and its bound thirty times what is meant: what is not counted takes minutes.
    """
    template = "{% for turn in range(9999) %}{% set made = " + expression + " %}{% endfor %}"
    started = time.process_time()
    with suppress(ExpressionError, TemplateSyntaxProblem):
        work = Work()
        compile_text(template, names=VARIABLES).run(scope_of(VARIABLES, Surroundings(now=NOW), work))
        assert work.left >= 0
    assert time.process_time() - started < 30


@given(CHAINS)
@settings(max_examples=60, deadline=None)
def test_no_text_is_longer_than_its_bound(expression: str) -> None:
    """Whatever makes it, and however large the values are."""
    with suppress(ExpressionError, TemplateSyntaxProblem):
        made = compile_text("{{ " + expression + " }}", names=VARIABLES).run(
            scope_of(VARIABLES, Surroundings(now=NOW), Work())
        )
        assert isinstance(made, str)
        assert len(made) <= MAX_CHARACTERS
