"""One timer for all readings: each of them still ends by its own deadline."""

import asyncio

import pytest

from bridge.inbound.deadline import Deadline


async def never() -> bytes:
    """Read from a sender who sends nothing."""
    await asyncio.Event().wait()
    return b""


async def there() -> bytes:
    """Read what has come already."""
    return b"body"


async def test_what_is_there_is_given() -> None:
    """A reading that ends in time gives what it read, and may be followed by another of the same task."""
    deadline = Deadline(10)
    assert [await deadline.hold(there()), await deadline.hold(there())] == [b"body", b"body"]


async def test_every_reading_has_its_own_deadline() -> None:
    """Each ends when its own time is over and not before, though one timer serves all of them."""
    deadline = Deadline(0.05)
    time = asyncio.get_running_loop().time
    took_s: list[float] = []

    async def read() -> None:
        started_at = time()
        with pytest.raises(TimeoutError):
            await deadline.hold(never())
        took_s.append(time() - started_at)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(read())
            await asyncio.sleep(0.02)
            assert await deadline.hold(there()) == b"body"
    assert len(took_s) == 3
    assert min(took_s) >= 0.049


async def test_a_task_goes_on_after_its_deadline() -> None:
    """The deadline leaves no cancellation behind."""
    deadline = Deadline(0.01)
    with pytest.raises(TimeoutError):
        await deadline.hold(never())
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    """Whoever ends the task is obeyed; the deadline does not take it for its own."""
    reading = asyncio.create_task(Deadline(10).hold(never()))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
