"""Who may use `/api/`: the token of this start from this machine alone, the admin token from anywhere."""

import httpx
import pytest
from starlette.applications import Starlette
from support.asking import DOINGS

from bridge.api import REFUSALS, Access, Api

START, ADMIN = "token-of-this-start", "admin-token"
HERE, OWN, ELSEWHERE = "127.0.0.1", "192.0.2.2", "203.0.113.9"


async def ask(client: str, token: str, *, server: str = OWN, admin_token: str | None = ADMIN) -> httpx.Response:
    """Ask for a retry over HTTP, as a connection from one address to another would bring it."""

    async def check() -> None:
        """Take the store for reachable."""

    access = Access(start_token=START, admin_token=admin_token)
    api = Api(check=check, doings=DOINGS, refused=lambda: (), access=access, draining=lambda: False)
    app = Starlette(routes=api.routes(), exception_handlers=REFUSALS)
    transport = httpx.ASGITransport(app, client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{server}:8080") as http:
        return await http.post("/api/retry", headers=[(b"Authorization", f"Bearer {token}".encode())] if token else [])


@pytest.mark.parametrize(
    ("client", "token", "status"),
    [
        (HERE, START, 200),
        ("::1", START, 200),
        (OWN, START, 200),
        (ELSEWHERE, START, 401),
        ("::ffff:203.0.113.9", START, 401),
        (ELSEWHERE, ADMIN, 200),
        (HERE, ADMIN, 200),
        (ELSEWHERE, "another", 401),
        (HERE, "another", 401),
        (HERE, START[:-1], 401),
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
    else:
        assert answer.json() == {"pins": ["p-a"]}


async def test_without_an_admin_token_nobody_else_gets_in() -> None:
    """And no header of a proxy makes a stranger local: none is read."""
    for token in (START, ADMIN, "None", ""):
        assert (await ask(ELSEWHERE, token, admin_token=None)).status_code == 401
