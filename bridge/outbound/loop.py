"""The delivery loop: claims what is due when the gate would let it through, and runs it side by side.

At most eight deliveries are in flight. While nothing is due, or the gate is shut, or the budget
is spent, no query runs: the loop sleeps until something wakes it or the next known moment.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bridge.errors import StoreUnavailable
from bridge.events import Clock
from bridge.mappings import MappingSet
from bridge.notices import Notice
from bridge.outbound.agenda import Agenda
from bridge.outbound.client import PindownClient
from bridge.outbound.confirmations import Confirmations, Tell, Touched
from bridge.outbound.decision import backoff_s
from bridge.outbound.delivery import Delivery
from bridge.outbound.flushing import Flushed, Flushes, Wait
from bridge.outbound.gate import Gate, Ticket
from bridge.outbound.turns import Turns
from bridge.store import Budget, Claim, Claimed, Store, Survey
from bridge.tallies import DeliveryTally, KeyStanding

MAX_IN_FLIGHT = 8
MAX_SLEEP_S = 60.0
"""A clock that is set, or a machine that slept, delays a known moment by no more than this."""
STORE_BACKOFF_MAX_S = 30.0
SETBACK_TOLERATED = timedelta(seconds=60)
"""A clock that is set back by no more than this delays what is due by no more than this."""

log = structlog.get_logger()


async def wait_for(event: asyncio.Event, timeout_s: float | None) -> None:
    """Wait by the machine's clock."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


