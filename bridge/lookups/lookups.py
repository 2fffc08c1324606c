"""Look-ups of keys, so bounded that nobody can drive them: what a stranger sends may name keys that are not there.

One look-up of a thing is under way at a time, whoever waits for it. What was found is remembered, what is not there
too, and for a moment what failed. A set of keys that lacks one is fetched anew at most every `REFETCH_S`, and each
provider is asked at most `MAX_A_MINUTE` times.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bridge.errors import KeyUnavailable
from bridge.inbound.verification.wanted import KeyWanted, Known, Lookup, Tell
from bridge.lookups.memory import Memory

if TYPE_CHECKING:
    from bridge.lookups.fetching import Fetcher, Found

MAX_KNOWN, MAX_ABSENT, MAX_FAILED = 256, 1024, 256
"""How many answers are remembered of each kind; apart, so that strangers' keys never drive out a genuine one."""

ABSENT_S = 300.0
"""How long what is not there is taken to be not there."""

FAILED_S = 2.0
"""How long a failure stands for the look-ups that follow at once."""

REFETCH_S = 30.0
"""How old a set of keys is at least before it is fetched for a key that it lacks."""

MAX_A_MINUTE = 30
"""How often one provider is asked in any minute."""

MAX_WAITING = 256
"""How many requests wait for look-ups at a time."""

_MINUTE_S = 60.0


class _Waiting(NamedTuple):
    wanted: KeyWanted
    tell: Tell


def over_https() -> "Fetcher":
    """Give what speaks HTTPS. It is loaded here, since few sources have keys that stand elsewhere."""
    from bridge.lookups.fetching import Fetcher  # noqa: PLC0415 - as said

    return Fetcher()


class Lookups:
    """Looks keys up and remembers them. Belongs to one event loop; to be closed with `aclose`.

    `clock` gives seconds that never go back, such as `time.monotonic`; `open_fetcher` is called with the first look-up.
    """

    def __init__(self, *, clock: Callable[[], float], open_fetcher: Callable[[], "Fetcher"] = over_https) -> None:
        self._open_fetcher = open_fetcher
        self._fetcher: Fetcher | None = None
        self._clock = clock
        self._found: Memory[Lookup, bytes] = Memory(MAX_KNOWN, clock)
        self._absent: Memory[Lookup, bool] = Memory(MAX_ABSENT, clock)
        self._failed: Memory[Lookup, KeyUnavailable] = Memory(MAX_FAILED, clock)
        self._asked_at: defaultdict[str, deque[float]] = defaultdict(partial(deque, maxlen=MAX_A_MINUTE))
        self._waiting: dict[Lookup, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[Found]] = set()

    @property
    def known(self) -> Known:
        """What was found and still holds."""
        return self._found

    def find(self, wanted: KeyWanted, tell: Tell) -> None:
        """Look a key up, or join who does already; what needs no look-up is told at once."""
        lookup = wanted.lookup
        if (others := self._waiting.get(lookup)) is not None and self._has_room():
            others.append(_Waiting(wanted, tell))
        elif self._absent.get(lookup) or self._is_new(wanted):
            tell(wanted.refusal)
        elif (failure := self._failed.get(lookup) or self._too_much(lookup)) is not None:
            tell(failure)
        else:
            self._begin(_Waiting(wanted, tell))

    async def aclose(self) -> None:
        """End what is under way; who waits for it is told so."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._fetcher is not None:
            await self._fetcher.aclose()

    def _is_new(self, wanted: KeyWanted) -> bool:
        """Tell whether what is known is so young that its provider has nothing newer."""
        return wanted.outdated is not None and self._found.age_s(wanted.lookup) < REFETCH_S

    def _too_much(self, lookup: Lookup) -> KeyUnavailable | None:
        asked_at = self._asked_at[lookup.provider]
        if len(asked_at) == MAX_A_MINUTE and self._clock() - asked_at[0] < _MINUTE_S:
            message = f"{lookup.provider} was asked for {MAX_A_MINUTE} keys within a minute; send again"
            return KeyUnavailable(message, retry_after_s=int(_MINUTE_S))
        return None if self._has_room() else KeyUnavailable("too many webhooks wait for keys; send again")

    def _has_room(self) -> bool:
        return sum(map(len, self._waiting.values())) < MAX_WAITING

    def _begin(self, waiting: _Waiting) -> None:
        lookup = waiting.wanted.lookup
        self._waiting[lookup] = [waiting]
        self._asked_at[lookup.provider].append(self._clock())
        if self._fetcher is None:
            self._fetcher = self._open_fetcher()
        task = asyncio.ensure_future(self._fetcher.fetch(lookup))
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, lookup))

    def _end(self, lookup: Lookup, task: asyncio.Task["Found"]) -> None:
        self._tasks.discard(task)
        waiting = self._waiting.pop(lookup)
        failure = self._failure(lookup, task)
        if failure is None:
            self._remember(lookup, task.result())
        is_absent = failure is None and task.result().content is None
        for each in waiting:
            each.tell(each.wanted.refusal if is_absent else failure)

    def _failure(self, lookup: Lookup, task: asyncio.Task["Found"]) -> Exception | None:
        try:
            task.result()
        except KeyUnavailable as error:
            self._failed.put(lookup, error, FAILED_S)
            return error
        except asyncio.CancelledError:
            return KeyUnavailable("the bridge is stopping; send again")
        except Exception as error:  # noqa: BLE001 - told to who waits for it, who answers for it
            return error
        return None

    def _remember(self, lookup: Lookup, found: "Found") -> None:
        if found.content is None:
            self._absent.put(lookup, True, ABSENT_S)
        else:
            self._found.put(lookup, found.content, found.lifetime_s)
