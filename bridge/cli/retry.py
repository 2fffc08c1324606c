"""`pinbridge retry`: parked pins are tried again now.

The running bridge is asked, through the address and token that it leaves beside its
database; where none runs, the store is opened alone. A database is not made for it.
"""

import asyncio

import httpx

from bridge.app import now
from bridge.errors import OperatorError
from bridge.settings import Settings
from bridge.store import Running, Store, open_readonly, read_running

TIMEOUT_S = 15.0


def retry(settings: Settings, pins: list[str] | None) -> list[str]:
    """Make these parked pins due now, or all of them; gives those that were.

    Raises `OperatorError` where a running bridge does not do as asked, `StoreUnusable` where there is no database.
    """
    running = read_running(settings.database)
    if running is None:
        open_readonly(settings.database).close()
        return asyncio.run(_retry_alone(settings, pins))
    return _ask(running, pins)


def _ask(running: Running, pins: list[str] | None) -> list[str]:
    headers = {"Authorization": f"Bearer {running.token}"}
    try:
        answer = httpx.post(f"{running.address}/api/retry", json={"pins": pins}, headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise OperatorError(f"the bridge at {running.address} does not answer: {error}") from error
    if answer.status_code != 200:
        raise OperatorError(f"the bridge at {running.address} answered {answer.status_code}: {answer.text[:200]}")
    moved: list[str] = answer.json()["pins"]
    return moved


async def _retry_alone(settings: Settings, pins: list[str] | None) -> list[str]:
    store = Store.open(settings.database, clock=now, horizon_s=settings.horizon, retention_s=settings.retention)
    try:
        return list(await store.retry(pins))
    finally:
        await store.close()
