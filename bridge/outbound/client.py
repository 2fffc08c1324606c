"""The requests to the Pindown API. Only `exchange` knows the HTTP library.

A hard deadline is around each whole request. A complete answer of any status is an `Answer`; everything else is a
`TransportFailure` that says whether the request may have been applied. Nothing is retried
here, and how many requests run side by side is the caller's to bound: the pool turns slow
beyond twenty.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from bridge.errors import ConfigurationError, Problem
from bridge.events import Clock
from bridge.outbound.answer import Answer, TransportFailure, read_answer
from bridge.outbound.masking import Mask
from bridge.secret import Secret
from bridge.store import REQUEST_DEADLINE_S

if TYPE_CHECKING:
    from bridge.outbound.exchange import Exchange

_KEYLESS_HEADERS = {
    "Accept": "application/json",
    # What is not compressed cannot expand beyond the bound.
    "Accept-Encoding": "identity",
    "User-Agent": "pinbridge",
}
_PUT_HEADERS = {"Content-Type": "application/json"}


class PindownClient:
    """A client for one base address and one key.

    `base_url` includes the version (`https://api.pindown.ai/v1`). `deadline_s` bounds a request
    from its first byte out to its last byte in. Raises `ConfigurationError` for a key that no
    header can carry. To be closed with `aclose`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: Secret,
        *,
        app: Any = None,
        clock: Clock = lambda: datetime.now(UTC),
        deadline_s: float = REQUEST_DEADLINE_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._deadline_s = deadline_s
        self._app = app
        self._headers = _headers(api_key)
        # A proxy of the environment is for the outside, never for this machine.
        self._trust_env = not _is_loopback(self._base_url)
        self._opening: asyncio.Future[Exchange] | None = None
        self._mask = Mask(api_key.text)

    @classmethod
    def for_app(cls, app: Any, api_key: Secret, *, base_url: str = "http://sandbox.invalid/v1") -> Self:
        """Make a client that calls an ASGI application of this process instead of the network."""
        return cls(base_url, api_key, app=app)

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
        try:
            async with asyncio.timeout(self._deadline_s):
                exchange = await self._exchange()
                received = await exchange.send(method, url, payload, headers)
        except TimeoutError as error:
            raise TransportFailure("timeout", "no complete answer within the deadline", sent=True) from error
        told = None if received.body is None else self._mask.hide(received.body)
        return read_answer(received.status, received.headers, told, self._clock())

    async def _exchange(self) -> "Exchange":
        """Give the one exchange. It reads all certificates, so it is made with the first request, aside."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        return await asyncio.shield(self._opening)

    def _open(self) -> "Exchange":
        from bridge.outbound.exchange import Exchange  # noqa: PLC0415 - a start need not load it

        return Exchange(
            self._headers, app=self._app, deadline_s=self._deadline_s, trust_env=self._trust_env, mask=self._mask
        )


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


def _headers(api_key: Secret) -> dict[str, str]:
    key = api_key.text
    if not key or not all("!" <= char <= "~" for char in key):
        message = "no HTTP header can carry this key; is there a space, a line break or a quotation mark around it?"
        raise ConfigurationError([Problem(file="PINDOWN_API_KEY", message=message)])
    return {"Authorization": f"Bearer {key}", **_KEYLESS_HEADERS}


def _is_loopback(base_url: str) -> bool:
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError as error:
        problem = Problem(file="PINDOWN_API_URL", message=f"{base_url!r} is not an address: {error}")
        raise ConfigurationError([problem]) from error
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
