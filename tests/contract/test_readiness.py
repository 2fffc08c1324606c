"""What `/readyz` tells while changed mappings are refused."""

import httpx
from starlette.applications import Starlette

from bridge.api import MAX_ERRORS, Health
from bridge.errors import Problem


async def readiness(refused: list[Problem]) -> httpx.Response:
    """Ask a bridge whose store is in order."""

    async def check() -> None:
        return

    health = Health(check=check, refused=lambda: refused, draining=lambda: False)
    transport = httpx.ASGITransport(Starlette(routes=[*health.routes()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
        return await client.get("/readyz")


async def test_a_refused_change_degrades_with_its_mistakes() -> None:
    """The status stays 200: a mistake in a mapping takes no replica out."""
    answer = await readiness([Problem(file="a.yaml", line=3, column=1, message="unknown key 'pn'")])
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "reason": "the mappings were changed and the change is refused; those from before go on",
        "errors": ["a.yaml:3:1: unknown key 'pn'"],
    }


async def test_many_mistakes_are_told_up_to_a_bound() -> None:
    """The last entry says how many more there are, and where."""
    problems = [Problem(file=f"{number}.yaml", message="wrong") for number in range(MAX_ERRORS + 3)]
    errors = (await readiness(problems)).json()["errors"]
    assert len(errors) == MAX_ERRORS + 1
    assert errors[-1] == "and 3 more; the log has them all"
    assert (await readiness([])).json() == {"status": "ready"}
