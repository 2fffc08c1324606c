"""The nearest word to one that is not known."""

import difflib
from collections.abc import Iterable
from itertools import islice

_MOST_WORDS = 2_000


def nearest(word: str, allowed: Iterable[str], *, at_least: float = 0.6) -> str | None:
    """Give the allowed word that is most like this one, from a likeness between 0 and 1 on; None where none is.

    Of more words than an author can have in mind, the first are looked at: each costs some
    10 microseconds.
    """
    near = difflib.get_close_matches(word[:100], list(islice(allowed, _MOST_WORDS)), n=1, cutoff=at_least)
    return near[0] if near else None


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Give `; did you mean 'x'?` for the nearest allowed word, or nothing where none is near."""
    near = nearest(word, allowed)
    return "" if near is None else f"; did you mean {near!r}?"


def is_slip(word: str, meant: str) -> bool:
    """Tell whether a word is another with one letter wrong, missing, too many, or swapped with the next."""
    left, right = word.casefold(), meant.casefold()
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) <= 1 or (len(left) == len(right) == 2 and left == right[::-1])
