"""From a character of what a scalar means to the place in the file where it is written.

Quotes, escapes, folds and indentation stand between the two: what is not white space comes in
the same order in both, so the two are walked side by side.
"""

import re
from collections.abc import Iterator

_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|.", re.DOTALL)
_MEANINGS = dict(zip("0abtnvfreN_LP", "\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True))
_DOUBLED = re.compile(r"''|.", re.DOTALL)


def written_index(written: str, text: str, index: int, *, is_plain: bool) -> int:
    """Give where in `written` the character of `text` at an index stands; of white space, what comes after it.

    Raises `LookupError` where the text is not what is written, since the environment filled it in.
    """
    pairs = ((at, each) for at, each in _characters(written, is_plain=is_plain) if not each.isspace())
    found = 0
    for position, wanted in enumerate(text):
        if wanted.isspace():
            continue
        found, meant = next(pairs, (found, ""))
        if meant != wanted:
            raise LookupError
        if position >= index:
            break
    return found


def _characters(written: str, *, is_plain: bool) -> Iterator[tuple[int, str]]:
    """Give each character that a scalar means with its index, headers of blocks and escapes taken off."""
    style = "" if is_plain else written[:1]
    if style == '"':
        for match in _ESCAPED.finditer(written, 1, len(written) - 1):
            digits = match[1] or match[2] or match[3]
            yield match.start(), chr(int(digits, 16)) if digits else _MEANINGS.get(match[4], match[4]) or match[0]
    elif style == "'":
        yield from ((match.start(), match[0][0]) for match in _DOUBLED.finditer(written, 1, len(written) - 1))
    else:
        yield from enumerate(written[(begin := written.find("\n") + 1 if style else 0) :], begin)
