"""The way of one pin: snapshot, render, compare, book, PUT, settle.

Whatever goes wrong is this pin's alone: a template that fails parks it with the place in the
YAML, an error nobody foresaw parks it with what was caught, and no other pin waits for it.
Nothing is sent that was not booked first, and only a confirmed update records what was shown.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

import structlog

from bridge.errors import StoreUnavailable
from bridge.events import Clock
from bridge.mappings import Mapping, MappingSet, Rendered, RenderError
from bridge.outbound.answer import Answer, TransportFailure
from bridge.outbound.client import PindownClient
from bridge.outbound.decision import NEW_CONTENT_EVERY_S, PROBE_EVERY_S, Decision, History, decide
from bridge.outbound.drawing import draw
from bridge.outbound.gate import Gate, Ticket
from bridge.outbound.turns import Turns
from bridge.store import LEASE_S, Booking, Claim, Lost, NoSlot, Rest, Settlement, Store
from bridge.tallies import DeliveryTally

UNCHANGED_REST_MAX_S = 1.0
"""A look that sent nothing delays the next change by no more than this."""
RENDER_REST_S = 5.0
"""How soon a pin that could not be rendered is tried with its next change."""
RELOAD_REST_S = 0.2
"""How soon a pin is tried again that was claimed while a reload changed it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upshot:
    """Where a delivery left its pin.

    It cannot be claimed before `rest_until`, unless (`revocable`) somebody asks for it by hand; without
    an event it is due at `due_at`. Where it `ended_well`, the rest is a matter of its pace alone.
    `no_slot_until` is set where the budget had nothing left.
    """

    rest_until: datetime
    due_at: datetime | None
    revocable: bool = False
    ended_well: bool = False
    no_slot_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A claimed pin, rendered: what to send, and what its mapping wants of deliveries.

    It turns stale at `stale_at`, or turned; `stale_since` is what was rendered. At `changes_at` something that it
    shows of the state would be shown otherwise, without an event.
    """

    claim: Claim
    ticket: Ticket
    mapping: Mapping
    revision: int
    rendered: Rendered
    stale_at: datetime | None
    stale_since: datetime | None
    changes_at: datetime | None

    @property
    def body_hash(self) -> bytes:
        """Recognise the body again (16 bytes)."""
        return blake2b(self.rendered.payload, digest_size=16).digest()

    def wake_at(self, now: datetime) -> datetime | None:
        """Say when the pin is to be rendered again without an event."""
        return _earliest(_after(self.mapping.refresh_s, now), self.changes_at)

    def due_at(self, wake_at: datetime | None) -> datetime | None:
        """Say when the pin is due without an event, if it is to be rendered again at `wake_at`."""
        return _earliest(wake_at, None if self.stale_since is not None else self.stale_at)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Delivers claimed pins of one key. `may_send` is asked right before a request is booked."""

    store: Store
    mappings: Callable[[], MappingSet]
    client: PindownClient
    gate: Gate
    clock: Clock
    random: Callable[[], float]
    may_send: Callable[[], bool]
    turns: Turns
    tally: DeliveryTally = field(default_factory=DeliveryTally)
    _delivered: int = 0
    _delivered_when_it_began_to_fail: dict[str, int] = field(default_factory=dict)

    async def deliver(self, claim: Claim, ticket: Ticket) -> Upshot:
        """Bring one claim to its end. Raises nothing but the cancellation of its task."""
        try:
            return await self._guarded(claim, ticket)
        except StoreUnavailable as error:
            log.warning("delivery_interrupted", pin=claim.pin, mapping=claim.mapping, reason=str(error))
            return self.left_to_its_lease()
        finally:
            self.gate.withdraw(ticket)

    def left_to_its_lease(self) -> Upshot:
        """Say what follows for a claim that was neither settled nor given back: it runs out by itself."""
        now = self.clock()
        return Upshot(rest_until=now, due_at=now + timedelta(seconds=LEASE_S))

    async def _guarded(self, claim: Claim, ticket: Ticket) -> Upshot:
        """Guard the loop, and every other pin, against whatever this one brings up."""
        try:
            return await self._render_and_send(claim, ticket)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("pin_failed", pin=claim.pin, mapping=claim.mapping)
            reason = f"the bridge failed on this pin: {type(error).__name__}: {error}"[:300]
            # Long enough for a request that was under way.
            return await self._park(claim, "internal_error", reason, NEW_CONTENT_EVERY_S)

    async def _render_and_send(self, claim: Claim, ticket: Ticket) -> Upshot:
        # Where the store reads: a heavy template must not hold up the webhooks that this process answers.
        drawn = await self.store.view(claim, partial(draw, self.mappings(), claim.pin, self.clock()))
        if drawn is None:
            return await self._wait_for_the_reload(claim)
        snapshot, mapping, shown, since = drawn
        claim = replace(claim, revision=snapshot.revision)
        if isinstance(shown, RenderError):
            return await self._park(claim, "render_error", str(shown), RENDER_REST_S)
        draft = Draft(
            claim=claim,
            ticket=ticket,
            mapping=mapping,
            revision=snapshot.revision,
            rendered=shown.rendered,
            stale_at=snapshot.stale_at,
            stale_since=since,
            changes_at=shown.changes_at,
        )
        if draft.body_hash == claim.sent_hash:
            return await self._leave_unchanged(draft)
        if not (self.gate.holds(ticket) and self.may_send()):
            return await self._give_back(claim)
        booking = await self.store.book(claim, self.gate.budget(self.clock()))
        if isinstance(booking, Booking):
            return await self._send(booking, draft)
        return await self._without_booking(claim, booking)

    async def _leave_unchanged(self, draft: Draft) -> Upshot:
        now = self.clock()
        rest_until = now + timedelta(seconds=min(draft.mapping.min_interval_s, UNCHANGED_REST_MAX_S))
        rest = Rest(next_at=rest_until, wake_at=draft.wake_at(now), stale_since=draft.stale_since)
        await self.store.settle_unchanged(draft.claim, draft.revision, rest=rest)
        self.tally.endings["unchanged"] += 1
        self.turns.confirmed(draft.claim, draft.revision, now)
        self.turns.rendered(draft.claim, draft.mapping, draft.stale_since, now)
        return Upshot(rest_until=rest_until, due_at=draft.due_at(rest.wake_at), ended_well=True)

    async def _wait_for_the_reload(self, claim: Claim) -> Upshot:
        """Give a pin back that a reload changes in this moment: its revision must be shown by the other rendering."""
        await self.store.release(claim)
        rest_until = self.clock() + timedelta(seconds=RELOAD_REST_S)
        return Upshot(rest_until=rest_until, due_at=rest_until, revocable=True)

    async def _give_back(self, claim: Claim, no_slot_until: datetime | None = None) -> Upshot:
        await self.store.release(claim)
        now = self.clock()
        return Upshot(rest_until=now, due_at=now, no_slot_until=no_slot_until)

    async def _without_booking(self, claim: Claim, refusal: NoSlot | Lost) -> Upshot:
        if isinstance(refusal, NoSlot):
            return await self._give_back(claim, refusal.until)
        log.warning("claim_lost", pin=claim.pin, mapping=claim.mapping)
        return self.left_to_its_lease()

    async def _send(self, booking: Booking, draft: Draft) -> Upshot:
        result = await self._request(draft)
        now = self.clock()
        decision = decide(result, self._history(draft.claim), self.random)
        self._learn(decision, draft, now)
        settlement = _settlement(decision, draft, now)
        await self.store.settle(booking, settlement)
        self.tally.endings[settlement.outcome] += 1
        _tell(decision, draft, settlement)
        if settlement.outcome == "delivered":
            self.turns.confirmed(draft.claim, draft.revision, now)
        elif settlement.outcome == "parked":
            self.turns.parked(draft.claim, settlement, now)
        self.turns.rendered(draft.claim, draft.mapping, draft.stale_since, now)
        return _ending(settlement, now, due_at=draft.due_at(settlement.wake_at))

    async def _request(self, draft: Draft) -> Answer | TransportFailure:
        began_s = time.perf_counter()
        try:
            return await self.client.put_pin(draft.claim.pin, draft.rendered.payload)
        except TransportFailure as failure:
            return failure
        except asyncio.CancelledError:
            # Only the end of the loop cancels, and what is booked is settled before that end.
            return TransportFailure("stopped", "the bridge went down during the request", sent=True)
        finally:
            self.tally.request_s.observe(time.perf_counter() - began_s)

    def _history(self, claim: Claim) -> History:
        before = self._delivered_when_it_began_to_fail.get(claim.pin, self._delivered)
        return History(failures=claim.failures, others_delivered=self._delivered > before)

    def _learn(self, decision: Decision, draft: Draft, now: datetime) -> None:
        """Note what the answer says of the key, and for the pins that fail beside it."""
        if decision.next == "delivered":
            self._delivered += 1
            self._delivered_when_it_began_to_fail.pop(draft.claim.pin, None)
        elif decision.failures > draft.claim.failures:
            self._delivered_when_it_began_to_fail.setdefault(draft.claim.pin, self._delivered)
        news = self.gate.report(draft.ticket, decision.key, decision.pause_s, now)
        if news == "paused":
            log.error("key_paused", reason=decision.reason, act=decision.act, probe_at=_iso(self.gate.paused_until))
        elif news == "slowed":
            rate = round(self.gate.rate(now), 3)
            log.warning("rate_lowered", reason=decision.reason, rate=rate, until=_iso(self.gate.paused_until))
        elif news == "resumed":
            log.info("key_resumed", rate=round(self.gate.rate(now), 3))
        self.turns.key(news, decision.reason, now)

    async def _park(self, claim: Claim, code: str, reason: str, rest_s: float) -> Upshot:
        """Set a pin aside that the API did not refuse: after a rest its next change may mend it, or time does."""
        now = self.clock()
        settlement = Settlement(
            outcome="parked",
            revision=claim.revision,
            probe_at=now + timedelta(seconds=PROBE_EVERY_S),
            retry_on_change_at=now + timedelta(seconds=rest_s),
            failures=claim.failures + 1,
            code=code,
            message=reason,
        )
        await self.store.park(claim, settlement)
        self.tally.endings["parked"] += 1
        if not claim.parked:
            log.warning("pin_parked", pin=claim.pin, mapping=claim.mapping, code=code, reason=reason)
        self.turns.parked(claim, settlement, now)
        return _ending(settlement, now)


