"""What the API works with: the rooms that it looks at, and what they do when they are asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import Problem
from bridge.events import Clock, Json, OfferedKey
from bridge.mappings import Mapping as CompiledMapping
from bridge.store import Budget, Store
from bridge.tallies import KeyStanding

Lines = AsyncIterator[dict[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doings:
    """What can be asked for: each with what its body says.

    `retry` makes parked pins due and gives those that were. `replay` folds what lacks and tells what came of it.
    `rebuild` begins, and gives what tells how it goes. These two raise `ConfigurationError` for an unknown mapping.
    `flush` waits until what is due is sent, and tells what is left. `approve` and `remove` give the key of that number
    as it was before; they raise `ConfigurationError` where there is none.
    """

    retry: Callable[[Collection[str] | None], Awaitable[list[str]]]
    replay: Callable[[str | None], Awaitable[dict[str, Json]]]
    rebuild: Callable[[str, datetime | None], Awaitable[Lines]]
    flush: Callable[[], Awaitable[dict[str, Json]]]
    approve: Callable[[int], Awaitable[OfferedKey]]
    remove: Callable[[int], Awaitable[OfferedKey]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What is looked at: the store, what is loaded, and whom to ask for the rest.

    `refused` gives what is wrong with mappings that were changed and not taken, `budget` what may be sent at the rate
    in use.
    """

    store: Store
    mappings: Callable[[], Mapping[str, CompiledMapping]]
    refused: Callable[[], Sequence[Problem]]
    key: Callable[[], KeyStanding]
    budget: Callable[[], Budget]
    clock: Clock
    started_at: datetime
