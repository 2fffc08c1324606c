"""How many templates and costly paths one file may have: each takes up to half a millisecond to compile. Pure."""

from collections.abc import Iterator

from bridge.errors import ConfigurationError
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.mappings.queries.query_syntax import MAX_TEXT, is_plain

MAX_TAGS = 10_000
"""Most `{{` and `{%` in the texts of one file, the same text counted once."""

MAX_COSTLY_PATHS = 2_000
"""Most paths with filters, slices or `..` in one file, the same path counted once."""


def check_costs(tree: Node) -> None:
    """Refuse a tree with more than takes a few seconds to compile; raises `ConfigurationError` with the place."""
    seen: set[str] = set()
    tags = paths = 0
    for scalar in _scalars(tree):
        text = scalar.text
        is_path = text.startswith("$") and len(text) <= MAX_TEXT
        if (not is_path and "{" not in text) or text in seen:
            continue
        seen.add(text)
        if is_path:
            paths += not is_plain(text)
        else:
            tags += text.count("{{") + text.count("{%")
        if tags > MAX_TAGS:
            message = f"a file has at most {MAX_TAGS:,} '{{{{' and '{{%'; make two files of it"
            raise ConfigurationError([scalar.place.problem(message)])
        if paths > MAX_COSTLY_PATHS:
            message = (
                f"a file has at most {MAX_COSTLY_PATHS:,} paths with filters, slices or '..'; make two files of it"
            )
            raise ConfigurationError([scalar.place.problem(message)])


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """Give every key and value, in the order of the file."""
    match node:
        case ScalarNode():
            yield node
        case SequenceNode():
            for item in node.items:
                yield from _scalars(item)
        case MappingNode():
            for entry in node.entries:
                yield entry.key
                yield from _scalars(entry.value)
