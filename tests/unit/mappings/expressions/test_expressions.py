import time
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bridge.mappings.expressions.expressions import (
    Surroundings,
    TemplateSyntaxProblem,
    compile_expression,
    compile_template,
    compile_text,
    is_expression,
    scope_of,
)
from bridge.mappings.values.bounds import ExpressionError, NothingFound, Work
from bridge.mappings.values.values import Value

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VARIABLES: dict[str, Value] = {
    "amount": 3,
    "price": Decimal("1.10"),
    "nothing": None,
    "word": "txt",
    "rows": [{"x": 3, "name": "b"}, {"x": None, "name": "a"}, {"x": Decimal("1.5"), "name": None}],
    "entry": {"k": 1, "items": 5},
    "at": NOW.replace(hour=17),
    "times": [NOW.replace(hour=17)],
    "span": {"of": [None, {"at": NOW.replace(hour=17)}]},
    "pins": {"acme/api": "p-1"},
}


def evaluate(expression: str, zone: str = "UTC") -> Value:
    """Compile and evaluate on the variables above."""
    surroundings = Surroundings(now=NOW, timezone=ZoneInfo(zone))
    return compile_expression("{{ " + expression + " }}", names=VARIABLES).run(
        scope_of(VARIABLES, surroundings, Work())
    )


def render(template: str) -> Value:
    """Compile and render a text on the variables above."""
    return compile_text(template, names=VARIABLES).run(scope_of(VARIABLES, Surroundings(now=NOW), Work()))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("amount + price", Decimal("4.10")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("0.1 + 0.2 == 0.3", True),
        ("amount / 0", None),
        ("nothing + 1", None),
        ("-nothing", None),
        ("amount > nothing", False),
        ("amount < nothing", False),
        ("1 < amount < 4", True),
        ("1 < amount < 3", False),
        ("word ~ nothing ~ price", "txt\N{EN DASH}1.10"),
        ("at - '2026-11-22T16:00:00Z'", 3600),
        ("entry.k", 1),
        ("entry.items", 5),
        ("entry['k']", 1),
        ("nothing.deeper.still", None),
        ("rows[0].x", 3),
        ("rows[-1].x", Decimal("1.5")),
        ("rows[9] is defined", False),
        ("rows[:2] | length", 2),
        ("word[1:]", "xt"),
        ("word[::-1]", "txt"),
        ("rows[:amount - 1.0] | length", 2),
        ("nothing[0]", None),
        ("nothing[:7]", None),
        ("pins['acme/api']", "p-1"),
        ("pins.get('other')", None),
        ("(amount, price)", [3, Decimal("1.10")]),
        ("{'a': amount}", {"a": 3}),
        ("range(3)", [0, 1, 2]),
        ("word.upper()", "TXT"),
        ("word.replace('t', 'T')", "TxT"),
        ("amount if amount > 2 else price", 3),
        ("amount in [3.0]", True),
        ("amount is divisibleby 3 and amount is odd", True),
        ("nothing is none", True),
    ],
)
def test_an_expression_gives_a_value_of_its_kind(expression: str, value: Value) -> None:
    """Not its text."""
    assert repr(evaluate(expression)) == repr(value)


def test_times_are_in_the_timezone_of_the_mapping() -> None:
    """Also inside lists and objects, at any depth, and when read from a text."""
    assert evaluate("at.hour", "Europe/Berlin") == 18
    assert evaluate("times[0].hour", "Asia/Tokyo") == 2
    assert evaluate("(times | first).hour", "Asia/Tokyo") == 2
    assert evaluate("span.of[1].at.hour", "Asia/Tokyo") == 2
    assert evaluate("(word ~ '') and ('2026-06-01T12:00:00Z' | time).hour", "Europe/Berlin") == 14


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("{{ a }}", True),
        (" {{ a | upper }}\n", True),
        ("{{ '}}' }}", True),
        ("{{ a }} {{ b }}", False),
        ("{{ a }}!", False),
        ("{% if a %}x{% endif %}", False),
        ("{{ a b }}", True),
        ("\n{{ a }}\n\n", True),
        ("{# why #}{{ a }}", True),
        ("{{ a }}{# why #}", True),
        ("{# why #}", False),
        ("{{ '{{' }}", True),
        ("{{ a }}{{ b }}", False),
        ("plain", False),
    ],
)
def test_exactly_one_expression_is_told_from_text(text: str, *, whole: bool) -> None:
    """Also where it does not compile, so that its error is told."""
    assert is_expression(text) is whole


