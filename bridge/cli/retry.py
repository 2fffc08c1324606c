"""`pinbridge retry`: parked pins are tried again now.

The running bridge is asked; where none runs, the store is opened alone. A database is not made for it.
"""

import asyncio
from collections.abc import Collection

from bridge.api.wanted import RetryWanted
from bridge.app import now
from bridge.cli.asking import ask, find_bridge
from bridge.cli.opening import open_store
from bridge.cli.views import asked
from bridge.settings import Settings
from bridge.store import open_readonly


def retry(settings: Settings, pins: list[str] | None, url: str | None) -> list[str]:
    """Make these parked pins due now, or all of them; gives those that were.

    Raises `OperatorError` where a running bridge does not do as asked, `StoreUnusable` where there is no database.
    """
    return asyncio.run(_retry(settings, asked(RetryWanted, pins=pins), url))


async def _retry(settings: Settings, wanted: RetryWanted, url: str | None) -> list[str]:
    running = find_bridge(settings, url)
    if running is None:
        return await _retry_alone(settings, wanted.pins)
    answer = await ask(running, "/api/retry", wanted)
    match answer:
        case {"pins": [*moved]}:
            return [str(pin) for pin in moved]
    return []


async def _retry_alone(settings: Settings, pins: Collection[str] | None) -> list[str]:
    open_readonly(settings.database).close()
    store = open_store(settings, now)
    try:
        return list(await store.retry(pins))
    finally:
        await store.close()
