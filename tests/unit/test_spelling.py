"""Which words are taken for another that is misspelt."""

import pytest

from bridge.spelling import nearest, suggest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("evnt", "event"),
        ("exctract", "extract"),
        ("sned", "send"),
        ("strpie", "stripe"),
        ("titel", "title"),
        ("Markdown", "markdown"),
        ("Berlin", "Europe/Berlin"),
        ("date", "datetime"),
        ("upr", "upper"),
        ("secs", "seconds"),
    ],
)
def test_a_slip_and_a_part_are_near(word: str, meant: str) -> None:
    """A letter wrong or swapped, two in longer words; two missing or too many; an abbreviation, a beginning, an end."""
    assert nearest(word, [meant, "other"]) == meant


@pytest.mark.parametrize(
    ("word", "other"),
    [("sales", "stale"), ("sales", "stale_since"), ("total", "stale"), ("strftime", "datetime"), ("buyer", "number")],
)
def test_another_word_of_similar_letters_is_not(word: str, other: str) -> None:
    """A hint that nobody meant leads astray."""
    assert nearest(word, [other]) is None


def test_suggest_names_the_nearest_word_or_nothing() -> None:
    """A near word is offered, a far one is not."""
    assert suggest("exctract", ["extract", "each"]) == "; did you mean 'extract'?"
    assert suggest("zzz", ["extract", "each"]) == ""
