"""Log lines that anyone can cause, by sending what is refused: each kind at most once a minute.

Repetitions are counted instead of told, and a bounded number of kinds is remembered.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bridge.events import Clock

MINUTE = timedelta(minutes=1)
MAX_KINDS = 1000

_REST = ("",)

log = structlog.get_logger()


class OnceAMinute:
    """Logs at most once a minute of each kind; where `MAX_KINDS` come in a minute, all others are one kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kinds: dict[tuple[str, ...], tuple[datetime, int]] = {}
        """When each kind had its last line, the earliest first, and how many have come since."""

    def warn(self, line: str, *which: str, **facts: object) -> None:
        """Warn with a line's facts and `count`, how many came since the last line of the same words `which`."""
        self._tell(log.warning, line, which, facts)

    def info(self, line: str, *which: str, **facts: object) -> None:
        """Tell the same of what needs nobody."""
        self._tell(log.info, line, which, facts)

    def _tell(
        self, write: Callable[..., object], line: str, which: tuple[str, ...], facts: Mapping[str, object]
    ) -> None:
        now = self._clock()
        kind = self._room_for((line, *which), now)
        told_at, untold = self._kinds.get(kind, (None, 0))
        if told_at is not None and abs(now - told_at) < MINUTE:
            self._kinds[kind] = told_at, untold + 1
            return
        self._kinds.pop(kind, None)
        self._kinds[kind] = now, 0
        write(line, **facts, count=untold + 1)

    def _room_for(self, kind: tuple[str, ...], now: datetime) -> tuple[str, ...]:
        """Forget the earliest kind where there are too many, or, if that is too young, count this one with the rest."""
        if kind in self._kinds or len(self._kinds) < MAX_KINDS:
            return kind
        earliest = next(iter(self._kinds))
        if abs(now - self._kinds[earliest][0]) < MINUTE:
            return _REST
        del self._kinds[earliest]
        return kind
