"""The JSON API beside the hook endpoint: health, readiness, and what the command line changes.

`/healthz` and `/readyz` are open. `/api/` takes the admin token from anywhere, or the token
of this start from this machine; the command line reads the latter from a private file beside the
database. Errors have the shape of every error of the bridge, `{"error": {"code", "message"}}`.
"""

import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bridge.errors import ConfigurationError, Problem, StoreUnavailable
from bridge.events import Json

MAX_REQUEST_BYTES = 64 * 1024
MAX_ERRORS = 100
"""How many mistakes `/readyz` tells."""


class Retry(BaseModel):
    """The body of `POST /api/retry`: which parked pins to send again, all of them where `pins` is null."""

    model_config = ConfigDict(extra="forbid")

    pins: list[str] | None = None


class Replay(BaseModel):
    """The body of `POST /api/replay`: whose events to fold that something lacks, every mapping's where it is null."""

    model_config = ConfigDict(extra="forbid")

    mapping: str | None = None


class Rebuild(BaseModel):
    """The body of `POST /api/rebuild`: what to build anew, from which events on, all of them where `since` is null."""

    model_config = ConfigDict(extra="forbid")

    mapping: str
    since: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doings:
    """What can be asked for: each with what its body says.

    `retry` makes parked pins due and gives those that were. `replay` folds what lacks and tells what came of it.
    `rebuild` begins, and gives what tells how it goes. These two raise `ConfigurationError` for an unknown mapping.
    """

    retry: Callable[[Collection[str] | None], Awaitable[list[str]]]
    replay: Callable[[str | None], Awaitable[dict[str, Json]]]
    rebuild: Callable[[str, datetime | None], Awaitable[AsyncIterator[dict[str, Json]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use `/api/`: `start_token` opens it from this machine, `admin_token` from anywhere."""

    start_token: str
    admin_token: str | None

    def allows(self, request: Request) -> bool:
        """Tell whether the request carries a token that counts from where it comes."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        if _is_same(given, self.start_token) and _is_from_this_machine(request):
            return True
        return self.admin_token is not None and _is_same(given, self.admin_token)


class Api:
    """The routes.

    `check` raises `StoreUnavailable` where the store is out of reach; `doings` are what can be asked for; `refused`
    gives what is wrong with mappings that were changed and not taken; `draining` tells that the process takes no
    more work.
    """

    def __init__(
        self,
        *,
        check: Callable[[], Awaitable[None]],
        doings: Doings,
        refused: Callable[[], Sequence[Problem]],
        access: Access,
        draining: Callable[[], bool],
    ) -> None:
        self._check = check
        self._doings = doings
        self._refused = refused
        self._access = access
        self._draining = draining

    def routes(self) -> list[Route]:
        """Give the routes for the Starlette app."""
        return [
            Route("/healthz", self.health),
            Route("/readyz", self.readiness),
            Route("/api/retry", self.retry, methods=["POST"]),
            Route("/api/replay", self.replay, methods=["POST"]),
            Route("/api/rebuild", self.rebuild, methods=["POST"]),
        ]

    async def health(self, _request: Request) -> Response:
        """Answer that the process lives; touches nothing else."""
        return answer({"status": "ok"})

    async def readiness(self, _request: Request) -> Response:
        """Answer whether webhooks can be taken: the store is reachable and the process is not draining.

        Degraded is ready too: a mistake in a mapping must not take every replica out.
        """
        if self._draining():
            return answer({"status": "draining"}, status=503)
        try:
            await self._check()
        except StoreUnavailable as error:
            return answer({"status": "unavailable", "reason": str(error)}, status=503)
        if refused := self._refused():
            return answer(_degraded(refused))
        return answer({"status": "ready"})

    async def retry(self, request: Request) -> Response:
        """Make parked pins due now; answers `{"pins": [those that were]}`."""
        wanted = Retry.model_validate_json(await self._body(request))
        return answer({"pins": [*await self._doings.retry(wanted.pins)]})

    async def replay(self, request: Request) -> Response:
        """Fold the events that something lacks; answers what came of it."""
        wanted = Replay.model_validate_json(await self._body(request))
        return answer(await self._doings.replay(wanted.mapping))

    async def rebuild(self, request: Request) -> Response:
        """Build a mapping anew; answers line by line how it goes, and goes on where nobody listens any more."""
        wanted = Rebuild.model_validate_json(await self._body(request))
        told = await self._doings.rebuild(wanted.mapping, wanted.since)
        lines = (orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) async for line in told)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    async def _body(self, request: Request) -> bytes:
        if not self._access.allows(request):
            raise HTTPException(401, "this needs the admin token, or the token of this start from this machine")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST_BYTES:
                raise HTTPException(413, f"at most {MAX_REQUEST_BYTES} bytes")
        return body or b"{}"


def answer(body: Json, *, status: int = 200) -> Response:
    """Give `body` as a JSON response."""
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"Cache-Control": "no-store"})


async def refuse(_request: Request, error: Exception) -> Response:
    """Answer an error of the API or of routing in the bridge's one shape."""
    match error:
        case HTTPException():
            code = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
            status, word, message = error.status_code, code.get(error.status_code, "refused"), error.detail
        case ValidationError():
            status, word, message = 400, "bad_request", "; ".join(_fault(detail) for detail in error.errors())
        case ConfigurationError():
            status, word, message = 404, "not_found", str(error)
        case StoreUnavailable():
            status, word, message = 503, "unavailable", str(error)
        case _:
            raise error
    return answer({"error": {"code": word, "message": message}}, status=status)


REFUSALS = dict.fromkeys((HTTPException, ValidationError, ConfigurationError, StoreUnavailable), refuse)
"""What a Starlette app needs to answer this API's errors."""


def _degraded(refused: Sequence[Problem]) -> Json:
    errors: list[Json] = [str(problem) for problem in refused[:MAX_ERRORS]]
    if len(refused) > MAX_ERRORS:
        errors.append(f"and {len(refused) - MAX_ERRORS} more; the log has them all")
    reason = "the mappings were changed and the change is refused; those from before go on"
    return {"status": "degraded", "reason": reason, "errors": errors}


def _fault(detail: ErrorDetails) -> str:
    place = ".".join(map(str, detail["loc"])) or "the body"
    return f"{place}: {detail['msg']}"


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _is_from_this_machine(request: Request) -> bool:
    """Tell whether the request comes from loopback, or from the very address that it was sent to."""
    if request.client is None:
        return False
    host, _port = request.scope.get("server") or ("", None)
    return ipaddress.ip_address(request.client.host).is_loopback or request.client.host == host
