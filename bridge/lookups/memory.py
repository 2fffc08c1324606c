"""What is remembered for a while: bounded in number, the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Entry(NamedTuple, Generic[Value]):
    value: Value
    since_s: float
    until_s: float


class Memory(Generic[Key, Value]):
    """Values by key, each until its time is over. `clock` gives seconds that never go back."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        self._size = size
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()

    def get(self, key: Key, /) -> Value | None:
        """Give a value, None where it is not remembered (any more)."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until_s <= self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry.value

    def age_s(self, key: Key) -> float:
        """Tell how long a value is remembered by now; infinity where it is not."""
        return self._clock() - self._entries[key].since_s if key in self._entries else float("inf")

    def put(self, key: Key, value: Value, lifetime_s: float) -> None:
        """Remember a value from now on, in place of an earlier one."""
        now_s = self._clock()
        self._entries[key] = _Entry(value, now_s, now_s + lifetime_s)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        return len(self._entries)
