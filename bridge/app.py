"""The ASGI app: wiring and lifespan; the only place that knows all the rooms.

The hook endpoint is a plain ASGI callable in front of the Starlette app, so that a webhook
pays for neither routing nor request objects. Starting activates the mappings in the store and
begins delivering; ending finishes what is in flight within a bound and leaves the rest due.
"""

import asyncio
import gc
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.announcing import Announcer
from bridge.api import REFUSALS, Access, Api, Doings, Health, Rooms
from bridge.approving import Approving
from bridge.configuration import Configuration, ConfigurationLoader
from bridge.errors import PinbridgeError, StoreUnavailable
from bridge.events import Event, Json, Settle
from bridge.exposition import Loaded, Metrics, Subjects
from bridge.inbound import Batch, HookEndpoint, Reply, SettleBatch
from bridge.inline import InlineAnswers, InlineBatch
from bridge.lookups import Lookups
from bridge.mappings import Evaluation, MappingSet, NotAtOnce
from bridge.notices import OWN_SOURCE, reload_notice
from bridge.once_a_minute import OnceAMinute
from bridge.outbound import DeliveryLoop, PindownClient
from bridge.proxies import Proxies
from bridge.rebuilding import Rebuilder, follow, told
from bridge.reload import Reloader
from bridge.secret import Secret
from bridge.settings import Settings
from bridge.store import Budget, Store, active_pins

STOP_DELIVERY_S = 5.0
"""What deliveries in flight get at the end; with the server's own 3 s this stays within 10 s."""

STOP_WAITING_S = 2.0
"""How much longer an answer waits for its pins once the process is asked to end; the server waits 3 s for answers."""

QUICK_BYTES = 64 * 1024
"""What is evaluated on the spot, if it takes but a moment: to copy the whole of a longer body may take several ms."""

_FAILED = frozenset({"error", "inexact_number"})
"""The outcomes that somebody must mend."""

log = structlog.get_logger()


def now() -> datetime:
    """Read the wall clock; the rooms are given this, and read none."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rooms as they were opened for this start. `sandbox` is served under /sandbox where there is one.

    `configuration` is what `loader` compiled last. `keeps` tells that the database's disk lasts, as far as is known.
    `lookups` fetches the keys that senders publish.
    """

    loader: ConfigurationLoader
    configuration: Configuration
    store: Store
    client: PindownClient
    destination: str
    sandbox: ASGIApp | None = None
    keeps: bool = True
    lookups: Lookups = field(default_factory=lambda: Lookups(clock=time.monotonic))


