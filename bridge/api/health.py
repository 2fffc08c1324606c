"""Whether the process lives, and whether it can take webhooks. Open to all, as what runs containers asks for it."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.api.answers import answer
from bridge.errors import Problem, StoreUnavailable
from bridge.events import Json

MAX_ERRORS = 100
"""How many mistakes `/readyz` tells."""


class Health:
    """The routes.

    `check` raises `StoreUnavailable` where the store is out of reach; `refused` gives what is wrong with mappings that
    were changed and not taken; `draining` tells that the process takes no more work.
    """

    def __init__(
        self,
        *,
        check: Callable[[], Awaitable[None]],
        refused: Callable[[], Sequence[Problem]],
        draining: Callable[[], bool],
    ) -> None:
        self._check = check
        self._refused = refused
        self._draining = draining

    def routes(self) -> list[Route]:
        """Give the routes for the Starlette app."""
        return [Route("/healthz", self.health), Route("/readyz", self.readiness)]

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


def told(refused: Sequence[Problem]) -> list[str]:
    """Tell what is wrong, up to a bound."""
    errors = [str(problem) for problem in refused[:MAX_ERRORS]]
    if len(refused) > MAX_ERRORS:
        errors.append(f"and {len(refused) - MAX_ERRORS} more; the log has them all")
    return errors


def _degraded(refused: Sequence[Problem]) -> Json:
    reason = "the mappings were changed and the change is refused; those from before go on"
    return {"status": "degraded", "reason": reason, "errors": [*told(refused)]}
