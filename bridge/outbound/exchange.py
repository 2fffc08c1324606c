"""HTTP as the client library speaks it. Loaded with the first request: a bridge that starts need not know it yet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from bridge.outbound.answer import TransportFailure
from bridge.outbound.masking import Mask

CONNECT_TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 64 * 1024


class Received(NamedTuple):
    """A complete answer; `body` is None where it is longer than any answer of the API."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class Exchange:
    """One long-lived pool of connections. No redirect is followed, and answers are bounded.

    `app` is an ASGI application of this process that is called instead of the network, None where there is none.
    `deadline_s` bounds the waits for a connection; who asks bounds the whole. `trust_env` lets a proxy of the
    environment take part. Of what the library says nothing that `mask` hides is passed on.
    """

    def __init__(self, headers: Mapping[str, str], *, app: Any, deadline_s: float, trust_env: bool, mask: Mask) -> None:
        self._client = httpx.AsyncClient(
            transport=None if app is None else httpx.ASGITransport(app=app, raise_app_exceptions=False),
            headers=headers,
            follow_redirects=False,
            trust_env=trust_env,
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, deadline_s), pool=deadline_s),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=30),
        )
        self._mask = mask

    async def send(self, method: str, url: str, payload: bytes | None, headers: Mapping[str, str]) -> Received:
        """Send one request and give the whole answer. Raises `TransportFailure` where none came."""
        with self._translated():
            async with self._client.stream(method, url, content=payload, headers=headers) as response:
                return Received(response.status_code, response.headers, await _read_bounded(response))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the HTTP client raises into `TransportFailure`."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise TransportFailure("connect", f"no connection: {self._said_by(error)}", sent=False) from error
        except httpx.HTTPError as error:
            raise TransportFailure("broken", f"the connection broke: {self._said_by(error)}", sent=True) from error

    def _said_by(self, error: Exception) -> str:
        """Give what the HTTP client says; it quotes what came where that is not HTTP."""
        return self._mask.hide_in(str(error))[:200] or type(error).__name__


async def _read_bounded(response: httpx.Response) -> bytes | None:
    """Give the body as it came; None as soon as it is longer than any answer of the API."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)
