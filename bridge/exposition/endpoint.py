"""`GET /metrics`: Prometheus' text, or OpenMetrics for whoever asks for that.

Counts are copied as they stand. The database is asked at each scrape, never twice at once and never for longer
than `WAIT_S`; where it is out of reach, what it would say is left out, and `pinbridge_store_up` is 0.
"""

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.errors import StoreUnavailable
from bridge.exposition.seen import Loaded, Seen
from bridge.store import Budget, Sizes, Store, Survey
from bridge.tallies import DeliveryTally, HookTally, KeyStanding

WAIT_S = 3.0
"""How long a scrape waits for each of what it asks of the database; Prometheus gives up after 10 s."""

_OPENMETRICS = "application/openmetrics-text"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What is looked at: what each room counts, and whom to ask for the rest."""

    hooks: HookTally
    refused_connections: Counter[str]
    deliveries: DeliveryTally
    store: Store
    budget: Budget
    survey: Callable[[], Awaitable[Survey]]
    key: Callable[[], KeyStanding]
    loaded: Callable[[], Loaded]


class Metrics:
    """The route. With a `token`, whoever scrapes must carry it; without one it is open, as `/healthz` is."""

    def __init__(self, subjects: Subjects, *, token: str | None) -> None:
        self._subjects = subjects
        self._token = token
        self._survey = _Answer(subjects.survey)
        self._sizes = _Answer(subjects.store.sizes)
        self._check = _Answer(_true_after(subjects.store.check))
        self._scrapes: dict[bool, asyncio.Future[Response]] = {}

    def routes(self) -> list[Route]:
        """Give the route for the Starlette app."""
        return [Route("/metrics", self.scrape)]

    async def scrape(self, request: Request) -> Response:
        """Answer with all metrics. Whoever asks while they are being written shares them."""
        if self._token is not None and not _carries(request, self._token):
            raise HTTPException(401, "this needs the metrics token, as `Authorization: Bearer`")
        as_openmetrics = _OPENMETRICS in request.headers.get("accept", "")
        scrape = self._scrapes.get(as_openmetrics)
        if scrape is None or scrape.done():
            scrape = self._scrapes[as_openmetrics] = asyncio.ensure_future(self._write(as_openmetrics=as_openmetrics))
        return await asyncio.shield(scrape)

    async def _write(self, *, as_openmetrics: bool) -> Response:
        seen = await self._look()
        text, content_type = await asyncio.to_thread(_written, seen, as_openmetrics)
        return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def _look(self) -> Seen:
        survey: Survey | None
        sizes: Sizes | None
        survey, sizes, takes_writes = await asyncio.gather(
            self._survey.in_time(), self._sizes.in_time(), self._check.in_time()
        )
        subjects = self._subjects
        committed = subjects.store.tally
        return Seen(
            loaded=subjects.loaded(),
            answers=subjects.hooks.answers.copy(),
            refused_connections=subjects.refused_connections.copy(),
            ack_s=subjects.hooks.ack_s.copy(),
            batch_events=committed.batch_events.copy(),
            batch_s=committed.batch_s.copy(),
            commit_s=committed.commit_s.copy(),
            outcomes=committed.outcomes.copy(),
            waiting=subjects.store.waiting,
            endings=subjects.deliveries.endings.copy(),
            request_s=subjects.deliveries.request_s.copy(),
            key=subjects.key(),
            budget=subjects.budget,
            store_up=bool(takes_writes) and survey is not None,
            survey=survey,
            sizes=sizes,
        )


class _Answer(Generic[T]):
    """What the database says to one question: asked once at a time, however long it takes."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[T] | None = None

    async def in_time(self) -> T | None:
        """Give the answer; None where there is none within `WAIT_S`."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._ask())
        await asyncio.wait([self._asked], timeout=WAIT_S)
        try:
            return self._asked.result() if self._asked.done() else None
        except (StoreUnavailable, OSError):
            return None


def _true_after(check: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[bool]]:
    async def checked() -> bool:
        await check()
        return True

    return checked


def _carries(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())


def _written(seen: Seen, as_openmetrics: bool) -> tuple[bytes, str]:  # noqa: FBT001 - for `to_thread`
    from bridge.exposition.families import write  # noqa: PLC0415 - Prometheus' client costs 50 ms of a start

    return write(seen, as_openmetrics=as_openmetrics)
