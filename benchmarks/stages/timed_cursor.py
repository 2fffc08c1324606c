"""How much of a transaction is spent inside SQLite, and how much around it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any


class TimedCursor:
    """The driver's cursor, which adds up what is spent in it."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.spent_s = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "TimedCursor":
        """Run a statement."""
        self._spend(lambda: self._cursor.execute(statement, parameters))
        return self

    def fetchone(self) -> Any:
        """Give the next row."""
        return self._spend(self._cursor.fetchone)

    def fetchall(self) -> list[Any]:
        """Give the rows that are left."""
        rows: list[Any] = self._spend(self._cursor.fetchall)
        return rows

    def _spend(self, call: Callable[[], Any]) -> Any:
        began_s = time.thread_time()
        result = call()
        self.spent_s += time.thread_time() - began_s
        return result