class DeliveryLoop:
    """Keeps the pins of one key up to date, from `run` until `stop`.

    `mappings` gives the set that is loaded now. `wake` must be called, on the event loop, with the
    pins that a commit moved. `notify` is told what whoever runs the bridge may want shown. `random` gives numbers in
    [0, 1).
    """

    def __init__(  # noqa: PLR0913 - the parts it works with, each passed in; none is an option
        self,
        store: Store,
        *,
        mappings: Callable[[], MappingSet],
        client: PindownClient,
        budget: Budget,
        clock: Clock,
        notify: Callable[[Notice], None] = lambda _notice: None,
        random: Callable[[], float] = random.random,
        wait: Wait = wait_for,
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._wait = wait
        self._gate = Gate(budget, random)
        self._delivery = Delivery(
            store=store,
            mappings=mappings,
            client=client,
            gate=self._gate,
            clock=clock,
            random=random,
            may_send=lambda: not self._stopping,
            turns=Turns(notify),
        )
        self.confirmations = Confirmations(store, clock=clock, opens_at=self._opens_at)
        self._slept_at = clock()
        self._agenda = Agenda(self._slept_at)
        self._flushes = Flushes(
            store,
            clock=clock,
            wait=wait,
            opens_at=self._opens_at,
            is_sending=lambda: self._agenda.has_in_flight,
        )
        self._not_before: datetime | None = None
        self._look_after_end = False
        self._store_failures = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()

    def wake(self, pins: Iterable[str]) -> None:
        """Take in that a commit moved these pins, or made them due."""
        self._agenda.wake(pins, self._clock())
        self._stirred.set()

    def confirm(self, touched: Touched, *, number: int | None, until: datetime, tell: Tell) -> None:
        """Deliver pins that an event touched whatever their pace, and have `tell` called once they show it, or cannot.

        See `Confirmations.begin`; `confirmations` must run beside the loop.
        """
        self.confirmations.begin(touched, number=number, until=until, tell=tell)
        self._hurry(pin for pin, _ in touched)
        self._stirred.set()

    async def flush(self) -> Flushed:
        """Wait until what is due now is sent, or cannot be within `FLUSH_S`; `StoreUnavailable`."""
        self.wake(())
        return await self._flushes.flush()

    def end_by(self, latest: datetime) -> None:
        """Let nobody wait for a pin longer than that, as the process ends."""
        self.confirmations.end_by(latest)
        self._flushes.end_by(latest)

    @property
    def tally(self) -> DeliveryTally:
        """What came of deliveries so far."""
        return self._delivery.tally

    def standing(self) -> KeyStanding:
        """Say where the key stands now."""
        now = self._clock()
        return KeyStanding(state=self._gate.key_state, rate=self._gate.rate(now))

    def budget(self) -> Budget:
        """Give the budget at its present rate."""
        return self._gate.budget(self._clock())

    async def survey(self) -> Survey:
        """Look at the pins, the journal, and what is left of the budget at its present rate; `StoreUnavailable`."""
        return await self._store.survey(self.budget())

    async def run(self) -> None:
        """Deliver until `stop`."""
        self._ended.clear()
        try:
            while not self._stopping:
                await self._sleep()
                if not self._stopping:
                    await self._look()
        finally:
            self._ended.set()

    async def stop(self, deadline_s: float) -> None:
        """Take no new claims and finish what is in flight; what is not done in time is left in doubt, to be sent again.

        Returns once everything is settled or released.
        """
        self._stopping = True
        self._stirred.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self._ended.wait()
                await self._all_done()
        for task in self._tasks:
            task.cancel()
        await self._ended.wait()
        await self._all_done()

    async def _all_done(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _sleep(self) -> None:
        """Sleep until a look into the store is worth it."""
        while not self._stopping:
            self._stirred.clear()
            now = self._read_clock()
            moment = self._worth_it_at()
            if moment is not None and moment <= now:
                return
            timeout_s = None if moment is None else min((moment - now).total_seconds(), MAX_SLEEP_S)
            await self._wait(self._stirred, timeout_s)

    def _read_clock(self) -> datetime:
        """Read the clock; where it was set back, forget the moments that were known by it, and look anew."""
        now = self._clock()
        if now < self._slept_at - SETBACK_TOLERATED:
            log.warning("clock_set_back", seconds=round((self._slept_at - now).total_seconds()))
            self._agenda = Agenda(now)
            self._not_before = None
            self._gate.clock_was_set_back(now)
        self._slept_at = now
        return now

    def _worth_it_at(self) -> datetime | None:
        """Say when something may be due, a delivery may start, and the store may be asked; None: not known."""
        due_at = self._agenda.next_at
        if due_at is None or len(self._tasks) >= MAX_IN_FLIGHT:
            return None
        opens_at = self._gate.paused_until
        if opens_at is None and self._gate.slots(1, self._clock()) == 0:
            return None
        return max(moment for moment in (due_at, opens_at, self._not_before) if moment is not None)

    async def _look(self) -> None:
        now = self._clock()
        wanted = self._gate.slots(MAX_IN_FLIGHT - len(self._tasks), now)
        # Before the claims: a pause that begins meanwhile must find this leave older than itself.
        ticket = self._gate.admit(now)
        self._not_before = None
        self._agenda.looking(now)
        # What this look takes for held until its lease ends is free again once its delivery has ended.
        self._look_after_end = bool(self._tasks)
        try:
            claimed = await self._store.claim_due(wanted, self._gate.budget(now), self.confirmations.hurried)
        except StoreUnavailable as error:
            self._gate.withdraw(ticket)
            self._try_later(error)
            return
        self._store_failures = 0
        self._take(claimed, wanted, ticket)

    def _try_later(self, error: StoreUnavailable) -> None:
        self._store_failures += 1
        delay_s = min(backoff_s(self._store_failures, self._random), STORE_BACKOFF_MAX_S)
        if self._store_failures == 1:
            log.warning("store_unavailable", reason=str(error), retry_s=round(delay_s, 1))
        now = self._clock()
        self._agenda.look_at(now)
        self._not_before = now + timedelta(seconds=delay_s)
        self._tell()

    def _take(self, claimed: Claimed, wanted: int, ticket: Ticket) -> None:
        if not claimed.claims:
            self._gate.withdraw(ticket)
        for claim in claimed.claims:
            if self._agenda.is_in_flight(claim.pin):
                # The machine slept through the lease of a request that goes on: never two of one pin.
                continue
            self._agenda.started(claim.pin)
            task = asyncio.create_task(self._deliver(claim, ticket), name=f"deliver {claim.pin}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._agenda.look_at(claimed.next_at)
        self._look_after_end |= claimed.left
        if claimed.no_slot_until is not None or (claimed.left and len(claimed.claims) == wanted):
            self._agenda.look_at(self._clock())
        self._not_before = claimed.no_slot_until
        self._tell()

    async def _deliver(self, claim: Claim, ticket: Ticket) -> None:
        upshot = self._delivery.left_to_its_lease()
        try:
            upshot = await self._delivery.deliver(claim, ticket)
        finally:
            self._agenda.ended(
                claim.pin, rest_until=upshot.rest_until, revocable=upshot.revocable, due_at=upshot.due_at
            )
            if self._look_after_end:
                # The slot that it held, or gave back, may be what other due pins were short of.
                self._agenda.look_at(self._clock())
            if upshot.ended_well:
                # Only its pace holds it back, and not where somebody waits for what came meanwhile.
                self._hurry([claim.pin])
            self._not_before = upshot.no_slot_until
            self._stirred.set()
            self._tell()

    def _tell(self) -> None:
        """Let those who wait look again."""
        self.confirmations.note()
        self._flushes.note()

    def _hurry(self, pins: Iterable[str]) -> None:
        if any(pin in self.confirmations.hurried and not self._agenda.is_in_flight(pin) for pin in pins):
            self._agenda.look_at(self._clock())

    def _opens_at(self) -> datetime | None:
        """Say when a delivery may begin again; None where one may now."""
        now = self._clock()
        known = [
            moment for moment in (self._gate.paused_until, self._not_before) if moment is not None and moment > now
        ]
        return max(known, default=None)
