"""Requests that came together go through each step in a row, and share nothing but that."""

import asyncio
from datetime import UTC, datetime

from support.events import an_event

from bridge.errors import SenderError
from bridge.events import BatchReceipt, Event, Receipt, Settle
from bridge.inbound.bodies import read_format
from bridge.inbound.gathering import IN_A_ROW, Gathering
from bridge.inbound.receive import Request
from bridge.inbound.sources import Source, load_sources
from bridge.located import Place

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = load_sources({"open": Place("m.yaml", 1, 1)}, b"open: {verify: none, id: $.id}", lambda _: ())["open"]
FORMAT = read_format({"content-type": "application/json"})


class Steps:
    """Notes which request went through which step, and fails where the body says so."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.gathering = Gathering(self.read, lambda: NOON)

    def read(self, _source: Source, request: Request, now: datetime) -> Event:
        name = request.body.decode()
        self.taken.append(("read", name))
        if name == "forged":
            raise SenderError(401, "bad_signature", "forged")
        return an_event(id=name, received_at=now)

    def accept(self, event: Event, settle: Settle) -> None:
        self.taken.append(("accept", event.id))
        if event.id == "broken":
            raise RuntimeError("a bug")
        settle(Receipt(status="accepted", id=event.id, number=1, mappings=()))

    def take(self, name: str) -> list[Receipt | BatchReceipt | Exception]:
        """Have a request taken; gives where its outcome will stand."""
        outcome: list[Receipt | BatchReceipt | Exception] = []
        self.gathering.take(SOURCE, Request({}, FORMAT, b"", name.encode()), self.accept, outcome.append)
        return outcome


async def turns(count: int) -> None:
    """Let the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


def accepted(*outcomes: list[Receipt | BatchReceipt | Exception]) -> list[str]:
    """Give the ids of events that were accepted, each told once."""
    return [outcome.id for (outcome,) in outcomes if isinstance(outcome, Receipt)]


async def test_all_are_read_before_the_first_is_accepted() -> None:
    """So that each step runs in a row, over those of the turns before too."""
    steps = Steps()
    first = steps.take("a")
    await asyncio.sleep(0)
    waiting = [first, steps.take("b"), steps.take("c")]
    await turns(3)
    assert accepted(*waiting) == ["a", "b", "c"]
    assert steps.taken == [(step, name) for step in ("read", "accept") for name in "abc"]


async def test_one_that_comes_alone_waits_for_no_time() -> None:
    """Two turns of the loop, and no timer."""
    steps = Steps()
    receipt = steps.take("a")
    for _ in range(2):
        assert receipt == []
        await turns(1)
    assert accepted(receipt) == ["a"]


async def test_more_than_enough_are_worked_off_though_every_turn_brings_others() -> None:
    """Nobody waits for ever behind those who come later, and no row is longer than its bound."""
    steps = Steps()
    receipts = [steps.take(f"first-{number}") for number in range(60)]
    later = 0
    while not receipts[0]:
        receipts.append(steps.take(f"later-{later}"))
        await turns(1)
        later += 1
    assert later == 4
    assert [step for step, _ in steps.taken[: 2 * IN_A_ROW]] == ["read"] * IN_A_ROW + ["accept"] * IN_A_ROW
    assert accepted(*receipts) == [f"first-{n}" for n in range(60)] + [f"later-{n}" for n in range(4)]


async def test_one_that_fails_concerns_no_other() -> None:
    """Whether its sender or the bridge is at fault."""
    steps = Steps()
    forged, broken, good = (steps.take(name) for name in ("forged", "broken", "good"))
    await turns(3)
    assert accepted(good) == ["good"]
    assert [str(told) for told in (*forged, *broken)] == ["forged", "a bug"]
