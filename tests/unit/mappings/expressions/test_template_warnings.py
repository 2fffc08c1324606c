"""Patterns of times in the letters of another tool are told, and those of Babel pass."""

import pytest

from bridge.mappings import load_texts
from bridge.mappings.expressions.template_warnings import pattern_advice


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("YYYY-MM-DD", "yyyy-MM-dd"),
        ("DD.MM.YYYY", "dd.MM.yyyy"),
        ("yyyy-mm-dd", "yyyy-MM-dd"),
        ("dd/mm/yy", "dd/MM/yy"),
        ("HH:MM", "HH:mm"),
        ("HH:mm:SS", "HH:mm:ss"),
        ("hh:mm", "HH:mm"),
        ("d 'Days' hh", "d 'Days' HH"),
    ],
)
def test_letters_of_another_tool(pattern: str, meant: str) -> None:
    """With what is meant mostly; quoted text is left alone."""
    assert pattern_advice(pattern).endswith(f"; did you mean {meant!r}?")


@pytest.mark.parametrize(
    "pattern",
    [
        "yyyy-MM-dd HH:mm",
        "d MMM, HH:mm",
        "EEEE",
        "YYYY-'W'ww",
        "h:mm a",
        "mm:ss",
        "H'h' mm'm'",
        "D",
        "dd.MM. HH:mm",
        "short",
        "HH:mm:ss.SSS",
    ],
)
def test_letters_as_babel_has_them(pattern: str) -> None:
    """Those that are for weeks, days of the year, halves of the day and fractions too, where they belong."""
    assert pattern_advice(pattern) == ""


def test_percent_signs_are_told() -> None:
    """They are of strftime."""
    assert pattern_advice("%Y-%m-%d") == "letters stand without %, such as yyyy-MM-dd HH:mm"


def test_text_around_a_template_is_left_alone() -> None:
    """A name with a dot is no method there."""
    text = 'pin: p-a\ntriggers: [{source: shop}]\nupdate: {metadata: {title: "see a.lower: {{ event.id }}, b.upper"}}\n'
    assert load_texts({"a.yaml": text.encode()}, {}).warnings == ()