def test_the_names_that_are_read_are_known() -> None:
    """What a template sets itself is not among them."""
    text = "{{ a.b + c }}{% set d = 1 %}{{ d }}{% for e in f %}{{ e }}{% endfor %}{{ range(2) }}"
    assert compile_text(text, names=None).names == {"a", "c", "f"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ amuont }}", "unknown variable 'amuont'; did you mean 'amount'?"),
        ("{{ amount | curency('EUR') }}", "unknown filter 'curency'; did you mean 'currency'?"),
        ("{{ rows | map('uper') }}", "unknown filter 'uper'; did you mean 'upper'?"),
        ("{{ amount is nubmer }}", "unknown test 'nubmer'; did you mean 'number'?"),
        ("{{ rows | select('nubmer') }}", "unknown test 'nubmer'; did you mean 'number'?"),
        ("{{ amount + }}", "bad template: "),
        ("{{ amount", "bad template: "),
        ("{{ 1e999 }}", "this number is too large"),
        ("{% if amount %}", "bad template: "),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros are not supported"),
        ("{% include 'x' %}", "'include' is not supported"),
        ("{% import 'x' as x %}", "'import' is not supported"),
        ("{% from 'x' import y %}", "'from … import' is not supported"),
        ("{% extends 'x' %}", "'extends' is not supported"),
        ("{% block b %}{% endblock %}", "'block' is not supported"),
        ("{% for x in rows recursive %}{{ loop(rows) }}{% endfor %}", "recursive loops are not supported"),
        ("{{ self.x }}", "unknown variable 'self'"),
        ("{{ lipsum() }}", "unknown variable 'lipsum'"),
        ("{{ cycler(1) }}", "unknown variable 'cycler'"),
        ("{{ rows | random }}", "unknown filter 'random'"),
        ("{{ word | attr('upper') }}", "unknown filter 'attr'"),
        ("{{ word | center(9) }}", "unknown filter 'center'"),
        ("{{ " + "(" * 3000 + "amount" + ")" * 3000 + " }}", "nests too deeply"),
        ("{{ " + "-" * 3000 + "amount }}", "nests too deeply"),
        ("{{ " + "amount + " * 4000 + "1 }}", "at most 20,000 are allowed"),
        ("{{ " + "[1]," * 4000 + "1 }}", "more than 5,000 parts"),
        ("{% for a in rows %}" * 30 + "{% endfor %}" * 30, "nests too deeply"),
    ],
)
def test_a_mistake_in_writing_is_found_when_compiled(text: str, message: str) -> None:
    """With the nearest word where there is one."""
    with pytest.raises(TemplateSyntaxProblem) as refused:
        compile_text(text, names=VARIABLES)
    assert message in str(refused.value)


def test_all_mistakes_of_one_text_are_found_at_once() -> None:
    """Unknown filters, tests and variables, and what is left out; each where it stands."""
    text = "{{ amuont | curency }}\n{{ wrd is strng }} {{ amount }}\n{% include 'x' %}"
    with pytest.raises(TemplateSyntaxProblem) as refused:
        compile_text(text, names=VARIABLES)
    assert {text[fault.index :].split(maxsplit=1)[0] for fault in refused.value.faults} == {
        "amuont",
        "curency",
        "wrd",
        "strng",
        "include",
    }


def test_an_error_is_traced_to_its_line() -> None:
    """Counted from 0, in a text and in an expression; also where a filter raised it."""
    for text, line in (("a\n\n{{ word + 1 }}\n", 2), ("a\n{{ word | number }}", 1), ("\n\n{{ rows[0].y + 1 }}", 2)):
        compiled = compile_template(text, names=VARIABLES)
        with pytest.raises(ExpressionError) as failed:
            compiled.run(scope_of(VARIABLES, Surroundings(now=NOW), Work()))
        assert compiled.line_of(failed.value) == line


