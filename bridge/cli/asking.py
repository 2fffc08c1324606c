"""Asking the running bridge, through the address and token that it leaves beside its database."""

from collections.abc import AsyncIterator

import httpx
import orjson

from bridge.errors import ConfigurationError, OperatorError, Problem
from bridge.events import Json
from bridge.store import Running

TIMEOUT_S = 15.0


async def ask(running: Running, path: str, body: dict[str, Json], *, timeout_s: float | None = TIMEOUT_S) -> Json:
    """Give the bridge's answer, all of it at once.

    Raises `OperatorError` where it does not answer, or refuses, `ConfigurationError` for what it does not know.
    """
    lines = [line async for line in listen(running, path, body, timeout_s=timeout_s)]
    return lines[0] if lines else None


async def listen(
    running: Running, path: str, body: dict[str, Json], *, timeout_s: float | None = None
) -> AsyncIterator[Json]:
    """Give the lines of the bridge's answer as they come; raises as `ask` does."""
    headers = {"Authorization": f"Bearer {running.token}"}
    try:
        async with (
            httpx.AsyncClient(base_url=running.address, headers=headers, timeout=timeout_s) as client,
            client.stream("POST", path, json=body) as answer,
        ):
            if answer.status_code != 200:
                raise _refusal(running, answer.status_code, await answer.aread())
            async for line in answer.aiter_lines():
                yield orjson.loads(line)
    except httpx.HTTPError as error:
        raise OperatorError(f"the bridge at {running.address} does not answer: {error}") from error


def _refusal(running: Running, status: int, body: bytes) -> Exception:
    try:
        message = str(orjson.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        message = body.decode("utf-8", "replace")
    if status == 404:
        name, _, reason = message.partition(": ")
        return ConfigurationError([Problem(file=name, message=reason)])
    return OperatorError(f"the bridge at {running.address} answered {status}: {message[:200]}")
