"""Asking a bridge through its API: the one that is named, else the one that runs on the database here."""

import time
from collections.abc import AsyncIterator, Mapping

import httpx
import orjson

from bridge.api.wanted import Wanted
from bridge.cli.addresses import read_address
from bridge.errors import ConfigurationError, OperatorError, Problem
from bridge.events import Json
from bridge.settings import Settings
from bridge.store import Running, read_running

TIMEOUT_S = 15.0
LOOK_S = 8.0
"""How long a look is waited for: the bridge itself gives one up after 5 s."""

MOST_WAITS = 20
"""How often the bridge may say that more is asked than it answers at once, before that is told."""

_JSON = {"Content-Type": "application/json"}
_HERE = "PINBRIDGE_ADMIN_TOKEN"


class NoAnswer(OperatorError):
    """No bridge answers, or not in time."""


def find_bridge(settings: Settings, url: str | None) -> Running | None:
    """Say how to reach the bridge at an address (else PINBRIDGE_URL), or the one that runs here; None where none does.

    Raises `ConfigurationError` for what is no address, and without the token for one.
    """
    address = url or settings.url
    if address is None:
        return read_running(settings.database)
    place = "--url" if url else "PINBRIDGE_URL"
    if settings.admin_token is None:
        message = f"is not set; set it to that of the bridge at {read_address(address, place)}"
        raise ConfigurationError([Problem(file=_HERE, message=message)])
    return Running(address=read_address(address, place), token=settings.admin_token.text)


def fetch(client: httpx.Client, path: str, parameters: Mapping[str, str]) -> bytes:
    """Give what the bridge answers to a GET; raises as `ask` does, and `NoAnswer`.

    Where it asks to wait, that is done.
    """
    for _ in range(MOST_WAITS):
        try:
            answer = client.get(path, params=parameters)
        except httpx.HTTPError as error:
            raise _no_answer(str(client.base_url), error) from error
        if answer.status_code != 429:
            break
        time.sleep(_wait_s(answer))
    if answer.status_code != 200:
        raise _refusal(str(client.base_url), answer.status_code, answer.content)
    return answer.content


def client_of(running: Running) -> httpx.Client:
    """Give a client that speaks to the bridge."""
    return httpx.Client(base_url=running.address, headers=_headers(running), timeout=LOOK_S)


async def ask(running: Running, path: str, body: Wanted, *, timeout_s: float | None = TIMEOUT_S) -> Json:
    """Give the bridge's answer, all of it at once.

    Raises `OperatorError` where it does not answer, or refuses, `ConfigurationError` for what it does not know.
    """
    lines = [line async for line in listen(running, path, body, timeout_s=timeout_s)]
    return lines[0] if lines else None


async def listen(running: Running, path: str, body: Wanted, *, timeout_s: float | None = None) -> AsyncIterator[Json]:
    """Give the lines of the bridge's answer as they come; raises as `ask` does."""
    try:
        async with (
            httpx.AsyncClient(base_url=running.address, headers=_headers(running), timeout=timeout_s) as client,
            client.stream("POST", path, content=body.model_dump_json(), headers=_JSON) as answer,
        ):
            if answer.status_code != 200:
                raise _refusal(running.address, answer.status_code, await answer.aread())
            async for line in answer.aiter_lines():
                yield orjson.loads(line)
    except httpx.HTTPError as error:
        raise _no_answer(running.address, error) from error


def _headers(running: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.token}"}


def _wait_s(answer: httpx.Response) -> float:
    given = answer.headers.get("retry-after", "")
    return float(min(int(given), TIMEOUT_S)) if given.isdecimal() else 1.0


def _no_answer(address: str, error: httpx.HTTPError) -> NoAnswer:
    reason = str(error) or type(error).__name__
    return NoAnswer(f"the bridge at {address} does not answer: {reason}")


def _refusal(address: str, status: int, body: bytes) -> Exception:
    try:
        message = str(orjson.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return OperatorError(f"what answers at {address} is no bridge: it answered {status}")
    if status == 404:
        name, _, reason = message.partition(": ")
        return ConfigurationError([Problem(file=name, message=reason)])
    if status == 401:
        return OperatorError(f"the bridge at {address} has another token than {_HERE} says")
    return OperatorError(f"the bridge at {address} answered {status}: {message[:500]}")
