r"""What the YAML parser complains of, in an author's words: what stands there, and what to write instead.

The parser tells what its grammar missed ("expected <block end>, but found '<scalar>'"); an author
needs neither blocks nor scalars to mend a file.
"""

import re
from typing import Literal, NamedTuple

_QUOTED = "a text with one of []{}, in it stands in quotes"
_OPEN = "<open>"
"""Stands in a meaning where it may be said since when a bracket is open."""

_ONE_COLUMN = "the keys of one object, and the items of one list, begin in one column"
_OTHER_QUOTES = "the whole text stands in quotes, and where it has quotes in it, in quotes of the other kind"


Where = Literal["here", "start", "line"]
"""Where a complaint belongs: to its own place, to the beginning of the text in question, or to that of the line."""


class Advice(NamedTuple):
    """What a complaint of the parser means, and where it belongs."""

    meaning: str
    where: Where = "here"


_MEANINGS: tuple[tuple[str, str, Where], ...] = (
    (r"found character '\\t'", "a tab stands here; YAML is indented with spaces, not with tabs", "here"),
    (r"found character ('[^']+') that", r"a text cannot begin with \1; it stands in quotes", "here"),
    (r"could not find expected ':'", "no ': ' follows this; an entry is written as key: value", "start"),
    (r"found unexpected end of stream", "the quote that opens this text is never closed", "start"),
    (r"flow sequence.*(but got '<stream end>'|on a later line)", "this '[' is never closed by a ']'", "start"),
    (r"flow mapping.*(but got '<stream end>'|on a later line)", "this '{' is never closed by a '}'", "start"),
    (r"flow.*expected ',' or ('.')", rf"a ',' or \1 is missing before this{_OPEN}; {_QUOTED}", "here"),
    (r"flow node: expected the node content", f"a value is missing before this{_OPEN}; {_QUOTED}", "here"),
    (r"expected the node content, but found ('.+')", r"a text cannot begin with \1; it stands in quotes", "here"),
    (r"expected <block end>, but found ('[\]}]')", rf"nothing is open that this \1 closes; {_QUOTED}", "here"),
    (
        r"expected <block end>, but found '<(scalar|alias|anchor)",
        f"the value has ended here; {_OTHER_QUOTES}",
        "here",
    ),
    (
        r"expected <block end>, but found",
        f"this begins in another column than what it belongs to; {_ONE_COLUMN}",
        "here",
    ),
    (r"second ': '", "a second ': ' stands in this entry; a text with ': ' in it stands in quotes", "here"),
    (
        r"mapping values are not allowed",
        f"this key does not fit what stands above it: a ': ' is missing there, or the column is wrong; {_ONE_COLUMN}",
        "line",
    ),
    (r"sequence entries are not allowed", "a list begins on a line of its own, below its key", "here"),
    (r"mapping keys are not allowed", "a text cannot begin with '? '; it stands in quotes", "here"),
    (r"scanning an? (anchor|alias)", "a text that begins with '&' or '*' stands in quotes", "start"),
    (r"a tag", "a text that begins with '!' stands in quotes", "start"),
    (
        r"unknown escape character ('.*')",
        r"a backslash before \1 means nothing; write two of them, or single quotes around the text",
        "here",
    ),
    (
        r"escape sequence of ([0-9]) hex",
        r"\1 hexadecimal digits are wanted here; where a backslash is meant, write two of them",
        "here",
    ),
    (r"expected '<document start>'", "the value ends before this; nothing may follow it", "here"),
    (r"incompatible YAML document", "files are read as YAML 1.2; leave this line out", "here"),
    (r"scanning a block scalar", "nothing stands behind '|' or '>'; the text begins on the next line", "here"),
    (r"scanning a directive", "a text that begins with '%' stands in quotes", "start"),
)
_EXPLAINED = tuple((re.compile(complaint), Advice(meaning, where)) for complaint, meaning, where in _MEANINGS)


def explain(complaint: str, *, line_before: str, open_since: int | None) -> Advice:
    """Say what a complaint means, and where it belongs.

    `line_before` is the line up to the place, `open_since` the line in which the text began, if that is another.
    A complaint without an explanation is passed on as it is.
    """
    if "cannot start any token" in complaint and line_before.endswith("{"):
        return Advice("a text with '{%' in it stands in quotes")
    if "mapping values are not allowed" in complaint and ": " in line_before:
        complaint = f"second ': ' {complaint}"
    if open_since is not None and "got ':'" in complaint:
        complaint = f"{complaint} on a later line"
    still_open = f" (a bracket is open since line {open_since})" if open_since else ""
    for pattern, (meaning, where) in _EXPLAINED:
        if found := pattern.search(complaint):
            return Advice(found.expand(meaning).replace(_OPEN, still_open), where)
    return Advice(complaint)
