"""The events of libyaml's parser, which is C: what most files need, at a fraction of the time.

It is never asked what is wrong with a file, and takes no construct on which it and ruamel's parser, which
decides, may differ: all that is left to `parser_events`.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

# Tabs, breaks of YAML 1.1 and marks in the text; directives and the marks of a document; keys that begin with '?';
# a value that follows the ':' of a quoted key at once.
_UNSURE = re.compile(
    r"""[\t\x85\u2028\u2029\ufeff]|^(?:%|---|\.\.\.)|\?(?:\s|\Z)|['"\]}]:\S""",
    re.MULTILINE,
)


class NotQuickError(Exception):
    """The text is one for ruamel's parser."""


def read_quick_events(text: str) -> Iterator[Any]:
    """Give the parser's events, lazily; they have the names and fields of ruamel's.

    Raises `NotQuickError` at a mistake, and at what the two parsers may read in two ways.
    """
    if _UNSURE.search(text):
        raise NotQuickError
    try:
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            if _is_unsure(event):
                raise NotQuickError
            yield event
    except yaml.YAMLError as error:
        raise NotQuickError from error


def _is_unsure(event: Any) -> bool:
    """Tell whether it is an anchor, an alias, a tag or a block scalar."""
    return (
        getattr(event, "anchor", None) is not None
        or getattr(event, "tag", None) is not None
        or getattr(event, "style", None) in {"|", ">"}
    )
