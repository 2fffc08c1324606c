"""The internal source: what the bridge tells of itself is taken in as webhooks are, where a mapping asks for it.

A notice becomes an event in the process and goes the way of every event: evaluated, made durable, folded. It is
held in memory until it is durable, and tried again while the store is out of reach; a process that ends before that
has not told it.

Nothing is told of a pin that these events feed: it would move by its own trouble, and could go on by itself for ever.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from bridge.configuration import Configuration
from bridge.errors import StoreUnavailable
from bridge.events import Clock, Event, Receipt, Settle
from bridge.inbound import own_event
from bridge.mappings import MappingSet
from bridge.notices import OWN_SOURCE, Notice

RETRY_S = 10.0
MOST_HELD = 100
"""Notices that wait to be durable; while as many do, others are lost."""

log = structlog.get_logger()


class Announcer:
    """Takes notices in, on the event loop; `accept` makes an event durable, as it does for webhooks."""

    def __init__(
        self,
        *,
        configuration: Callable[[], Configuration],
        accept: Callable[[MappingSet, Event, Settle], None],
        clock: Clock,
        retry_s: float = RETRY_S,
    ) -> None:
        self._configuration = configuration
        self._accept = accept
        self._clock = clock
        self._retry_s = retry_s
        self._held = 0

    def tell(self, notice: Notice) -> None:
        """Take a notice in, if a mapping takes from this source, and if it is not of a pin that does."""
        configuration = self._configuration()
        own = configuration.mappings.mappings.get(notice.mapping or "")
        if OWN_SOURCE not in configuration.sources or (own is not None and OWN_SOURCE in own.source_places):
            return
        if self._held >= MOST_HELD:
            log.warning("notice_lost", type=notice.type, subject=notice.subject)
            return
        self._held += 1
        self._take(notice)

    def _take(self, notice: Notice) -> None:
        configuration = self._configuration()
        source = configuration.sources.get(OWN_SOURCE)
        if source is None:
            self._held -= 1  # a reload came between, and nobody asks any more
            return
        settle = partial(self._settled, notice)
        try:
            self._accept(configuration.mappings, own_event(source, notice.payload(), self._clock()), settle)
        except Exception as error:  # noqa: BLE001 - a notice must not end what it is told of
            settle(error)

    def _settled(self, notice: Notice, outcome: Receipt | Exception) -> None:
        if isinstance(outcome, StoreUnavailable):
            asyncio.get_running_loop().call_later(self._retry_s, self._take, notice)
            return
        self._held -= 1
        if isinstance(outcome, Exception):
            log.error("notice_failed", type=notice.type, subject=notice.subject, exc_info=outcome)
