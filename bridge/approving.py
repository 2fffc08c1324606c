"""Keys that come over the wire, from the offer to what counts: kept in the store, and held where requests are verified.

Nothing here shows a key, but for the one that its owner must give back to its sender: once, when it is approved.
"""

import asyncio

import structlog

from bridge.errors import ConfigurationError, Problem, StoreUnavailable
from bridge.events import Offer, OfferedKey
from bridge.inbound import Keys
from bridge.store import Store

log = structlog.get_logger()


class Approving:
    """Keeps the keys in memory what those in the store are. Belongs to the event loop."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Hold what is kept. Raises `StoreUnavailable`."""
        self._keys.load(await self._store.keys())

    async def keep(self, offer: Offer, address: str) -> None:
        """Make an offered key durable; it counts for nothing yet.

        Raises `SenderError` where too many wait, `StoreUnavailable`.
        """
        async with self._turn:
            if not self._keys.offer(offer.source, offer.key):
                return
            try:
                kept = await self._store.offer_key(offer, address)
            except StoreUnavailable:
                self._keys.withdraw(offer.source, offer.key)
                raise
            log.warning("key_offered", source=kept.source, number=kept.number, address=address)

    async def approve(self, number: int) -> OfferedKey:
        """Let a key count; gives it as it was before. Raises `ConfigurationError` where there is none."""
        async with self._turn:
            found = found_key(number, await self._store.approve_key(number))
            await self.load()
        if found.approved_at is None:
            log.info("key_approved", source=found.source, number=number)
        return found

    async def remove(self, number: int) -> OfferedKey:
        """Forget a key; what it signs is refused from now on. Raises `ConfigurationError` where there is none."""
        async with self._turn:
            found = found_key(number, await self._store.remove_key(number))
            await self.load()
        log.info("key_removed", source=found.source, number=number)
        return found


def found_key(number: int, key: OfferedKey | None) -> OfferedKey:
    """Give the key. Raises `ConfigurationError` where there is none of that number."""
    if key is None:
        raise ConfigurationError([Problem(file=f"key {number}", message="there is none; `pinbridge keys` lists them")])
    return key
