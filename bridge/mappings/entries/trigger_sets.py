"""Sets of a mapping's triggers, one bit each by its position.

A mapping may have thousands of triggers, and a thousand columns that each of them may feed: what is asked for each
column must not cost the number of triggers.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import reduce

from bridge.located import Place
from bridge.mappings.triggers.trigger_definition import Declared

TriggerSet = int
NO_TRIGGERS: TriggerSet = 0


def positions(triggers: TriggerSet) -> Iterator[int]:
    """Give the positions of the triggers in a set, in the author's order."""
    for position, bit in enumerate(reversed(f"{triggers:b}")):
        if bit == "1":
            yield position


class KnownNames:
    """Which trigger is called what, and knows which variables; constants, and the event, are known everywhere.

    `variables` are those of all triggers, each with the place where it stands first.
    """

    def __init__(self, triggers: Sequence[Declared], constants: Collection[str]) -> None:
        self.all: TriggerSet = (1 << len(triggers)) - 1
        self.variables: dict[str, Place] = {}
        self._everywhere = {*constants, "event"}
        self._knowing: dict[str, list[int]] = {}
        self._called: dict[str, TriggerSet] = {}
        for position, trigger in enumerate(triggers):
            self._called.setdefault(trigger.name, 1 << position)
            for name, place in trigger.names.variables.items():
                self.variables.setdefault(name, place)
                self._knowing.setdefault(name, []).append(position)
        self._sets: dict[str, TriggerSet] = {}

    def called(self, name: str) -> TriggerSet:
        """Give the trigger of a name, none where there is no such one."""
        return self._called.get(name, NO_TRIGGERS)

    def knowing(self, names: Collection[str], among: TriggerSet) -> TriggerSet:
        """Give the triggers that know all of these names."""
        return reduce(TriggerSet.__and__, map(self._set, names), among)

    def _set(self, name: str) -> TriggerSet:
        if name in self._everywhere:
            return self.all
        if name not in self._sets:
            self._sets[name] = sum(1 << position for position in self._knowing.get(name, ()))
        return self._sets[name]
