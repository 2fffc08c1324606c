"""An entry as it comes out of its compiler, before it is a definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bridge.located import Place, Plain
from bridge.mappings.entries.definitions import Entry
from bridge.mappings.entries.operations import Operate
from bridge.mappings.entries.trigger_sets import TriggerSet


class Named(NamedTuple):
    """An entry's name, and where it stands."""

    name: str
    place: Place


class Fed(NamedTuple):
    """Triggers that feed an entry, and what these take out of an event for it."""

    triggers: TriggerSet
    operate: Operate


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An entry, what feeds it, and what its author wrote of that: all that is read of an event.

    `grouped_by` is what tells its groups, or its rows, apart. `names` are the variables and constants that are read.
    """

    entry: Entry
    fed: tuple[Fed, ...]
    written: Mapping[str, Plain]
    grouped_by: Plain
    names: frozenset[str]
