"""How much is done at once, so that what people ask for leaves room for webhooks and deliveries."""

from collections.abc import Iterator
from contextlib import contextmanager

from bridge.api.answers import TooMany


class Places:
    """So many at most; belongs to the event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a place; raises `TooMany` where none is free."""
        if self._taken >= self._most:
            raise TooMany(f"{self._most} such requests are under way, and the bridge does no more at once", 1)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
