"""A rebuild and a replay as they are told, to who asks the running bridge and to who runs them alone: JSON, as it goes.

{"of": 150000, "lost": [{"entry": "sales", "before": "2026-10-20T00:00:00+00:00"}]}     first, once
{"of": 150000, "read": 6400}                                                            again and again
{"rebuilt": "sales"}                                                                    last, unless it is broken off
"""

from collections.abc import AsyncIterator

from bridge.events import Json
from bridge.rebuilding.rebuilder import Rebuilder
from bridge.rebuilding.replaying import Replayed
from bridge.store import Begun

MOST_FAILURES = 100
"""How many of the events that still fail are told one by one."""


async def follow(rebuilder: Rebuilder, mapping: str, begun: Begun) -> AsyncIterator[dict[str, Json]]:
    """Tell how a rebuild goes that was begun."""
    lost: list[Json] = [{"entry": loss.entry, "before": loss.before_at.isoformat()} for loss in begun.losses]
    yield {"of": begun.of, "lost": lost}
    async for progress in rebuilder.watch(mapping):
        yield {"of": progress.of, "read": progress.read}
    if not rebuilder.is_stopping:
        yield {"rebuilt": mapping}


def told(replayed: Replayed) -> dict[str, Json]:
    """Tell what a replay came to."""
    failed: list[Json] = [each._asdict() for each in replayed.failed[:MOST_FAILURES]]
    return {"folded": replayed.folded, "failing": len(replayed.failed), "failed": failed}
