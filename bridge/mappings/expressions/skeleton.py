"""What an update says without being rendered, held against what a pin accepts.

Everything literal is checked when the mapping is loaded, so that `cards: 3` is told where it is
written, and before any event. What a template will give is not known yet and passes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.errors import Problem
from bridge.located import MappingNode, Node, Place, ScalarNode, SequenceNode
from bridge.mappings.expressions.templates import MARKS
from bridge.mappings.values.values import Value
from bridge.pin_model import PIN_TYPES, Flaw, fit
from bridge.pin_model.findings import Path


@dataclass(frozen=True, slots=True)
class Literal:
    """What is wrong with the literal parts of an update, and what its author should look at."""

    problems: list[Problem]
    warnings: list[Problem]


def check_literal(update: Node, pin_type: str | None) -> Literal:
    """Check the tree under `update` for a pin of a type, where that is given."""
    skeleton = _Skeleton()
    body = skeleton.value(update, ())
    fitted = fit(body, pin_type, unknown=skeleton.unknown)
    is_unknown = pin_type is not None and pin_type not in PIN_TYPES  # which is told where the type stands
    notes = [note for note in fitted.notes if not (is_unknown and note.is_unchecked)]
    return Literal([skeleton.problem(flaw) for flaw in fitted.flaws], [skeleton.problem(note) for note in notes])


@dataclass(slots=True)
class _Skeleton:
    """Builds the body as far as it is literal. `unknown` are the paths at which a template stands."""

    unknown: set[Path] = field(default_factory=set)
    places: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def value(self, node: Node, path: Path) -> Value:
        self.places[path] = node.place
        match node:
            case ScalarNode(value=str() as text) if any(mark in text for mark in MARKS):
                self.unknown.add(path)
                return None
            case ScalarNode():
                return node.value
            case SequenceNode():
                return [self.value(item, (*path, index)) for index, item in enumerate(_items(node))]
            case MappingNode() if _is_each(node):
                return [self.value(item, (*path, index)) for index, item in enumerate(_of_each(node))]
        self.keys |= {(*path, entry.name): entry.key.place for entry in node.entries}
        return {entry.name: self.value(entry.value, (*path, entry.name)) for entry in node.entries}

    def problem(self, flaw: Flaw) -> Problem:
        """Place what was found where it is written: at the key that is unknown, else at the value."""
        path = flaw.path
        if flaw.is_of_key and path in self.keys:
            return self.keys[path].problem(flaw.message)
        while path not in self.places:
            path = path[:-1]
        return self.places[path].problem(flaw.message)


def _items(node: SequenceNode) -> Iterator[Node]:
    """Give the items of a list, one for each `{each, as, do}` in it."""
    for item in node.items:
        if isinstance(item, MappingNode) and _is_each(item):
            yield from _of_each(item)
        else:
            yield item


def _is_each(node: MappingNode) -> bool:
    return node.get("each") is not None or node.get("do") is not None


def _of_each(node: MappingNode) -> Iterator[Node]:
    """Give one item as it will be made; where that is not said, whatever stands there instead."""
    yield from [each for each in (node.get("do"), node.get("each")) if each is not None][:1]
