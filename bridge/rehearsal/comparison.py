"""What was expected against what came: objects by the keys given, lists by position and length. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.events import Json
from bridge.located import Entry, MappingNode, Node, Place, ScalarNode, SequenceNode
from bridge.mappings.values.values import Value, exact, plain

Path = tuple[str | int, ...]


class Absent:
    """Stands where there is nothing, which is not null."""

    def __repr__(self) -> str:
        """Say it as a message does."""
        return "nothing"


ABSENT = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place at which the body is not what was expected; `place` is where that is written."""

    place: Place
    path: Path
    expected: Json | Absent
    came: Json | Absent


def compare(expected: Node, came: Json, path: Path = ()) -> Iterator[Difference]:
    """Give every difference, in the order of the file."""
    match expected, came:
        case MappingNode(), dict():
            for entry in expected.entries:
                yield from _compare_entry(entry, came, path)
        case SequenceNode(), list():
            yield from _compare_items(expected, came, path)
        case ScalarNode(), _ if not isinstance(came, dict | list) and _is_same(expected.value, exact(came)):
            pass
        case _:
            yield _difference(expected, came, path)


def path_text(path: Path) -> str:
    """Write a path as people do: `metadata.pin_config.cards[0].value`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).removeprefix(".")


def _compare_entry(entry: Entry, came: dict[str, Json], path: Path) -> Iterator[Difference]:
    below = (*path, entry.name)
    if entry.name in came:
        yield from compare(entry.value, came[entry.name], below)
    else:
        expected = plain(entry.value.plain())
        yield Difference(place=entry.key.place, path=below, expected=expected, came=ABSENT)


def _compare_items(expected: SequenceNode, came: list[Json], path: Path) -> Iterator[Difference]:
    for index, item in enumerate(expected.items):
        if index < len(came):
            yield from compare(item, came[index], (*path, index))
        else:
            yield _difference(item, ABSENT, (*path, index))
    for index in range(len(expected.items), len(came)):
        yield Difference(place=expected.place, path=(*path, index), expected=ABSENT, came=came[index])


def _difference(expected: Node, came: Json | Absent, path: Path) -> Difference:
    return Difference(place=expected.place, path=path, expected=plain(expected.plain()), came=came)


def _is_same(expected: Value, came: Value) -> bool:
    """Compare two scalars: numbers by value, and true is not 1."""
    if isinstance(expected, bool) or isinstance(came, bool):
        return expected is came
    return expected == came
