"""One way for all tests to store an event and wait for what becomes of it, and to see what a pin shows."""

import asyncio

from bridge.events import Event, Receipt
from bridge.mappings import Evaluation
from bridge.store import Claim, Snapshot, Store


async def ingest(store: Store, event: Event, evaluation: Evaluation) -> Receipt:
    """Store an event; gives its receipt, or raises what kept it from that."""
    receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

    def settle(outcome: Receipt | Exception) -> None:
        if receipt.cancelled():
            return
        if isinstance(outcome, Exception):
            receipt.set_exception(outcome)
        else:
            receipt.set_result(outcome)

    store.ingest(event, evaluation, settle)
    return await receipt


async def snapshot_of(store: Store, claim: Claim) -> Snapshot:
    """Read what a claimed pin shows."""
    return await store.view(claim, lambda snapshot, _readings: snapshot)


async def forgotten(store: Store) -> None:
    """Let a round of pruning that is due come to its end."""
    # The first write lets it begin, and the second finds that it has.
    await store.check()
    await store.check()
    while store._writer._pruning.is_under_way:  # noqa: SLF001 - nobody else is told when a round has ended
        await store.check()
    # Behind its last step, which is committed by then.
    await store.check()
