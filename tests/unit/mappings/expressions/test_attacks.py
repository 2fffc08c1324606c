"""Templates that were written to break out, or to take for ever: each ends in one of our errors, and soon.

What stands here beside `ATTACKS` in test_expressions: the escapes from Jinja's sandbox that were published, each in the
forms that its advisory shows, and work that a value does without being long to write.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.mappings.expressions.expressions import (
    Surroundings,
    TemplateSyntaxProblem,
    compile_template,
    scope_of,
)
from bridge.mappings.expressions.text_filters import slug
from bridge.mappings.values.bounds import MAX_WORK, ExpressionError, Work
from bridge.mappings.values.values import Value

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VARIABLES: dict[str, Value] = {
    "at": NOW,
    "word": "txt",
    "nothing": None,
    "spaces": " " * 200_000,
    "text": "a" * 200_000,
    "late": "ab" + "a" * 20_000,
    "texts": ["A" * 50_000 + str(number) for number in range(5)],
    "rows": [{"x": 1}],
    "many": [{"x": None}] * 9_000,
    "table": {f"key{number}": number for number in range(2_000)},
    "digits": Decimal("1." + "9" * 400),
}

PUBLISHED = [
    # CVE-2016-10745: str.format reaches attributes.
    "{{ '{0.__class__.__mro__}'.format(word) }}",
    "{{ '{a.__init__.__globals__[SECRET_KEY]}'.format(a=rows) }}",
    "{{ ('{0.__cla' ~ 'ss__}').format(1) }}",
    "{{ '%s' % word }}",
    "{{ '%(a)s' % {'a': word} }}",
    "{{ word | format }}",
    # CVE-2019-10906: str.format_map was overlooked.
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ''.format_map.__func__ }}",
    # CVE-2024-22195, CVE-2024-34064: xmlattr takes keys as they are.
    "{{ {'a b': 1} | xmlattr }}",
    "{{ {'a/onclick=1': 1} | xmlattr }}",
    # CVE-2024-56201: the name of a template in the code that is compiled.
    "{% import 'x\\n' as x %}",
    "{% include word %}",
    "{% from word import x %}",
    "{% extends word %}",
    # CVE-2024-56326: a reference to format that a filter calls.
    "{{ ['{0.__class__}'.format] | map('call') }}",
    "{% set f = '{0.__class__}'.format %}{{ f(word) }}",
    "{{ rows | map('format') }}",
    "{{ rows | map(word.format) }}",
    "{{ rows | sort(attribute=word.format) }}",
    # CVE-2025-27516: the filter attr goes past the environment.
    "{{ '{0.__class__}' | attr('format') }}",
    "{{ word | attr('__class__') }}",
    "{{ rows | map(attribute='__class__.__mro__') }}",
    "{{ rows | map('attr', 'format') }}",
    "{{ rows | selectattr('__class__') }}",
    "{{ rows | groupby('__class__') }}",
    # What else is passed around: objects that Jinja knows, and what hangs on them.
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ super() }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ kwargs }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ resolve('x') }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ dict(a=1) }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ config.items() }}",
    "{{ request['application'] }}",
    "{{ ().__class__.__base__.__subclasses__() }}",
    "{{ []['__class__'] }}",
    "{{ {}.__class__ }}",
    "{{ 1 .__class__ }}",
    "{{ (1.5).as_integer_ratio() }}",
    "{{ true.__class__ }}",
    "{{ nothing() }}",
    "{{ word.join(['a', 'b']) }}",
    "{{ word.encode('idna') }}",
    "{{ word.translate({}) }}",
    "{{ word.maketrans }}",
    "{{ word.__len__() }}",
    "{{ word.upper.__self__ }}",
    "{{ range.__call__(3) }}",
    "{{ namespace(a=1).__dict__ }}",
    "{{ namespace(a=1)._Namespace__attrs }}",
    "{{ at.__reduce__() }}",
    "{{ at.replace(year=1) }}",
    "{{ at.tzinfo.__init__ }}",
    "{% set word.upper = 1 %}",
    "{% for x in rows %}{% set x.y = 1 %}{% endfor %}",
    "{% for x in rows %}{{ loop.__init__.__globals__ }}{{ loop._recurse }}{% endfor %}",
    "{% for x in rows recursive %}{{ loop(rows) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(x) %}{{ caller() }}{% endmacro %}{% call m(1) %}{% endcall %}",
    "{% filter attr('__class__') %}x{% endfilter %}",
    "{% do rows.append(1) %}",
    "{% debug %}",
    "{{ debug() }}",
    "{% trans %}x{% endtrans %}",
    "{{ _('x') }}",
    "{{ word | pprint }}",
    "{{ word | safe }}",
    "{{ word | random }}",
    "{{ word | wordwrap(1) }}",
    "{{ word | center(10**9) }}",
    "{{ 9 | filesizeformat }}",
    "{{ '<a>' | striptags }}",
    "{{ 'a.b' | urlize }}",
    "{{ " + "9" * 5_000 + " }}",
    "{{ 0x" + "f" * 19_000 + " ** 2 }}",
    "{{ 1" + "0" * 4_000 + " }}",
    "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "{{ " + "-" * 15_000 + "1 }}",
    "{{ " + "not " * 4_000 + "1 }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{% for a in rows %}" * 30 + "{% endfor %}" * 30,
]
"""Escapes and their kin: none of them gives anything."""

REPEATED = [
    "[range(9999)] | tojson",
    "table | tojson",
    " ~ ".join(["table"] * 900),
    "texts | sort",
    "texts | unique",
    "texts | join | length",
    "texts | map('lower') | list",
    "text | markdown",
    "text | slug",
    "text.title()",
    "text.split('a')",
    "spaces < 1",
    "1 < spaces",
    "spaces is divisibleby(2)",
    "at | datetime('" + "zzzz vvvv " * 9 + "')",
    "at | datetime('EEEE', *[1])",
    "10 ** 398 | compact",
    "digits * digits * digits",
    "many | map(attribute='x" + ".x" * 15 + "') | list",
    "many | sort(attribute='x')",
    "table.items()",
    "table | dictsort",
    "table.nokey | default(1)",
    "late in text",
    "text.count(late)",
    "text.rfind('ab')",
    "text.strip('b')",
]
"""Expressions that cost much more than they are long, each worth nothing once."""

SLOW_FROM_THE_RIGHT = ["rfind", "rsplit", "rpartition", "strip", "lstrip", "rstrip"]


def run(template: str, work: Work) -> Value:
    """Compile and run on the variables above."""
    return compile_template(template, names=VARIABLES).run(scope_of(VARIABLES, Surroundings(now=NOW), work))


@pytest.mark.parametrize("template", PUBLISHED)
def test_an_escape_gives_nothing(template: str) -> None:
    """It is refused when it is compiled, or fails on what it meets, and never with an error that is not ours."""
    with pytest.raises((ExpressionError, TemplateSyntaxProblem)):
        run(template, Work())


@pytest.mark.parametrize("expression", REPEATED)
def test_what_is_repeated_is_paid_for(expression: str) -> None:
    """Ten thousand times the same is the end of the work, or little; before each was counted, some took two minutes."""
    template = "{% for a in range(9999) %}{% set b = " + expression + " %}{% endfor %}"
    started = time.process_time()
    with suppress(ExpressionError):
        run(template, Work())
    assert time.process_time() - started < 10


@pytest.mark.parametrize("name", SLOW_FROM_THE_RIGHT)
def test_what_is_looked_for_from_the_right_is_short(name: str) -> None:
    """Its time is that of both texts multiplied, inside one call that nothing can stop."""
    with pytest.raises(ExpressionError, match=f"{name} takes a text of at most 100 characters"):
        run("{{ text." + name + "(late) }}", Work())
    assert run("{{ ' a b '." + name + "('b') }}", Work()) is not None


def test_a_thousand_accents_on_one_letter_are_no_work() -> None:
    """The whole text at once would be brought into order by a number of steps that grows with its square."""
    accents = "\u0301" * 200_000 + "\u0327" * 200_000
    started = time.process_time()
    assert slug("Ca" + accents + "fé ﬁn") == "cafe-fin"
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        ("2 ** 0.5", 64),
        ("d ** d", 64),
        ("d % 2", 6),
        ("t | sum", 1_000),
        ("t | unique", 4_000),
        ("v | batch(2)", 4_000),
        ("v | sort", 4_000),
        ("v | map('round', 20)", 5_000),
        ("at | ago", 40),
    ],
)
def test_what_takes_long_costs_as_much(expression: str, least: int) -> None:
    """A unit is about a microsecond, whatever it is spent on: roots, and filters that do something with each item."""
    scope: dict[str, Value] = {"v": [1] * 1_000, "t": "1" * 1_000, "d": Decimal("1." + "9" * 300), "at": NOW}
    work = Work()
    compile_template("{{ (" + expression + ") is none }}", names=scope).run(
        scope_of(scope, Surroundings(now=NOW), work)
    )
    assert MAX_WORK - work.left >= least


def test_work_is_spent_by_what_is_handled() -> None:
    """A value twice as large costs twice as much to write out, to compare and to sort; a look-up costs none of it."""
    spent = {}
    for size in (1_000, 2_000):
        scope = {"v": ["x" * 10] * size, "t": "x" * 10 * size}
        for expression in ("v | tojson", "v == v", "v | sort", "t ~ t", "t | upper", "v[0]"):
            work = Work()
            compiled = compile_template("{{ (" + expression + ") is none }}", names=scope)
            compiled.run(scope_of(scope, Surroundings(now=NOW), work))
            spent[expression, size] = MAX_WORK - work.left
    for expression in ("v | tojson", "v == v", "v | sort", "t ~ t", "t | upper"):
        assert 1.8 < spent[expression, 2_000] / spent[expression, 1_000] < 2.2
    assert spent["v[0]", 2_000] == spent["v[0]", 1_000] < 10
