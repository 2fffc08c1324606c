"""The nearest word to one that is not known."""

import difflib
from collections.abc import Iterable
from itertools import islice

_MOST_WORDS = 2_000


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Give `; did you mean 'x'?` for the nearest allowed word, or nothing where none is near.

    Of more words than an author can have in mind, the first are looked at: each costs some
    10 microseconds.
    """
    near = difflib.get_close_matches(word[:100], list(islice(allowed, _MOST_WORDS)), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
