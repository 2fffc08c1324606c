"""Long work on a thread, beside an event loop that must answer: it lets go of the interpreter every so often.

Python itself hands the interpreter over each 5 ms, and the event loop asks for it several times a webhook.
"""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

WORK_S = 0.0005
"""How long is worked at a stretch; an item that takes longer is not interrupted."""

REST_S = 0.0001
"""Long enough for whoever waits to take the interpreter."""

T = TypeVar("T")


def making_way(items: Iterable[T]) -> Iterator[T]:
    """Give the items one by one, and rest after a while of the work that is done with them."""
    began_s = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began_s > WORK_S:
            time.sleep(REST_S)
            began_s = time.perf_counter()
