"""`pinbridge retry`: parked pins are tried again now.

The running bridge is asked; where none runs, the store is opened alone. A database is not made for it.
"""

import asyncio

from bridge.app import now
from bridge.cli.asking import ask
from bridge.settings import Settings
from bridge.store import Store, open_readonly, read_running


def retry(settings: Settings, pins: list[str] | None) -> list[str]:
    """Make these parked pins due now, or all of them; gives those that were.

    Raises `OperatorError` where a running bridge does not do as asked, `StoreUnusable` where there is no database.
    """
    return asyncio.run(_retry(settings, pins))


async def _retry(settings: Settings, pins: list[str] | None) -> list[str]:
    running = read_running(settings.database)
    if running is None:
        return await _retry_alone(settings, pins)
    answer = await ask(running, "/api/retry", {"pins": [*pins] if pins is not None else None})
    match answer:
        case {"pins": [*moved]}:
            return [str(pin) for pin in moved]
    return []


async def _retry_alone(settings: Settings, pins: list[str] | None) -> list[str]:
    open_readonly(settings.database).close()
    store = Store.open(
        settings.database,
        clock=now,
        horizon_s=settings.horizon,
        retention_s=settings.retention,
        journal_bytes=settings.journal_max,
    )
    try:
        return list(await store.retry(pins))
    finally:
        await store.close()
