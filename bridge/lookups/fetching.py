"""One look-up over HTTPS: a hard deadline, a bounded answer, no redirect followed.

Which hosts may be asked is decided where the `Lookup` is made, beside the check that needs it. Here the network's
faults become `KeyUnavailable`, and nothing is tried twice: the sender's own retry does that.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from bridge.errors import KeyUnavailable
from bridge.inbound.verification.wanted import Lookup

DEADLINE_S = 2.0
"""How long a look-up takes at most; senders wait 5 s and more for their answers."""

MAX_ANSWER_BYTES = 128 * 1024
"""More than any provider's certificate or set of keys has: Microsoft's, the largest, has some 20 KiB."""

MIN_LIFETIME_S, LIFETIME_S, MAX_LIFETIME_S = 300.0, 3600.0, 86_400.0
"""How long an answer holds: as long as it says itself (`max-age`), within bounds."""

_HEADERS = {
    # What is not compressed cannot expand beyond the bound.
    "Accept-Encoding": "identity",
    "User-Agent": "pinbridge",
}
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])", re.IGNORECASE)


class Found(NamedTuple):
    """What an answer holds, None where it says that there is no such thing, and how long that is so."""

    content: bytes | None
    lifetime_s: float


class Fetcher:
    """An HTTPS client that is opened with the first look-up. To be closed with `aclose`.

    `transport` is what carries requests instead of the network's own: a test has names lead to this machine by it.
    """

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._transport = transport
        self._deadline_s = deadline_s
        self._opening: asyncio.Future[httpx.AsyncClient] | None = None

    async def fetch(self, lookup: Lookup) -> Found:
        """Ask once. Raises `KeyUnavailable` with what went wrong."""
        method = "GET" if lookup.body is None else "POST"
        headers = {} if lookup.body is None else {"Content-Type": "application/json"}
        with self._translated(lookup):
            async with asyncio.timeout(self._deadline_s):
                client = await self._client()
                async with client.stream(method, lookup.url, content=lookup.body, headers=headers) as response:
                    content = await _read_bounded(lookup, response)
        return _read(lookup, response, content)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opening is not None:
            await (await self._opening).aclose()

    async def _client(self) -> httpx.AsyncClient:
        """Give the one client. It reads all certificates, so it is made with the first look-up, aside."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        return await asyncio.shield(self._opening)

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport,
            headers=_HEADERS,
            follow_redirects=False,
            timeout=self._deadline_s,
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30),
        )

    @contextmanager
    def _translated(self, lookup: Lookup) -> Iterator[None]:
        """Turn what the HTTP client raises into `KeyUnavailable`."""
        try:
            yield
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _failure(lookup, f"gave no complete answer within {self._deadline_s:g} s") from error
        except httpx.ConnectError as error:
            raise _failure(lookup, "takes no connection, or proves not to be that host") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _failure(lookup, f"broke off ({type(error).__name__})") from error


def _read(lookup: Lookup, response: httpx.Response, content: bytes) -> Found:
    status = response.status_code
    if status == 200:
        return Found(content, _lifetime_s(response.headers.get("cache-control", "")))
    if status in lookup.absent and lookup.absent_word in content:
        return Found(None, 0)
    also = "; redirects are not followed" if 300 <= status < 400 else ""
    raise _failure(lookup, f"answered {status}{also}")


async def _read_bounded(lookup: Lookup, response: httpx.Response) -> bytes:
    """Give the body as it came. Raises `KeyUnavailable` as soon as it is too long."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _failure(lookup, f"answered more than {MAX_ANSWER_BYTES:,} bytes")
    return bytes(body)


def _lifetime_s(cache_control: str) -> float:
    said = _MAX_AGE.search(cache_control)
    return min(max(float(said[1]), MIN_LIFETIME_S), MAX_LIFETIME_S) if said else LIFETIME_S


def _failure(lookup: Lookup, reason: str) -> KeyUnavailable:
    host = urlsplit(lookup.url).netloc
    return KeyUnavailable(f"{lookup.what} of {lookup.provider} cannot be looked up: {host} {reason}; send again")
