"""Seeing the events of one delivery through: some at a time, until all are durable or one cannot be.

The writer's queue is bounded, and other webhooks want their turn; so a large delivery waits for its own
events before it hands over the next. Where one of them cannot be stored, the rest is left: its sender is told to send
again, and what was stored by then is met as duplicates.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice

from bridge.events import BatchReceipt, Event, Receipt, Settle

PIECE = 64
"""How many events of one delivery are on their way at once."""

SettleBatch = Callable[[BatchReceipt | Exception], None]
"""Takes what became of a delivery's events, once."""

AcceptBatch = Callable[[Iterator[Event], SettleBatch], None]
"""Sees to it that all events of a delivery become durable, and is settled then, whatever goes wrong."""


class Batch:
    """One delivery's events, on the way; belongs to the event loop. `accept` takes one of them, as it does alone."""

    def __init__(self, events: Iterator[Event], accept: Callable[[Event, Settle], None], settle: SettleBatch) -> None:
        self._events = events
        self._accept = accept
        self._settle = settle
        self._under_way = 0
        self._failure: Exception | None = None
        self._accepted = self._duplicates = 0
        self._number: int | None = None
        self._mappings: dict[str, None] = {}

    def go_on(self) -> None:
        """Hand over the next events, or settle where there are none."""
        try:
            piece = [*islice(self._events, PIECE)]
        except Exception as error:  # noqa: BLE001 - told to who waits for it
            self._settle(error)
            return
        if not piece:
            self._settle(self._receipt())
            return
        self._under_way = len(piece)
        for event in piece:
            try:
                self._accept(event, self._take)
            except Exception as error:  # noqa: BLE001 - the same
                self._take(error)

    def _take(self, outcome: Receipt | Exception) -> None:
        """Take what became of one event."""
        if isinstance(outcome, Exception):
            self._failure = self._failure or outcome
        else:
            self._note(outcome)
        self._under_way -= 1
        if self._under_way:
            return
        if self._failure is not None:
            self._settle(self._failure)
        else:
            # Not at once: whoever tells of these events may have others to tell, and other webhooks wait.
            asyncio.get_running_loop().call_soon(self.go_on)

    def _note(self, receipt: Receipt) -> None:
        if receipt.status == "accepted":
            self._accepted += 1
        else:
            self._duplicates += 1
        self._mappings.update(dict.fromkeys(receipt.mappings))
        if receipt.number is not None:
            self._number = max(self._number or 0, receipt.number)

    def _receipt(self) -> BatchReceipt:
        return BatchReceipt(
            status="accepted" if self._accepted else "duplicate" if self._duplicates else "empty",
            accepted=self._accepted,
            duplicates=self._duplicates,
            number=self._number,
            mappings=tuple(self._mappings),
        )
