"""Which names a template reads, and which keys of them, as in `sales.series[0].at`."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from jinja2 import nodes

from bridge.mappings.expressions.template_syntax import parse_by_index


class Key(NamedTuple):
    """A key behind a name, at a place of the text: its word, None where it is computed; and whether in brackets."""

    word: str | None
    in_brackets: bool
    place: int


class NameRead(NamedTuple):
    """A name that is read at a place of the text, the keys behind it, and the part of the template around these."""

    name: str
    place: int
    keys: tuple[Key, ...]
    around: nodes.Node


def name_reads(text: str, names: Collection[str]) -> Iterator[NameRead]:
    """Give each reading of these names in a good template, but of those that it sets itself."""
    tree = parse_by_index(text)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    pending: list[tuple[nodes.Node, nodes.Node]] = [(tree, tree)]
    while pending:
        part, around = pending.pop()
        base, keys = _unwrapped(part, text)
        if isinstance(base, nodes.Name) and base.name in names and base.name not in own:
            yield NameRead(base.name, base.lineno, keys, around)
        pending.extend(_inside(part))


def _unwrapped(part: nodes.Node, text: str) -> tuple[nodes.Node, tuple[Key, ...]]:
    """Give what stands before all keys, and the keys."""
    keys: list[Key] = []
    while isinstance(part, nodes.Getattr | nodes.Getitem):
        if isinstance(part, nodes.Getattr):
            keys.append(Key(part.attr, in_brackets=False, place=text.find(part.attr, part.lineno)))
        else:
            word = part.arg.value if isinstance(part.arg, nodes.Const) and isinstance(part.arg.value, str) else None
            keys.append(Key(word, in_brackets=True, place=part.arg.lineno))
        part = part.node
    return part, tuple(reversed(keys))


def _inside(part: nodes.Node) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    """Give the parts inside, but those that `_unwrapped` has gone through, each with the part around it."""
    while isinstance(part, nodes.Getattr | nodes.Getitem):
        if isinstance(part, nodes.Getitem):
            yield part.arg, part
        part = part.node
    for child in part.iter_child_nodes():
        yield child, part
