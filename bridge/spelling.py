"""The nearest word to one that is not known."""

import difflib
from collections.abc import Iterable
from itertools import islice

_MOST_WORDS = 2_000

_LEFT_OUT = 2
"""Letters that a word may lack, or have too many, its first one too; an abbreviation may lack nearly half."""


def nearest(word: str, allowed: Iterable[str], *, at_least: float = 0.6) -> str | None:
    """Give the allowed word that is most like this one, from a likeness between 0 and 1 on; None where none is.

    Of more words than an author can have in mind, the first are looked at: each costs some
    10 microseconds.
    """
    near = difflib.get_close_matches(word[:100], list(islice(allowed, _MOST_WORDS)), n=3, cutoff=at_least)
    return next((meant for meant in near if _may_mean(word[:100], meant)), None)


def _may_mean(word: str, meant: str) -> bool:
    """Tell a misspelling, or a part, from another word that shares some letters, as `sales` does with `stale`."""
    left, right = word.casefold(), meant.casefold()
    short, long = sorted((left, right), key=len)
    if long.startswith(short) or long.endswith(short):
        return True
    is_abbreviation = long[:1] == short[:1] and 2 * len(short) > len(long)
    if (is_abbreviation or len(long) - len(short) <= _LEFT_OUT) and _has_in_order(long, short):
        return True
    return _changes(left, right) <= max(1, max(len(left), len(right)) // 3)


def _has_in_order(word: str, letters: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


def _changes(left: str, right: str) -> int:
    """Count the letters that are wrong, missing, too many, or swapped with the next."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, left[i - 2]) == (right[j - 2], other):
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]


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
