"""What the API can be asked for, where a test is about something else."""

from collections.abc import AsyncIterator

from bridge.api import Doings
from bridge.events import Json


async def _retry(_pins: object) -> list[str]:
    return ["p-a"]


async def _replay(_mapping: object) -> dict[str, Json]:
    return {}


async def _rebuild(_mapping: object, _since: object) -> AsyncIterator[dict[str, Json]]:
    async def nothing() -> AsyncIterator[dict[str, Json]]:
        yield {"rebuilt": ""}

    return nothing()


DOINGS = Doings(retry=_retry, replay=_replay, rebuild=_rebuild)
"""One pin is parked, nothing is lacking, and a rebuild is done at once."""
