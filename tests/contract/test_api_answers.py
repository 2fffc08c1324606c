"""How the API refuses what is nobody's wish: a fault of the bridge, a database that does not answer, a long event."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from bridge.api import REFUSALS
from bridge.api.answers import MOST_MESSAGE
from bridge.api.looking import event_of
from bridge.api.shapes import MOST_OUTCOMES
from bridge.errors import ConfigurationError, Problem, StoreUnavailable
from bridge.mappings import Outcome
from bridge.store import EventRecord

NOW = datetime(2026, 11, 28, tzinfo=UTC)


async def ask(error: Exception) -> httpx.Response:
    """Ask an app that raises this."""

    async def fail(_request: Request) -> Response:
        raise error

    app = Starlette(routes=[Route("/x", fail)], exception_handlers=REFUSALS)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as http:
        return await http.get("/x")


async def test_a_fault_is_told_in_the_log_and_not_to_who_asked() -> None:
    """The answer has the one shape, and nothing of what went wrong."""
    with capture_logs() as lines:
        answer = await ask(ZeroDivisionError("a detail"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "detail" not in answer.text
    assert [(line["event"], str(line["exc_info"])) for line in lines] == [("request_failed", "a detail")]


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (StoreUnavailable("it is locked", retry_after_s=7), 503, "unavailable", {"Retry-After": "7"}),
        (ConfigurationError([Problem(file="sales", message="is unknown")]), 404, "not_found", {}),
    ],
)
async def test_what_stands_in_the_way_is_said(error: Exception, status: int, code: str, headers: Any) -> None:
    """And when to come again."""
    answer = await ask(error)
    assert (answer.status_code, answer.json()["error"]) == (status, {"code": code, "message": str(error)})
    assert {**answer.headers} | {name.lower(): value for name, value in headers.items()} == {**answer.headers}


async def test_no_message_gives_back_all_that_was_sent() -> None:
    """It is cut."""
    answer = await ask(ConfigurationError([Problem(file="x" * 10_000, message="is unknown")]))
    assert len(answer.json()["error"]["message"]) == MOST_MESSAGE + 2


def test_an_event_with_very_many_outcomes_tells_the_first() -> None:
    """And how many there are."""
    record = EventRecord(
        number=1,
        source="shop",
        type="sold",
        id="e-1",
        at=None,
        received_at=NOW,
        content_type="application/json",
        body_bytes=2,
        outcomes=tuple(Outcome("sales", "sale", "matched", "", f"p-{number}") for number in range(MOST_OUTCOMES + 5)),
        headers={},
        query={},
        body=b"",
    )
    event = event_of(record)
    assert (len(event.outcomes), event.outcomes_in_all) == (MOST_OUTCOMES, MOST_OUTCOMES + 5)
    assert event.outcomes[-1].pin == f"p-{MOST_OUTCOMES - 1}"
