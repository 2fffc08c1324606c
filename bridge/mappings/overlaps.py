"""Pins that more than one mapping may write to: who wins depends on more than the files say. Pure.

Two literal ids that are alike are a mistake, and told elsewhere. What is told here loads: a literal
pin, or the ids of a look-up, beside a family whose globs allow them, and two families that meet.
"""

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from bridge.errors import Problem
from bridge.mappings.mapping import Mapping

MOST_TOLD = 200
MOST_COMPARED = 200_000
"""Pairs of ids and globs that are looked at; with more mappings than that takes, some are left out."""

_PART = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_PREFIX = re.compile(r"[^*?\[]*")


class _Claim(NamedTuple):
    """An id or a glob that a mapping may write to."""

    text: str
    mapping: Mapping


class _Meeting(NamedTuple):
    """Two mappings that may write to one pin: such as `text`, and the family `family` is told of it."""

    text: str
    family: Mapping
    other: Mapping


def overlaps(mappings: Iterable[Mapping]) -> Iterator[Problem]:
    """Tell, once for two mappings, which enabled ones may write to the same pin, and which of them gets it."""
    told: set[frozenset[str]] = set()
    for text, family, other in islice(_meetings([each for each in mappings if each.enabled]), MOST_COMPARED):
        pair = frozenset([family.name, other.name])
        if len(pair) == 2 and pair not in told and len(told) < MOST_TOLD:
            told.add(pair)
            yield family.place.problem(_message(text, other))


def _message(text: str, other: Mapping) -> str:
    place = f"{other.file} (line {other.place.line})"
    if other.pin is not None:
        return f"this family may also write to {text}, the pin of {place}; that mapping keeps it, and takes it over"
    return f"this family and that of {place} may both write to {text}; whichever an event moves first keeps the pin"


def _meetings(mappings: Sequence[Mapping]) -> Iterator[_Meeting]:
    ids = sorted((_Claim(pin, each) for each in mappings for pin in each.allowed_pins.ids), key=lambda each: each.text)
    globs = [_Claim(glob, each) for each in mappings for glob in each.allowed_pins.globs]
    for former, later in pairwise(ids):
        if former.text == later.text:
            family, other = (later, former) if later.mapping.pin is None else (former, later)
            yield _Meeting(former.text, family.mapping, other.mapping)
    for glob in globs:
        prefix = _prefix(glob.text)
        begin = bisect_left(ids, prefix, key=lambda each: each.text)
        for claim in islice(ids, begin, None):
            if not claim.text.startswith(prefix):
                break
            if fnmatch.fnmatchcase(claim.text, glob.text):
                yield _Meeting(claim.text, glob.mapping, claim.mapping)
    yield from _meetings_of_globs(globs)


def _meetings_of_globs(globs: Sequence[_Claim]) -> Iterator[_Meeting]:
    """Compare each glob with those before it that begin as it does, or with less."""
    seen: dict[str, list[_Claim]] = {}
    for glob in sorted(globs, key=lambda each: (_prefix(each.text), each.mapping.name)):
        prefix = _prefix(glob.text)
        for length in range(len(prefix) + 1):
            for former in seen.get(prefix[:length], ()):
                if _meet(_parts(former.text), _parts(glob.text)):
                    yield _Meeting(glob.text, glob.mapping, former.mapping)
        seen.setdefault(prefix, []).append(glob)


def _prefix(glob: str) -> str:
    found = _PREFIX.match(glob)
    return found[0] if found else ""


@lru_cache(maxsize=4096)
def _parts(glob: str) -> tuple[str, ...]:
    return tuple(_PART.findall(glob))


@lru_cache(maxsize=2**16)
def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether some text matches both globs; of two sets of letters it is taken that they have one in common."""
    if not left or not right:
        return all(part == "*" for part in left + right)
    if left[0] == "*":
        return _meet(left[1:], right) or _meet(left, right[1:])
    if right[0] == "*":
        return _meet(right, left)
    return _may_be_same(left[0], right[0]) and _meet(left[1:], right[1:])


def _may_be_same(left: str, right: str) -> bool:
    if len(left) > 1 and len(right) > 1:
        return True
    return fnmatch.fnmatchcase(left, right) or fnmatch.fnmatchcase(right, left) or "?" in {left, right}
