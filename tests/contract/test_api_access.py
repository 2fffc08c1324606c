"""Who may use `/api/`, and how much: the token of this start from this machine alone, the admin token from anywhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from structlog.testing import capture_logs

from bridge.api import REFUSALS, Access, Allowance
from bridge.api.door import Door
from bridge.once_a_minute import OnceAMinute

START, ADMIN = "token-of-this-start", "admin-token"
HERE, OWN, ELSEWHERE = "127.0.0.1", "192.0.2.2", "203.0.113.9"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Seconds:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def inside(_request: Request) -> Response:
    """Stand for what a token opens."""
    return PlainTextResponse("open")


@asynccontextmanager
async def door(access: Access, client: str, server: str = OWN) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client whose connections come from one address and go to another."""
    behind = Door(Router([Route("/here", inside)], redirect_slashes=False), access, OnceAMinute(lambda: NOW))
    app = Starlette(routes=[Mount("/api", behind)], exception_handlers=REFUSALS)
    transport = httpx.ASGITransport(app, client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{server}:8080") as http:
        yield http


def bearer(token: str) -> list[tuple[bytes, bytes]]:
    """Give the header that carries a token."""
    return [(b"Authorization", f"Bearer {token}".encode())] if token else []


async def ask(client: str, token: str, *, admin_token: str | None = ADMIN) -> httpx.Response:
    """Ask once for what is there."""
    async with door(Access(start_token=START, admin_token=admin_token), client) as http:
        return await http.get("/api/here", headers=bearer(token))


@pytest.mark.parametrize(
    ("client", "token", "status"),
    [
        (HERE, START, 200),
        ("::1", START, 200),
        (OWN, START, 200),
        (ELSEWHERE, START, 401),
        ("::ffff:203.0.113.9", START, 401),
        ("a-unix-socket", START, 401),
        (ELSEWHERE, ADMIN, 200),
        (HERE, ADMIN, 200),
        (ELSEWHERE, "another", 401),
        (HERE, "another", 401),
        (HERE, START[:-1], 401),
        (HERE, f"{START} ", 401),
        (HERE, ADMIN * 1000, 401),
        (HERE, "", 401),
        (HERE, "tök\u00e9n", 401),
    ],
)
async def test_a_token_counts_from_where_it_belongs(client: str, token: str, status: int) -> None:
    """The command line's token, read on another machine, opens nothing there."""
    answer = await ask(client, token)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    else:
        assert answer.text == "open"


async def test_without_an_admin_token_nobody_else_gets_in() -> None:
    """And no header of a proxy makes a stranger local: none is read."""
    for token in (START, ADMIN, "None", ""):
        assert (await ask(ELSEWHERE, token, admin_token=None)).status_code == 401


async def test_strangers_cannot_shut_the_owner_out() -> None:
    """However many wrong tokens come, even from the owner's own address, a right one is let in at once."""
    clock = Seconds()
    access = Access(start_token=START, admin_token=ADMIN, strangers=Allowance(burst=3, per_s=0.5, clock=clock))
    async with door(access, ELSEWHERE) as http:
        refused = [await http.get("/api/here", headers=bearer(f"guess {number}")) for number in range(1000)]
        assert [answer.status_code for answer in refused] == [401] * 3 + [429] * 997
        assert refused[-1].headers["Retry-After"] == "2"
        assert refused[-1].json()["error"]["code"] == "too_many_requests"
        assert (await http.get("/api/here", headers=bearer(ADMIN))).status_code == 200
        clock.now += 2
        assert (await http.get("/api/here", headers=bearer("guess"))).status_code == 401
        assert (await http.get("/api/here")).status_code == 429


async def test_each_token_has_an_allowance_of_its_own() -> None:
    """A script elsewhere that asks without end leaves the command line on this machine its share."""
    clock = Seconds()
    access = Access(
        start_token=START,
        admin_token=ADMIN,
        here=Allowance(burst=2, per_s=1, clock=clock),
        anywhere=Allowance(burst=2, per_s=1, clock=clock),
    )
    async with door(access, HERE) as http:

        async def statuses(token: str, times: int) -> list[int]:
            return [(await http.get("/api/here", headers=bearer(token))).status_code for _ in range(times)]

        assert await statuses(ADMIN, 4) == [200, 200, 429, 429]
        assert await statuses(START, 3) == [200, 200, 429]
        clock.now += 1
        assert await statuses(ADMIN, 2) == [200, 429]
        clock.now += 1000
        assert await statuses(ADMIN, 3) == [200, 200, 429]


async def test_what_is_not_there_needs_a_token_too() -> None:
    """A stranger does not learn which paths there are."""
    async with door(Access(start_token=START, admin_token=ADMIN), ELSEWHERE) as http:
        for path in ("/api/nowhere", "/api/", "/api//here", "/api/here/"):
            assert (await http.get(path)).status_code == 401
            assert (await http.get(path, headers=bearer(ADMIN))).status_code == 404
        wrong = await http.post("/api/here", headers=bearer(ADMIN))
        assert (wrong.status_code, {*wrong.headers["Allow"].split(", ")}) == (405, {"GET", "HEAD"})
        assert wrong.json()["error"] == {"code": "method_not_allowed", "message": "this path takes GET, HEAD"}


async def test_who_is_turned_away_is_told_in_the_log_without_the_token() -> None:
    """Once a minute, whatever comes."""
    with capture_logs() as lines:
        async with door(Access(start_token=START, admin_token=ADMIN), ELSEWHERE) as http:
            for _ in range(5):
                await http.get("/api/here", headers=bearer("a-guess"))
    (line,) = lines
    assert (line["event"], line["peer"], line["path"]) == ("api_refused", ELSEWHERE, "/api/here")
    assert "guess" not in str(line)