def test_the_same_text_is_compiled_once() -> None:
    """Whatever names it may use; they are checked every time."""
    first = compile_text("twice {{ amount }}", names=VARIABLES)
    assert compile_text("twice {{ amount }}", names=["amount"]) is first
    with pytest.raises(TemplateSyntaxProblem, match="unknown variable 'amount'"):
        compile_text("twice {{ amount }}", names=["price"])


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("entry.kk", "an object has no 'kk'; did you mean 'k'?"),
        ("pins['other']", "an object has no 'other'"),
        ("rows[9]", "there is no item 9 in 3 items"),
        ("amount.real", "a number has no 'real'"),
        ("amount[0]", "a number has no item 0"),
    ],
)
def test_what_is_not_there_is_told_apart(expression: str, message: str) -> None:
    """A family's pin that its table does not know is such a case."""
    with pytest.raises(NothingFound, match=message.replace("?", "\\?")):
        evaluate(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("word + 1", "'txt' is not a number; '~' joins texts"),
        ("word.upper", "a method without its parentheses"),
        ("amount()", "a number cannot be called; leave out the parentheses"),
        ("word.split('')", "empty separator"),
        ("amount | currency(word)", "'txt' is not a currency"),
        ("word | currency('EUR')", "currency: 'txt' is not a number"),
        ("amount | number(99 + 0 * amount)", "digits are a whole number from 0 to 20"),
        ("rows | sort", "name an attribute"),
        ("amount[:2]", "a number has no part [:]"),
        ("word[::0]", "slice step cannot be zero"),
        ("word[:'a']", "'a' is not a number"),
        ("1 in 2", "'in' needs a text, a list or an object"),
        ("amount | length", "a number has no items to go over"),
    ],
)
def test_a_mistake_at_run_time_teaches(expression: str, message: str) -> None:
    """Nothing but ExpressionError comes out of an expression."""
    with pytest.raises(ExpressionError) as failed:
        evaluate(expression)
    assert message in str(failed.value)


SHARED = (
    "{% set n = namespace(s=[1], t=[1]) %}"
    "{% for a in range(60) %}{% set n.s = [n.s, n.s] %}{% set n.t = [n.t, n.t] %}{% endfor %}"
)
"""Lists of a few bytes that no comparison gets to the end of."""

LISTS = "{% set n = namespace(s=[1]) %}{% for a in range(60) %}"
LONG = "{% set s = [range(9999)] %}{% set t = [range(9999)] %}"

USES_OF_SHARED = [
    "{{ n.s == n.t }}",
    "{{ n.s in [n.t] }}",
    "{{ [n.s].index(n.t) }}",
    "{{ [n.s].count(n.t) }}",
    "{{ [n.s, n.t] | unique }}",
    "{{ [n.s, n.t] | sort }}",
    "{{ [{'k': n.s}] | groupby('k') }}",
    "{{ [n.s, n.t] | max }}",
    "{{ n.s | string }}",
    "{{ n.s + 1 }}",
    "{{ rows[n.s] }}",
    "{{ rows | map(n.s) }}",
    "{{ rows | map(attribute=n.s) }}",
    "{{ 1 | currency(n.s) }}",
]