class Bridge:
    """The running whole, as an ASGI app. `draining` tells that the process is asked to end.

    `refused_connections` counts what never became a request, by code; whoever serves this counts there.
    `failure` is what broke a part that the rest is nothing without; the process then asks itself to end.
    """

    def __init__(self, settings: Settings, parts: Parts, *, access: Access, draining: Callable[[], bool]) -> None:
        self.failure: BaseException | None = None
        self._parts = parts
        self._configuration = parts.configuration
        self._seldom = OnceAMinute(now)
        self.refused_connections = Counter[str]()
        announcer = Announcer(configuration=lambda: self._configuration, accept=self._accept, clock=now)
        self._budget = Budget(windows=settings.rate, cost=settings.cost)
        self._delivery = DeliveryLoop(
            parts.store,
            mappings=lambda: self._configuration.mappings,
            client=parts.client,
            budget=self._budget,
            clock=now,
            notify=announcer.tell,
        )
        inline = settings.delivery == "inline"
        self._inline = InlineAnswers(confirm=self._delivery.confirm, keeps=parts.keeps) if inline else None
        self._rebuilder = Rebuilder(parts.store, lambda: self._configuration)
        self._approving = Approving(parts.store, parts.loader.keys)
        self._proxies = Proxies(settings.trusted_proxies or ())
        self._hooks = HookEndpoint(
            parts.configuration.sources,
            accept=partial(self._accept, parts.configuration.mappings),
            accept_batch=partial(self._accept_batch, parts.configuration.mappings),
            clock=now,
            max_body_bytes=settings.max_body,
            draining=draining,
            keep_key=self._approving.keep,
            keys=parts.lookups,
            client=self._proxies.client,
        )
        self._reloader = Reloader(
            parts.loader,
            parts.configuration,
            swap=self._swap,
            look_every_s=settings.mappings_look_every,
            on_refused=lambda problems: announcer.tell(reload_notice([*map(str, problems)], now())),
        )
        routes: list[BaseRoute] = [*self._health(draining).routes(), *self._api(access).routes()]
        routes += self._metrics(settings).routes()
        if parts.sandbox is not None:
            routes += [Mount("/sandbox", parts.sandbox), Route("/", _show_board)]
        self._web = Starlette(routes=routes, exception_handlers=REFUSALS, lifespan=self._lifespan)

    def _health(self, draining: Callable[[], bool]) -> Health:
        return Health(check=self._parts.store.check, refused=lambda: self._reloader.refused, draining=draining)

    def _api(self, access: Access) -> Api:
        store = self._parts.store
        rooms = Rooms(
            store=store,
            mappings=lambda: self._configuration.mappings.mappings,
            refused=lambda: self._reloader.refused,
            key=self._delivery.standing,
            budget=self._delivery.budget,
            clock=now,
            started_at=now(),
        )
        doings = Doings(
            retry=store.retry,
            replay=self._replay,
            rebuild=self._rebuild,
            flush=self._flush,
            approve=self._approving.approve,
            remove=self._approving.remove,
        )
        return Api(rooms, doings, access)

    def _metrics(self, settings: Settings) -> Metrics:
        subjects = Subjects(
            hooks=self._hooks.tally,
            refused_connections=self.refused_connections,
            deliveries=self._delivery.tally,
            store=self._parts.store,
            budget=self._budget,
            survey=self._delivery.survey,
            key=self._delivery.standing,
            loaded=self._loaded,
        )
        return Metrics(subjects, token=_secret(settings.metrics_token))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request: a webhook, or the rest."""
        if scope["type"] == "http" and scope["path"].startswith("/hooks/"):
            await self._hooks(scope, receive, send)
        elif scope["type"] == "http":
            await self._web(self._proxies.seen_through(scope), receive, send)
        else:
            await self._web(scope, receive, send)

    def answer_whole(self, scope: Scope, body: bytes, reply: Reply) -> bool:
        """Answer a request whose body is there, if it is a webhook; gives whether it is."""
        is_hook: bool = scope["path"].startswith("/hooks/")
        if is_hook:
            self._hooks.answer_whole(scope, body, reply)
        return is_hook

    def drain(self) -> None:
        """Let nobody wait for long any more: the process is asked to end."""
        self._delivery.end_by(now() + timedelta(seconds=STOP_WAITING_S))

    def _accept_batch(self, mappings: MappingSet, events: Iterator[Event], settle: SettleBatch) -> None:
        held = None if self._inline is None else self._inline.hold_batch(settle)
        Batch(events, partial(self._accept, mappings, batch=held), settle if held is None else held.stored).go_on()

    def _accept(self, mappings: MappingSet, event: Event, settle: Settle, batch: InlineBatch | None = None) -> None:
        if len(event.body) <= QUICK_BYTES:
            try:
                evaluation = mappings.evaluate_at_once(event)
            except NotAtOnce:
                pass  # its mappings ask for much, however short it is
            else:
                self._ingest(event, evaluation, settle, batch)
                return
        # What may take long is evaluated beside the event loop, so that it holds up no other webhook.
        evaluating = asyncio.get_running_loop().run_in_executor(None, mappings.evaluate, event)
        evaluating.add_done_callback(partial(self._ingest_heavy, event, settle, batch))

    def _ingest_heavy(
        self, event: Event, settle: Settle, batch: InlineBatch | None, evaluating: asyncio.Future[Evaluation]
    ) -> None:
        try:
            self._ingest(event, evaluating.result(), settle, batch)
        except Exception as error:  # noqa: BLE001 - told to who waits for it
            settle(error)

    def _ingest(self, event: Event, evaluation: Evaluation, settle: Settle, batch: InlineBatch | None) -> None:
        for outcome in evaluation.outcomes:
            if outcome.kind in _FAILED:
                self._seldom.warn(
                    "event_not_folded",
                    outcome.mapping,
                    outcome.trigger,
                    mapping=outcome.mapping,
                    trigger=outcome.trigger,
                    reason=outcome.reason,
                )
        if self._inline is not None and event.source != OWN_SOURCE:
            settle = (batch or self._inline).hold(self._configuration.sources, event, evaluation, settle)
        # What the payload says stands in the evaluation and in the body. To let go of its many objects before
        # the wait for the commit, not after it, spares the whole process a tenth: the next event reuses them warm.
        self._parts.store.ingest(event.without_payload(), evaluation, settle)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        parts = self._parts
        parts.store.on_due = self._delivery.wake
        parts.store.on_pending = self._rebuilder.wake
        parts.store.on_failure = self._fail
        try:
            await self._approving.load()
            await parts.store.activate(active_pins(parts.configuration.mappings, keeps=parts.keeps), parts.destination)
        except StoreUnavailable as error:
            # Asked to end, the process takes nothing; to raise here would be told as a fault of the program.
            self._fail(error)
            yield
        else:
            async with self._at_work():
                yield
        finally:
            await parts.lookups.aclose()
            await parts.client.aclose()
            await parts.store.close()

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """Deliver, reload and rebuild, until the end."""
        confirmations = self._delivery.confirmations
        delivering = asyncio.create_task(self._delivery.run(), name="delivery")
        confirming = asyncio.create_task(confirmations.run(), name="confirmations")
        reloading = asyncio.create_task(self._reloader.run(), name="reload")
        rebuilding = asyncio.create_task(self._rebuilder.run(), name="rebuild")
        for task in (delivering, confirming, reloading, rebuilding):
            task.add_done_callback(self._end_if_it_failed)
        tune_the_collector()
        try:
            yield
        finally:
            self._reloader.stop()
            self._rebuilder.stop()
            await self._delivery.stop(STOP_DELIVERY_S)
            confirmations.stop()
            await asyncio.wait([confirming, reloading, rebuilding])

    async def _swap(self, configuration: Configuration) -> None:
        """Go over to another configuration; see "A reload in the midst of events" in docs/design.md.

        The store goes first. Until the rest follows, events are still evaluated by the old mappings: their changes
        of pins that are gone are kept and not shown, and no pin is rendered by a mapping other than the store's.
        """
        mappings = configuration.mappings
        moved = await self._parts.store.activate(
            active_pins(mappings, keeps=self._parts.keeps), self._parts.destination
        )
        self._configuration = configuration
        self._hooks.switch(
            configuration.sources,
            accept=partial(self._accept, mappings),
            accept_batch=partial(self._accept_batch, mappings),
        )
        self._delivery.wake(moved)
        self._rebuilder.wake()

    async def _flush(self) -> dict[str, Json]:
        return (await self._delivery.flush()).to_json()

    async def _replay(self, mapping: str | None) -> dict[str, Json]:
        return told(await self._rebuilder.replay(mapping))

    async def _rebuild(self, mapping: str, since: datetime | None) -> AsyncIterator[dict[str, Json]]:
        return follow(self._rebuilder, mapping, await self._rebuilder.rebuild(mapping, since))

    def _loaded(self) -> Loaded:
        loaded = self._configuration
        return Loaded(
            sources={
                source.name: source.ack.status if source.ack else 202
                for source in loaded.sources.values()
                if not source.is_own
            },
            mappings=tuple(loaded.mappings.mappings),
            refused=bool(self._reloader.refused),
        )

    def _end_if_it_failed(self, task: asyncio.Task[None]) -> None:
        """Crash rather than live on without deliveries or reloads: whoever runs the process starts it again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        if isinstance(error, PinbridgeError):
            log.critical("bridge_failed", reason=str(error))
        else:
            log.critical("bridge_failed", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _secret(setting: Secret | None) -> str | None:
    return None if setting is None else setting.text


async def _show_board(_request: Request) -> Response:
    return RedirectResponse("sandbox/")


def tune_the_collector() -> None:
    """Keep what was loaded out of the garbage collector's way: a fifth of the throughput of the prototype."""
    # Not collected first: of what a start makes little is garbage, and to look for it takes a tenth of the start.
    gc.freeze()
    gc.enable()  # the command line disables it until here
    gc.set_threshold(50_000, 50, 100)
