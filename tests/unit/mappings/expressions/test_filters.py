from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from bridge.mappings.expressions.expressions import Surroundings, compile_expression, scope_of
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.values.bounds import Work
from bridge.mappings.values.values import Value

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VARIABLES: dict[str, Value] = {"at": NOW.replace(hour=17), "nothing": None}


def evaluate(expression: str, locale: str = "en_US") -> Value:
    """Evaluate in Berlin's time."""
    surroundings = Surroundings(now=NOW, locale=Locale.parse(locale), timezone=ZoneInfo("Europe/Berlin"))
    return compile_expression("{{ " + expression + " }}", names=VARIABLES).run(
        scope_of(VARIABLES, surroundings, Work())
    )


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1234.5 | currency('EUR')", "€1,234.50"),
        ("123450 | currency('eur', minor=true)", "€1,234.50"),
        ("500 | currency('JPY', minor=true)", "¥500"),
        ("1234567 | currency('KWD', minor=true)", "KWD1,234.567"),
        ("0.125 | currency('USD')", "$0.13"),
        ("1234.5 | number", "1,234.5"),
        ("1234.567 | number", "1,234.57"),
        ("1234 | number(2)", "1,234.00"),
        ("'1234' | number", "1,234"),
        ("1234 | compact", "1.2K"),
        ("1250 | compact", "1.3K"),
        ("1350 | compact", "1.4K"),
        ("-1250 | compact", "-1.3K"),
        ("2500000 | compact(0)", "3M"),
        ("0.32 | percent", "32%"),
        ("0.321 | signed_percent", "+32.1%"),
        ("-0.321 | signed_percent", "-32.1%"),
        ("0 | signed_percent", "0.0%"),
        ("7500 | duration", "2h 5m"),
        ("45 | duration", "45s"),
        ("0.25 | duration", "250ms"),
        ("-90061 | duration", "-1d 1h"),
        ("at | ago", "3 hours ago"),
        ("at | datetime('HH:mm')", "18:00"),
        ("at | floor('day') | datetime('d MMM HH:mm')", "22 Nov 00:00"),
        ("'Straße & Café!' | slug", "strae-cafe"),
        ("'one two three' | truncate(8)", "one two…"),
        ("'<b>*x*' | markdown", "\\<b\\>\\*x\\*"),
    ],
)
def test_what_a_filter_writes(expression: str, text: str) -> None:
    """In English, half up, in the mapping's timezone."""
    assert evaluate(expression) == text


def test_the_locale_decides_the_separators() -> None:
    """Babel knows them."""
    assert evaluate("1234.5 | number(2)", "de_DE") == "1.234,50"


@pytest.mark.parametrize("name", sorted(set(DIALECT.filters) - {"$turns", "default", "d"}))
def test_none_passes_every_filter(name: str) -> None:
    """So that it shows as a dash in the end."""
    wanted = {"currency": "('EUR')", "batch": "(2)", "groupby": "('a')", "quantile": "(0.5)", "replace": "('a', 'b')"}
    assert evaluate(f"nothing | {name}{wanted.get(name, '')}") is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[1, none, 2.5] | sum", "3.5"),
        ("[3, none, 1] | min", "1"),
        ("[3, none, 1] | max", "3"),
        ("[] | max", "None"),
        ("[1, none, 2] | mean", "1.5"),
        ("[] | mean", "None"),
        ("[3, 1, 2] | median", "2"),
        ("[1, 2, 3, 4] | quantile(0.5)", "2.5"),
        ("2.5 | round", "3"),
        ("2.345 | round(2)", "2.35"),
        ("-2.1 | round(0, 'floor')", "-3"),
        ("nothing | default(0)", "0"),
        ("[2, none, 1] | sort", "[1, 2, None]"),
    ],
)
def test_folds_and_rounding_are_exact_and_skip_none(expression: str, value: str) -> None:
    """None of nothing is none."""
    assert str(evaluate(expression)) == value
