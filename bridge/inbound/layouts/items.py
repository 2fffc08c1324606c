"""The items of a body in which several events come: a path to them, on which each `[*]` is a list. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.locations import PathPlace, path_text

MAX_ITEMS = 10_000
"""How many events one body may bring."""


class Item(NamedTuple):
    """One item, the index in each list that leads to it, and all steps to it."""

    value: Json
    indexes: tuple[int, ...]
    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """Where the items stand; None among the steps is `[*]`, at least once."""

    steps: tuple[str | int | None, ...]

    def __str__(self) -> str:
        """Write the path."""
        return path_text(self.steps)

    def find(self, body: Json) -> list[Item]:
        """Give the items in their order; none where the lists are empty.

        Raises `SenderError`: 400 where there is no list at all, 413 where there are too many items.
        """
        found = [Item(body, (), ())]
        for step in self.steps:
            if step is not None:
                place = PathPlace((step,))
                found = [Item(place.find(value, {}), indexes, (*steps, step)) for value, indexes, steps in found]
                continue
            lists = [each for each in found if isinstance(each.value, list)]
            if found and not lists:
                raise SenderError(400, "no_items", f"the body has no list at {self}, where its events stand")
            count = sum([len(each.value) for each in lists if isinstance(each.value, list)])
            if count > MAX_ITEMS:
                raise SenderError(413, "too_many_items", f"the body has {count:,} events; at most {MAX_ITEMS:,} may be")
            found = [item for each in lists for item in _items_of(each)]
        return found

    def contains(self, steps: tuple[str | int | None, ...]) -> bool:
        """Tell whether each `[*]` of another path is one of this, so that it stands for the item's own index."""
        last = max((index for index, step in enumerate(steps) if step is None), default=-1)
        return steps[: last + 1] == self.steps[: last + 1]


def _items_of(each: Item) -> list[Item]:
    value = each.value if isinstance(each.value, list) else []
    return [Item(item, (*each.indexes, index), (*each.steps, index)) for index, item in enumerate(value)]