def _settlement(decision: Decision, draft: Draft, now: datetime) -> Settlement:
    rest_s = draft.mapping.min_interval_s if decision.next == "delivered" else decision.rest_s
    return Settlement(
        outcome=decision.next,
        revision=draft.revision,
        body_hash=draft.body_hash if decision.next == "delivered" else None,
        stale_since=draft.stale_since,
        # Without a rest, as where the key is at fault, the pin keeps its place among those that wait.
        next_at=_after(rest_s or None, now),
        probe_at=_after(decision.probe_after_s, now),
        retry_on_change_at=_after(decision.new_content_after_s, now),
        wake_at=draft.wake_at(now),
        failures=decision.failures,
        status=decision.status,
        code=decision.code,
        message="" if decision.next == "delivered" else decision.reason,
    )


def _ending(settlement: Settlement, now: datetime, *, due_at: datetime | None = None) -> Upshot:
    """Say when a settled pin can be claimed, and when it is due; one that was delivered, at `due_at`."""
    if settlement.outcome == "parked":
        rest_until = settlement.retry_on_change_at or settlement.probe_at or now
        return Upshot(rest_until=rest_until, due_at=settlement.probe_at, revocable=True)
    rest_until = settlement.next_at or now
    if settlement.outcome == "delivered":
        return Upshot(rest_until=rest_until, due_at=due_at, ended_well=True)
    return Upshot(rest_until=rest_until, due_at=rest_until, revocable=True)


def _tell(decision: Decision, draft: Draft, settlement: Settlement) -> None:
    line = log.bind(pin=draft.claim.pin, mapping=draft.mapping.name, revision=draft.revision, status=decision.status)
    if decision.next == "delivered":
        told: dict[str, object] = {"notes": draft.rendered.notes} if draft.rendered.notes else {}
        if draft.stale_since is not None:
            told["stale_since"] = _iso(draft.stale_since)
        line.info("pin_delivered", why=draft.claim.reason, **told)
    elif decision.next == "parked":
        line.warning("pin_parked", code=decision.code, reason=decision.reason, act=decision.act)
    elif decision.key not in ("refused", "slowed"):
        at = _iso(settlement.next_at)
        line.warning("pin_not_delivered", outcome=decision.next, code=decision.code, reason=decision.reason, next_at=at)


def _after(delay_s: float | None, now: datetime) -> datetime | None:
    return None if delay_s is None else now + timedelta(seconds=delay_s)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
