"""Filters that change text.

Each takes time and memory in proportion to what it is given, or checks first.
"""

import re
import unicodedata
from urllib.parse import quote

from bridge.mappings.values.bounds import ExpressionError, check_characters
from bridge.mappings.values.conversion import parse_number
from bridge.mappings.values.values import excerpt

_PIECE = 64
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$=:\"'^@])")


def slug(text: str) -> str:
    """Write a text with lower-case letters, digits and single dashes only."""
    # Piece by piece, because a thousand accents in a row would be sorted in a million steps. The letters stay the same.
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    plain = "".join(unicodedata.normalize("NFKD", piece).encode("ascii", "ignore").decode() for piece in pieces)
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def truncate(text: str, length: object = 80, end: str = "…") -> str:
    """Cut a text to at most `length` characters, the mark at its end included."""
    limit = parse_number(length)  # type: ignore[arg-type]  # whatever a template hands over is checked there
    if limit != int(limit) or limit < len(end):
        raise ExpressionError(f"truncate takes a length that leaves room for {excerpt(end)}, not {excerpt(limit)}")
    return text if len(text) <= limit else text[: int(limit) - len(end)].rstrip() + end


def markdown(text: str) -> str:
    """Escape what Markdown and HTML would read; white space becomes single spaces.

    Every escaped character is ASCII punctuation, which CommonMark lets a backslash precede:
    https://spec.commonmark.org/0.31.2/#backslash-escapes
    """
    check_characters(2 * len(text))
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def urlencode(text: str) -> str:
    """Write a text as one part of an address."""
    check_characters(9 * len(text))
    return quote(text, safe="")
