"""The requests to the Pindown API. Nothing else in the bridge knows an HTTP client.

One long-lived connection pool, a hard deadline around each whole request, bounded answers, no
redirect followed. A complete answer of any status is an `Answer`; everything else is a
`TransportFailure` that says whether the request may have been applied. Nothing is retried
here, and how many requests run side by side is the caller's to bound: the pool turns slow
beyond twenty.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bridge.errors import ConfigurationError, Problem
from bridge.events import Clock
from bridge.outbound.answer import Answer, TransportFailure, read_answer
from bridge.outbound.masking import Mask
from bridge.store import REQUEST_DEADLINE_S

_KEYLESS_HEADERS = {
    "Accept": "application/json",
    # What is not compressed cannot expand beyond the bound.
    "Accept-Encoding": "identity",
    "User-Agent": "pinbridge",
}
_PUT_HEADERS = {"Content-Type": "application/json"}

CONNECT_TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 64 * 1024


class PindownClient:
    """A client for one base address and one key.

    `base_url` includes the version (`https://api.pindown.ai/v1`). `deadline_s` bounds a request
    from its first byte out to its last byte in. Raises `ConfigurationError` for a key that no
    header can carry. To be closed with `aclose`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        deadline_s: float = REQUEST_DEADLINE_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._deadline_s = deadline_s
        self._transport = transport
        self._headers = _headers(api_key)
        # A proxy of the environment is for the outside, never for this machine.
        self._trust_env = not _is_loopback(self._base_url)
        self._opening: asyncio.Future[httpx.AsyncClient] | None = None
        self._mask = Mask(api_key.get_secret_value())

    @classmethod
    def for_app(cls, app: Any, api_key: SecretStr, *, base_url: str = "http://sandbox.invalid/v1") -> Self:
        """Make a client that calls an ASGI application of this process instead of the network."""
        return cls(base_url, api_key, transport=httpx.ASGITransport(app=app, raise_app_exceptions=False))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opening is not None:
            await (await self._opening).aclose()

    async def put_pin(self, pin: str, payload: bytes) -> Answer:
        """Update a pin: `PUT /v1/pins/{pin}`, scope `pins:write`, 2 tokens.

        `payload` is the JSON body. Raises `TransportFailure`.
        """
        return await self._request("PUT", pin, payload)

    async def get_pin(self, pin: str) -> Answer:
        """Read a pin: `GET /v1/pins/{pin}`, scope `pins:read`, 1 token. Raises `TransportFailure`."""
        return await self._request("GET", pin, None)

    async def _request(self, method: str, pin: str, payload: bytes | None) -> Answer:
        url = _pin_url(self._base_url, pin)
        headers = {} if payload is None else _PUT_HEADERS
        with self._translated():
            async with asyncio.timeout(self._deadline_s):
                client = await self._client()
                async with client.stream(method, url, content=payload, headers=headers) as response:
                    body = await _read_bounded(response)
        told = None if body is None else self._mask.hide(body)
        return read_answer(response.status_code, response.headers, told, self._clock())

    async def _client(self) -> httpx.AsyncClient:
        """Give the one client. It reads all certificates, so it is made with the first request, aside."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        return await asyncio.shield(self._opening)

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport,
            headers=self._headers,
            follow_redirects=False,
            trust_env=self._trust_env,
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, self._deadline_s), pool=self._deadline_s),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=30),
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the HTTP client raises into `TransportFailure`."""
        try:
            yield
        except TimeoutError as error:
            raise TransportFailure("timeout", "no complete answer within the deadline", sent=True) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise TransportFailure("connect", f"no connection: {self._said_by(error)}", sent=False) from error
        except httpx.HTTPError as error:
            raise TransportFailure("broken", f"the connection broke: {self._said_by(error)}", sent=True) from error

    def _said_by(self, error: Exception) -> str:
        """Give what the HTTP client says; it quotes what came where that is not HTTP."""
        return self._mask.hide_in(str(error))[:200] or type(error).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class PinUpdate:
    """The request that `put_pin` makes, to look at: `headers` are those of ours, without the key."""

    method: str
    url: str
    headers: Mapping[str, str]


def describe_update(base_url: str, pin: str) -> PinUpdate:
    """Describe the request that would update a pin; its body is the rendered payload."""
    url = _pin_url(base_url.rstrip("/"), pin)
    return PinUpdate(method="PUT", url=url, headers={**_KEYLESS_HEADERS, **_PUT_HEADERS})


def _pin_url(base_url: str, pin: str) -> str:
    return f"{base_url}/pins/{quote(pin, safe='')}"


async def _read_bounded(response: httpx.Response) -> bytes | None:
    """Give the body as it came; None as soon as it is longer than any answer of the API."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _headers(api_key: SecretStr) -> dict[str, str]:
    key = api_key.get_secret_value()
    if not key or not all("!" <= char <= "~" for char in key):
        message = "no HTTP header can carry this key; is there a space, a line break or a quotation mark around it?"
        raise ConfigurationError([Problem(file="PINDOWN_API_KEY", message=message)])
    return {"Authorization": f"Bearer {key}", **_KEYLESS_HEADERS}


def _is_loopback(base_url: str) -> bool:
    try:
        host = httpx.URL(base_url).host
    except httpx.InvalidURL as error:
        problem = Problem(file="PINDOWN_API_URL", message=f"{base_url!r} is not an address: {error}")
        raise ConfigurationError([problem]) from error
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
