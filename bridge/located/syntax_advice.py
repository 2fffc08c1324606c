r"""What the YAML parser complains of, in an author's words: what stands there, and what to write instead.

The parser tells what its grammar missed ("expected <block end>, but found '<scalar>'"); an author
needs neither blocks nor scalars to mend a file.
"""

import re
from typing import NamedTuple

_QUOTED = "a text with one of []{}, in it stands in quotes"
NO_FIT = "this key does not fit what stands above it"
_ONE_COLUMN = "the keys of one object, and the items of one list, begin in one column"
_OTHER_QUOTES = "the whole text stands in quotes, and where it has quotes in it, in quotes of the other kind"


class _Explained(NamedTuple):
    """A complaint of the parser, and its meaning. `from_start` places it where the text in question begins."""

    complaint: re.Pattern[str]
    meaning: str
    from_start: bool = False


_EXPLAINED = tuple(
    _Explained(re.compile(complaint), meaning, from_start)
    for complaint, meaning, from_start in (
        (r"found character '\\t'", "a tab stands here; YAML is indented with spaces, not with tabs", False),
        (r"found character ('[^']+') that", r"a text cannot begin with \1; it stands in quotes", False),
        (r"could not find expected ':'", "no ': ' follows this; an entry is written as key: value", True),
        (r"found unexpected end of stream", "the quote that opens this text is never closed", True),
        (r"flow sequence.*(but got '<stream end>'|on a later line)", "this '[' is never closed by a ']'", True),
        (r"flow mapping.*(but got '<stream end>'|on a later line)", "this '{' is never closed by a '}'", True),
        (r"flow.*expected ',' or ('.')", rf"a ',' or \1 is missing before this; {_QUOTED}", False),
        (r"flow node: expected the node content", f"a value is missing before this; {_QUOTED}", False),
        (r"expected the node content, but found ('.+')", r"a text cannot begin with \1; it stands in quotes", False),
        (r"expected <block end>, but found ('[\]}]')", rf"nothing is open that this \1 closes; {_QUOTED}", False),
        (
            r"expected <block end>, but found '<(scalar|alias|anchor)",
            f"the value has ended here; {_OTHER_QUOTES}",
            False,
        ),
        (
            r"expected <block end>, but found",
            f"this begins in another column than what it belongs to; {_ONE_COLUMN}",
            False,
        ),
        (r"second ': '", "a second ': ' stands in this entry; a text with ': ' in it stands in quotes", False),
        (
            r"mapping values are not allowed",
            f"{NO_FIT}: a ': ' is missing there, or the column is wrong; {_ONE_COLUMN}",
            False,
        ),
        (r"sequence entries are not allowed", "a list begins on a line of its own, below its key", False),
        (r"mapping keys are not allowed", "a text cannot begin with '? '; it stands in quotes", False),
        (r"scanning an? (anchor|alias)", "a text that begins with '&' or '*' stands in quotes", True),
        (r"a tag", "a text that begins with '!' stands in quotes", True),
        (
            r"unknown escape character ('.*')",
            r"a backslash before \1 means nothing; write two of them, or single quotes around the text",
            False,
        ),
        (
            r"escape sequence of ([0-9]) hex",
            r"\1 hexadecimal digits are wanted here; where a backslash is meant, write two of them",
            False,
        ),
        (r"expected '<document start>'", "the value ends before this; nothing may follow it", False),
        (r"incompatible YAML document", "files are read as YAML 1.2; leave this line out", False),
        (r"scanning a block scalar", "nothing stands behind '|' or '>'; the text begins on the next line", False),
        (r"scanning a directive", "a text that begins with '%' stands in quotes", True),
    )
)


def explain(complaint: str, *, line_before: str, open_since: int | None) -> tuple[str, bool]:
    """Say what a complaint means, and whether its place is where the text in question begins.

    `line_before` is the line up to the place, `open_since` the line in which the text began, if that is another.
    A complaint without an explanation is passed on as it is.
    """
    if "cannot start any token" in complaint and line_before.endswith("{"):
        return "a text with '{%' in it stands in quotes", False
    if "mapping values are not allowed" in complaint and ": " in line_before:
        complaint = f"second ': ' {complaint}"
    if open_since is not None and "got ':'" in complaint:
        complaint = f"{complaint} on a later line"
    for each in _EXPLAINED:
        if found := each.complaint.search(complaint):
            still_open = (
                f" (a bracket is open since line {open_since})" if open_since and "missing" in each.meaning else ""
            )
            return found.expand(each.meaning).replace(" before this", f" before this{still_open}"), each.from_start
    return complaint, False
