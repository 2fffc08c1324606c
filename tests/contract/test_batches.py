"""Deliveries with several events behind a real server, on a real store: all of them are durable before the answer."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from support.events import an_event
from support.serving import serving

from bridge.api import Access
from bridge.errors import StoreUnavailable
from bridge.events import Receipt, Settle
from bridge.inbound import Batch
from bridge.store.writer import Writer

SOURCES = """
shop: {verify: none, each: '$.events[*]', event: $.type, id: $.id, at: $.at}
bare: {verify: none, dedupe: 10m, each: '$[*]'}
ce: {provider: cloudevents, verify: none}
"""
MAPPING = """
pin: p-shop
triggers:
  - {name: sale, source: shop, event: sale, extract: {amount: $.amount}}
  - {name: bare, source: bare, extract: {amount: $.amount}}
  - {name: ce, source: ce, event: sale, extract: {amount: $.data.amount}}
state: {sales: {sum: amount}, orders: {count: [sale, bare, ce]}}
update: {metadata: {pin_config: {content: "{{ orders.value }} {{ sales.value }}"}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of mappings."""
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "shop.yaml").write_text(MAPPING)
    return tmp_path


@pytest.fixture(params=["background", "inline"])
def url(folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bridge that serves them, in either way of answering."""
    with serving(folder, Access(start_token="s", admin_token=None), PINBRIDGE_DELIVERY=request.param) as found:
        yield found


def journal(folder: Path) -> list[Any]:
    """Give the amount in each event's own body, in the order of the journal."""
    with closing(sqlite3.connect(folder / "bridge.db")) as connection:
        return [orjson.loads(body) for (body,) in connection.execute("select body from events order by number")]


def sales(first: int, behind: int) -> list[dict[str, Any]]:
    """Give sales with ids and amounts of their own."""
    return [{"type": "sale", "id": f"evt_{number}", "amount": number} for number in range(first, behind)]


def post(url: str, source: str, body: Any, **headers: str) -> httpx.Response:
    """Send a body as JSON, unless a header says otherwise."""
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"{url}/hooks/{source}", content=orjson.dumps(body), headers=given, timeout=30)


def test_a_batch_is_stored_whole_and_counts_once(url: str, folder: Path) -> None:
    """More than one piece of it; the same again changes nothing, and of an overlapping one the rest is new."""
    first = post(url, "shop", {"events": sales(0, 150)})
    assert first.json() == {
        "status": "accepted",
        "events": {"accepted": 150, "duplicates": 0},
        "mappings": ["shop"],
    }
    assert journal(folder) == sales(0, 150)
    again = post(url, "shop", {"events": sales(0, 150)})
    assert (again.status_code, again.json()["events"]) == (200, {"accepted": 0, "duplicates": 150})
    assert again.json()["status"] == "duplicate"
    overlapping = post(url, "shop", {"events": sales(140, 160)})
    assert overlapping.json()["events"] == {"accepted": 10, "duplicates": 10}
    assert len(journal(folder)) == 160


def test_an_empty_batch_is_acknowledged(url: str, folder: Path) -> None:
    """And keeps nothing."""
    answer = post(url, "shop", {"events": []})
    assert (answer.status_code, answer.json()["status"]) == (200, "empty")
    assert journal(folder) == []


def test_equal_ids_in_a_batch_are_one_event(url: str, folder: Path) -> None:
    """The first of them counts."""
    answer = post(url, "shop", {"events": [{"id": "x", "n": 1}, {"id": "y"}, {"id": "x", "n": 2}]})
    assert answer.json()["events"] == {"accepted": 2, "duplicates": 1}
    assert journal(folder) == [{"id": "x", "n": 1}, {"id": "y"}]


def test_items_without_an_id_count_once_each(url: str, folder: Path) -> None:
    """Equal ones, too, and no more when the delivery is repeated."""
    for _ in range(2):
        post(url, "bare", [{"amount": 1}, {"amount": 1}, 5])
    assert journal(folder) == [{"amount": 1}, {"amount": 1}, 5]


def test_the_modes_of_a_cloudevent_are_one_delivery(url: str, folder: Path) -> None:
    """Whichever comes first."""
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "sale", "data": {"amount": 2}}
    told = {f"ce_{name}": value for name, value in event.items() if isinstance(value, str)}
    answers = [
        post(url, "ce", {"amount": 2}, **told),
        post(url, "ce", event, content_type="application/cloudevents+json"),
        post(url, "ce", [event], content_type="application/cloudevents-batch+json"),
    ]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate", "duplicate"]
    assert len(journal(folder)) == 1


def test_what_is_no_batch_is_refused_and_keeps_nothing(url: str, folder: Path) -> None:
    """By its code."""
    answers = [post(url, "shop", body) for body in ({}, {"events": 5}, {"events": [0] * 10_001})]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [
        (400, "no_items"),
        (400, "no_items"),
        (413, "too_many_items"),
    ]
    assert journal(folder) == []


def test_the_most_that_a_batch_may_bring_is_stored(url: str, folder: Path) -> None:
    """Ten thousand events, more than may wait for the writer at once."""
    answer = post(url, "shop", {"events": [{"id": str(number)} for number in range(10_000)]})
    assert answer.json()["events"] == {"accepted": 10_000, "duplicates": 0}
    assert len(journal(folder)) == 10_000


def test_a_batch_that_breaks_off_is_put_off_and_its_repetition_counts_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer takes a hundred events and then no more, as where the disk is full; each counts once in the end."""
    taken = 0
    real = Writer.ingest

    def ingest(writer: Writer, arrival: Any, settle: Settle) -> None:
        nonlocal taken
        taken += 1
        if taken == 101:
            raise StoreUnavailable("the disk is full")
        real(writer, arrival, settle)

    monkeypatch.setattr(Writer, "ingest", ingest)
    with serving(folder, Access(start_token="s", admin_token=None)) as url:
        refused = post(url, "shop", {"events": sales(0, 200)})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")
        stored = len(journal(folder))
        assert 64 <= stored < 200
        again = post(url, "shop", {"events": sales(0, 200)})
    assert again.json()["events"] == {"accepted": 200 - stored, "duplicates": stored}
    assert sorted(each["amount"] for each in journal(folder)) == [*range(200)]


async def test_one_failure_is_told_once_and_ends_the_batch() -> None:
    """However many of a piece fail; what is behind that piece is not begun."""
    begun: list[str] = []
    told: list[Any] = []

    def accept(event: Any, settle: Settle) -> None:
        begun.append(event.id)
        if event.id == "70":
            raise StoreUnavailable("first")
        outcome = StoreUnavailable("second") if event.id == "71" else Receipt("accepted", event.id, 1, ())
        settle(outcome)

    events = (an_event(id=str(number)) for number in range(200))
    Batch(events, accept, told.append).go_on()
    await _settled(told)
    assert [str(error) for error in told] == ["first"]
    assert len(begun) == 128


async def _settled(told: list[Any]) -> None:
    for _ in range(100):
        if told:
            return
        await asyncio.sleep(0)
    raise AssertionError("never settled")
