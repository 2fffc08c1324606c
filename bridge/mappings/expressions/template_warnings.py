"""Templates that are good and hardly mean what they say: patterns of times, methods without parentheses. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bridge.errors import Problem
from bridge.located import ScalarNode
from bridge.mappings.expressions.template_places import tags_of

_DATETIME = re.compile(r"\bdatetime\(\s*(?:pattern\s*=\s*)?(?:'([^']*)'|\"([^\"]*)\")")
_LITERAL = re.compile(r"('[^']*')")
_METHOD = re.compile(
    r"[\w\])]\.(upper|lower|strip|lstrip|rstrip|splitlines|capitalize|casefold|swapcase|isdigit|isoformat)\b(?!\s*\()"
)
_NAMED = frozenset({"short", "medium", "long", "full"})


class _Slip(NamedTuple):
    """Letters that other tools have for something else: what is meant mostly, and what Babel takes them for.

    One of the letters in `excused_by` beside them says that they are meant.
    """

    written: re.Pattern[str]
    meant: str
    meaning: str
    excused_by: str = ""


_SLIPS = (
    _Slip(re.compile(r"Y"), "y", "Y is the year that a week belongs to", "w"),
    _Slip(re.compile(r"D(?=.*[MYy])|(?<=[MYy])D|(?<=[MYy].)D+"), "d", "D is the day of the year"),
    _Slip(re.compile(r"(?<=[Hhk]:)M+|(?<=[Hhk].)M+(?=:ss)"), "m", "M is the month"),
    _Slip(re.compile(r"(?<=[YydD][-./])m+|m+(?=[-./][YydD])"), "M", "m is the minute"),
    _Slip(re.compile(r"(?<=:)SS(?!S)"), "s", "S is a fraction of a second"),
    _Slip(re.compile(r"h"), "H", "h is the hour up to 12", "abB"),
)


def doubtful(scalar: ScalarNode) -> Iterator[Problem]:
    """Warn of what stands in a template, or an expression, and would surprise its author."""
    for index, message in [each for tag in tags_of(scalar.text) for each in _doubts(scalar.text, *tag)]:
        try:
            place = scalar.place_of(index)
        except LookupError:
            place = scalar.place
        yield place.problem(message)


def _doubts(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for found in _DATETIME.finditer(text, start, end):
        pattern = found[1] or found[2] or ""
        if advice := pattern_advice(pattern):
            yield found.start(), f"{pattern[:80]!r} is read as a pattern of Babel's: {advice}"
    for found in _METHOD.finditer(text, start, end):
        name = found[1]
        yield found.start(1), f"without parentheses {name!r} is the key of an object; write '{name}()' for the method"


def pattern_advice(pattern: str) -> str:
    """Say what letters of a pattern of times hardly mean what is meant, and how that is written."""
    if "%" in pattern:
        return "letters stand without %, such as yyyy-MM-dd HH:mm"
    if pattern in _NAMED:
        return ""
    parts = _LITERAL.split(pattern)
    letters = "".join(parts[::2])
    slips = [slip for slip in _SLIPS if slip.written.search(letters) and not {*slip.excused_by} & {*letters}]
    if not slips:
        return ""
    for slip in slips:
        parts[::2] = [
            slip.written.sub(lambda found, slip=slip: slip.meant * len(found[0]), part) for part in parts[::2]
        ]
    return f"{', '.join(slip.meaning for slip in slips)}; did you mean {''.join(parts)[:80]!r}?"
