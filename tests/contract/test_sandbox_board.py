"""The board: what it shows, that nothing hostile gets through, and that it works under a prefix."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bridge.sandbox import create_sandbox

HOSTILE = '"><script>alert(1)</script>'
KEY = {"Authorization": "Bearer pk_sandbox"}


@pytest.fixture(params=["", "/sandbox"])
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a sandbox at the root of its server, and of one under a prefix."""
    app = create_sandbox(auto_create=True)
    if request.param:
        app = Starlette(routes=[Mount(request.param, app)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://board{request.param}", headers=KEY) as client:
        yield client


async def put(browser: httpx.AsyncClient, pin: str, **metadata: object) -> None:
    """Update a pin."""
    answer = await browser.put(f"/v1/pins/{pin}", json={"metadata": metadata})
    assert answer.status_code == 200, answer.text


async def test_an_empty_board_says_what_to_do(browser: httpx.AsyncClient) -> None:
    """With a command that works where the board stands."""
    page = (await browser.get("/")).text
    assert "No pins yet" in page
    assert f"curl -X PUT {str(browser.base_url).rstrip('/')}/v1/pins/p-hello" in page


async def test_every_link_of_the_page_leads_somewhere(browser: httpx.AsyncClient) -> None:
    """Under a prefix too, and without a word of script or style in the page itself."""
    page = (await browser.get("/")).text
    prefix = browser.base_url.path.rstrip("/")
    for name in ("board.css", "board.js", "pin.svg"):
        assert f'"{prefix}/board/static/{name}"' in page
        assert (await browser.get(f"/board/static/{name}")).status_code == 200
    assert f'data-changes="{prefix}/board/changes"' in page
    assert "<style" not in page
    assert page.count("<script") == 1


async def test_the_policy_lets_nothing_foreign_run_or_load(browser: httpx.AsyncClient) -> None:
    """Neither inline script nor anything from elsewhere."""
    policy = (await browser.get("/")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_nothing_hostile_in_a_pin_becomes_markup(browser: httpx.AsyncClient) -> None:
    """In titles, tags, cards, headings, ids of columns, cells, keys of a tree and Markdown."""
    await put(
        browser,
        "p-a",
        title=HOSTILE,
        tags=[HOSTILE],
        pin_config={"cards": [{"title": HOSTILE, "value": HOSTILE, "change": HOSTILE, "trend": HOSTILE}]},
    )
    columns = [{"id": HOSTILE, "label": HOSTILE, "type": HOSTILE}]
    await put(browser, "p-b", title=HOSTILE, pin_config={"columns": columns, "rows": [{HOSTILE: HOSTILE}]})
    await put(browser, "p-c", pin_config={HOSTILE: {HOSTILE: [HOSTILE]}})
    await put(browser, "p-d", pin_config={"content": f"{HOSTILE}\n\n<img src=x onerror=alert(1)>"})
    page = (await browser.get("/")).text
    changes = (await browser.get("/board/changes")).json()
    for text in (page, *changes["tiles"].values()):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;" in text
    assert list(changes["tiles"]) == ["p-a", "p-b", "p-c", "p-d"]


async def test_changes_bring_only_what_changed(browser: httpx.AsyncClient) -> None:
    """And the order of all, so that a page knows what is gone."""
    await put(browser, "p-a", title="A")
    await put(browser, "p-b", title="B")
    first = (await browser.get("/board/changes")).json()
    await put(browser, "p-b", title="Bee")
    second = (await browser.get("/board/changes", params={"after": first["version"]})).json()
    assert (list(first["tiles"]), list(second["tiles"])) == (["p-a", "p-b"], ["p-b"])
    assert "Bee" in second["tiles"]["p-b"]
    assert second["order"] == ["p-a", "p-b"]
    assert "<b>6</b> of 180 tokens in 60 s" in second["account"]
    assert (await browser.get("/board/changes", params={"after": "x"})).json()["tiles"].keys() == {"p-a", "p-b"}


async def test_trends_are_told_by_colour_and_by_sign(browser: httpx.AsyncClient) -> None:
    """Colour alone would leave some people out."""
    cards = [{"title": trend, "value": "1", "change": "x", "trend": trend} for trend in ("up", "down", "neutral")]
    await put(browser, "p-a", pin_config={"cards": cards})
    page = (await browser.get("/")).text
    for trend, sign in (("up", "▲"), ("down", "▼"), ("neutral", "")):
        assert f'<p class="change {trend}"><span class="arrow" aria-hidden="true">{sign}</span>x</p>' in page


async def test_control_is_closed_unless_it_is_asked_for(browser: httpx.AsyncClient) -> None:
    """A bridge that serves a sandbox does not hand its faults to passers-by."""
    assert (await browser.get("/_sandbox/state")).status_code == 404


async def test_a_fault_that_needs_the_connection_is_refused_where_there_is_none() -> None:
    """Instead of doing something else under its name."""
    transport = httpx.ASGITransport(create_sandbox(control=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://board") as client:
        answer = await client.post("/_sandbox/faults", json={"kind": "reset"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "NO_TRANSPORT")