ATTACKS = [
    "{{ range(10**9) }}",
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 10**9 }}",
    "{{ 9**(9**9) }}",
    "{{ 10**999 * 10**999 }}",
    "{{ (9**400) ** 900 }}",
    "{{ 0.1 ** -1000 ** 1000 }}",
    "{{ '%099999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'.zfill(10**9) }}",
    "{{ word | indent(10**9) }}",
    "{{ ('a,' * 9) | join('b' * 9) }}",
    "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% if range(9999) | sum %}{% endif %}{% endfor %}",
    "{% for a in range(9999) %}{% if range(9999) | map('currency', 'EUR') %}{% endif %}{% endfor %}",
    "{% for a in range(9999) %}{% if (range(9999) | sort(reverse=true)) %}{% endif %}{% endfor %}",
    "{% for a in range(9999) %}{{ 1234.5 | currency('EUR') }}{{ at | datetime('full') }}{{ at | ago }}{% endfor %}",
    "{% for a in range(9999) %}" + "x" * 9999 + "{% endfor %}",
    "{% for a in range(9999) %}{% set b %}" + "x" * 9999 + "{% endset %}{% endfor %}",
    "{% set n = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
    "{% set n = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
    "{% set n = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set n.t = n.t.replace('a', 'aa') %}{% endfor %}",
    "{% set n = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set n.t = [n.t, n.t] | join(n.t) %}{% endfor %}",
    "{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
    "{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t }}",
    "{% set n = namespace(t=9) %}{% for a in range(9999) %}{% set n.t = n.t * n.t %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ word['__class__'] }}",
    "{{ word.format.__globals__ }}",
    "{{ '{0.__class__}'.format(word) }}",
    "{{ '{0.__class__}'.format_map({'0': word}) }}",
    "{{ range.__self__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ namespace().__class__ }}",
    "{{ (rows | map(attribute='__class__')) }}",
    "{{ rows | map('attr', '__class__') }}",
    "{{ rows | sum(attribute='__class__') }}",
    "{{ rows.append(1) }}",
    "{{ entry.update({'x': 1}) }}",
    "{{ entry.pop('k') }}",
    "{{ at.strftime('%9999999d') }}",
    "{{ at.tzinfo }}",
    "{% for a in rows %}{{ loop.__class__ }}{% endfor %}",
    "{% for a in rows %}{{ loop._iterator }}{% endfor %}",
    "{% for a in rows %}{{ loop(rows) }}{% endfor %}",
    "{{ word | map('upper') | map('upper', 1) }}",
    *(SHARED + use for use in USES_OF_SHARED),
    LISTS + "{% set n.s = [n.s] + [n.s] %}{% endfor %}",
    "{% set n = namespace(s={}) %}{% for a in range(60) %}{% set n.s = {'a': n.s, 'b': n.s} %}{% endfor %}",
    "{% set n = namespace(s=(1,)) %}{% for a in range(60) %}{% set n.s = (n.s, n.s) %}{% endfor %}",
    LISTS + "{% set n.s = [nothing, nothing] | map('default', n.s) | list %}{% endfor %}",
    LISTS + "{% set n.s = rows | map(attribute='x', default=n.s) %}{% set n.s = [n.s, n.s] %}{% endfor %}",
    "{% set n = namespace(s=[1]) %}{% for a in range(9999) %}{% set n.s = [n.s] %}{% endfor %}",
    LONG + "{% for a in range(9999) %}{% set b = s == t %}{% endfor %}",
    LONG + "{% for a in range(9999) %}{% set b = s is eq t %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = range(9999).count(a) %}{% endfor %}",
    "{% set s = range(9999) %}{% for a in range(9999) %}{% set b = s.count(a) %}{% endfor %}",
    "{% set s = range(9999) %}{{ s | select('in', s) | list | length }}",
    LONG + "{% for a in range(9999) %}{% set b = loop.changed(s) or loop.changed(t) %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = [range(2000)] | string %}{% endfor %}",
]


@pytest.mark.parametrize("template", ATTACKS)
def test_an_attack_fails_quickly_and_in_little_memory(template: str) -> None:
    """Runaways and escapes from the sandbox end in one of our errors."""
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises((ExpressionError, TemplateSyntaxProblem)):
            render(template)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 5
    assert peak < 64 * 2**20


def test_nothing_that_an_expression_does_changes_its_variables() -> None:
    """Lists and objects are shared between expressions."""
    before = repr(VARIABLES)
    assert evaluate("(rows | sort(attribute='name') | list) and (rows | reverse) and 1") == 1
    assert repr(VARIABLES) == before


def test_text_trims_blocks_and_shows_none_as_a_dash() -> None:
    """A block's own line leaves no blank line."""
    template = "{% for row in rows %}\n  {{ loop.index }}. {{ row.name }} {{ row.x }}\n{% endfor %}\n"
    assert render(template) == "  1. b 3\n  2. a \N{EN DASH}\n  3. \N{EN DASH} 1.5\n"


def test_lists_may_be_gathered_over_a_loop() -> None:
    """Rows of a table, one by one: what was measured once is not gone through again."""
    template = (
        "{% set n = namespace(rows=[]) %}"
        "{% for a in range(400) %}{% set n.rows = n.rows + [[a, 'a name of usual length', {'of': a}]] %}{% endfor %}"
        "{{ n.rows | length }}"
    )
    assert render(template) == "400"


def test_lists_compare_by_their_items() -> None:
    """As values of the language: true is not 1, and 1 is 1.0."""
    assert evaluate("[1, 2, 1.0].count(1)") == 2
    assert evaluate("[true, 1].index(1)") == 1
    with pytest.raises(ExpressionError, match="3 is not in a list of 2"):
        evaluate("[1, 2].index(3)")
