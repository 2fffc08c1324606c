"""The moment at which a pin is rendered, and the next one at which something that was read would be another."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from bridge.instants import to_instant, to_micros
from bridge.mappings.expressions.dialect import localized
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.values import Value
from bridge.state.rows import Row

MAX_ROWS = 200_000
"""Rows of the state that one rendering reads at most: half a second's work."""

ROW_CHARACTERS = 256
"""A row counts as one more for each time that it takes so many: a sketch of 1,000 values is 40 sums."""


class Moment:
    """Now, in microseconds, and what follows for the clock of a pin. Views tell it when what they gave changes."""

    def __init__(self, now: datetime, timezone: tzinfo) -> None:
        self.now = to_micros(now)
        self._timezone = timezone
        self._changes_at: int | None = None
        self.rows_left = MAX_ROWS

    def count(self, rows: int) -> None:
        """Count rows that are looked for; raises `ExpressionError` for too many of them."""
        self.rows_left -= rows
        if self.rows_left < 0:
            raise ExpressionError(
                f"this reads more than {MAX_ROWS:,} rows of the state, of which long ones count as several;"
                " show fewer groups, buckets or rows"
            )

    def weigh(self, rows: Iterable[Row]) -> None:
        """Count what rows have that are longer than one; raises as `count` does, before they are taken apart."""
        self.count(sum(len(row.data) // ROW_CHARACTERS for row in rows))

    @property
    def changes_at(self) -> datetime | None:
        """Say when the first of what was read would read otherwise without an event; None for never."""
        return None if self._changes_at is None else to_instant(self._changes_at)

    def passes(self, at: int) -> None:
        """Take note that something changes at an instant."""
        if at > self.now and (self._changes_at is None or at < self._changes_at):
            self._changes_at = at

    def local(self, value: Value) -> Value:
        """Give a value with its times in the mapping's timezone."""
        return localized(value, self._timezone)

    def time(self, at: int | None) -> Value:
        """Give an instant as templates see it."""
        return None if at is None else to_instant(at).astimezone(self._timezone)
