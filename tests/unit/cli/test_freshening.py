"""A stored sample becomes a delivery of now: new id, times moved together, all else as it was."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from bridge.cli.freshening import freshen
from bridge.errors import ConfigurationError
from bridge.inbound import Source, load_sources
from bridge.located import Place

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def source(name: str) -> Source:
    """Make a source of the catalogue."""
    return load_sources({name: Place("test.yaml", 1, 1)}, None, lambda _name: (b"secret",))[name]


def fresh(name: str, payload: object, **headers: str) -> tuple[Any, dict[str, str]]:
    """Freshen a payload, and read it again."""
    body, given = freshen(source(name), orjson.dumps(payload), headers, NOW)
    return orjson.loads(body), given


def fresh_of(declared: bytes, payload: object, **headers: str) -> tuple[Any, dict[str, str]]:
    """Freshen a payload of the source `plant`, which is declared so."""
    plant = load_sources({}, declared, lambda _name: (b"secret",))["plant"]
    body, given = freshen(plant, orjson.dumps(payload), headers, NOW)
    return orjson.loads(body), given


def test_times_move_together_up_to_now() -> None:
    """The newest becomes now, the others keep their distance; what has not begun or is year 1 is kept apart."""
    payload = {
        "id": "evt_1",
        "created": 1_700_000_000,
        "data": {"object": {"paid_at": 1_699_999_990, "amount": 1_700_000_000, "at": "2023-11-14T22:13:19Z"}},
        "endsAt": "0001-01-01T00:00:00Z",
    }
    made, _ = fresh("stripe", payload)
    now_s = int(NOW.timestamp())
    assert made["created"] == now_s
    assert made["data"]["object"] == {"paid_at": now_s - 10, "amount": 1_700_000_000, "at": "2027-03-04T05:06:06Z"}
    assert made["endsAt"] == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (1_700_000_000, int(NOW.timestamp())),
        (1_700_000_000_000, int(NOW.timestamp()) * 1000),
        ("1700000000", str(int(NOW.timestamp()))),
        ("2023-11-14 22:13:20", "2027-03-04T05:06:07Z"),
    ],
)
def test_the_event_s_own_time_becomes_now(at: object, written: object) -> None:
    """A meeting that was five days ahead of it still is, and the time is written as it was."""
    declared = b"plant: {verify: none, id: $.id, at: $.sent}"
    made, _ = fresh_of(declared, {"id": "1", "sent": at, "meeting": {"startsAt": "2023-11-19T22:13:20Z"}})
    assert made["sent"] == written
    assert made["meeting"]["startsAt"] == "2027-03-09T05:06:07Z"


def test_the_event_s_own_time_in_a_header_becomes_now() -> None:
    """The payload's times move by as much."""
    declared = b"plant: {verify: none, id: $.id, at: [{header: X-Sent}, $.sent]}"
    made, headers = fresh_of(declared, {"id": "1", "due_at": 1_700_000_600}, **{"X-Sent": "1700000000"})
    assert headers == {"x-sent": str(int(NOW.timestamp()))}
    assert made["due_at"] == int(NOW.timestamp()) + 600


@pytest.mark.parametrize("at", [None, "soon"])
def test_without_an_own_time_the_newest_past_one_becomes_now(at: object) -> None:
    """One that cannot be read is left as it stands."""
    payload = {"id": "1", "sent": at, "created": 1_700_000_000}
    made, _ = fresh_of(b"plant: {verify: none, id: $.id, at: $.sent}", payload)
    assert (made["sent"], made["created"]) == (at, int(NOW.timestamp()))


def test_the_delivery_id_is_new_each_time() -> None:
    """Twice the same sample is two deliveries."""
    first, _ = fresh("stripe", {"id": "evt_1", "created": 1_700_000_000})
    second, _ = fresh("stripe", {"id": "evt_1", "created": 1_700_000_000})
    assert len({"evt_1", first["id"], second["id"]}) == 3


def test_an_id_in_a_header_is_replaced_there() -> None:
    """The old header goes, whatever its case; the payload is left alone."""
    made, headers = fresh("github", {"ref": "main"}, **{"X-GitHub-Delivery": "old", "X-GitHub-Event": "push"})
    assert made == {"ref": "main"}
    assert headers["X-GitHub-Event"] == "push"
    assert "X-GitHub-Delivery" not in headers
    assert headers["x-github-delivery"] != "old"


def test_what_is_not_json_is_refused() -> None:
    """A form cannot be freshened, and the message says so."""
    with pytest.raises(ConfigurationError, match="only a JSON payload can be made fresh"):
        freshen(source("stripe"), b"a=b", {}, NOW)


def test_each_event_of_a_body_gets_an_id_of_its_own() -> None:
    """What stands outside is left, and the newest one's time becomes now."""
    declared = b"plant: {verify: none, each: '$.l[*].m[*]', id: $.id, at: $.at}"
    payload = {"l": [{"m": [{"id": 1, "at": 1_700_000_000}, {"id": 2}]}, {"m": [{"id": 3, "at": 1_700_000_060}]}]}
    body, _ = fresh_of(declared, payload)
    items = [item for entry in body["l"] for item in entry["m"]]
    assert len({item["id"] for item in items}) == 3
    assert all(str(item["id"]).startswith("sample-") for item in items)
    assert (items[0]["at"], items[2]["at"]) == (int(NOW.timestamp()) - 60, int(NOW.timestamp()))


def test_a_cloudevent_keeps_its_source_in_every_mode() -> None:
    """Another id makes another event of it, and a mapping may ask for the source."""
    declared = b"plant: {verify: none, cloudevents: true}"
    said = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "2026-11-22T11:00:00Z"}
    structured, _ = fresh_of(declared, said)
    (batched,), _ = fresh_of(declared, [said])
    for event in (structured, batched):
        assert event["source"] == "/s"
        assert event["id"].startswith("sample-")
        assert event["time"] == "2027-03-04T05:06:07Z"
    data, headers = fresh_of(declared, {"id": 7}, **{f"ce-{name}": value for name, value in said.items()})
    assert data == {"id": 7}
    assert (headers["ce-source"], headers["ce-time"]) == ("/s", "2027-03-04T05:06:07Z")
    assert headers["ce-id"] != "1"


def test_a_body_that_its_source_would_refuse_cannot_be_made_fresh() -> None:
    """With the reason."""
    with pytest.raises(ConfigurationError, match="no list"):
        fresh_of(b"plant: {verify: none, dedupe: 10m, each: '$.l[*]'}", {})
