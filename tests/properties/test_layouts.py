"""Events that are taken out of bodies: live, rehearsed and read again they say the same, as an oracle finds them.

The oracle knows what was put into a body before it was written, and nothing of how it is read.
"""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from support.laying import JSON, NOON, again, declared, read_all

from bridge.events import Event
from bridge.inbound import Source
from bridge.rehearsal import Sample, receive

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
IDS = st.text("abcdefgh-_./:", min_size=1, max_size=20)


def ways(source: Source, body: Any, headers: dict[str, str]) -> list[Event]:
    """Read a delivery live, hold against it what is rehearsed and what is read again, and give its events."""
    live = read_all(source, body, headers)
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    sample = Sample(name="s", source=source.name, body=written, headers=headers)
    rehearsed, _ = receive(source, sample, NOON, max_body_bytes=2**20)
    assert rehearsed == live
    for event in live:
        assert again(source, event) == (event.payload, event.fault)
    return live


@given(st.lists(VALUES, max_size=6), st.sampled_from(["", "e", "e.f"]))
def test_every_item_is_an_event_and_none_is_lost(items: list[Any], inside: str) -> None:
    """Whatever it is, wherever the list stands, in its order, each with a key of its own."""
    body: Any = items
    for name in reversed([*filter(None, inside.split("."))]):
        body = {name: body}
    path = f"${f'.{inside}' if inside else ''}[*]"
    events = ways(declared(f"verify: none, dedupe: 10m, each: '{path}'"), body, JSON)
    assert [event.payload for event in events] == items
    assert len({event.dedup_key for event in events}) == len(items)


@given(st.lists(st.lists(st.tuples(IDS, VALUES), max_size=4), max_size=4), st.data())
def test_ids_of_items_do_not_depend_on_where_they_stand(
    entries: list[list[tuple[str, Any]]], data: st.DataObject
) -> None:
    """The same items in another order, in one list or in several, have the same keys; the outside is their entry's."""
    source = declared("verify: none, each: '$.l[*].m[*]', id: $.id, event: {outside: '$.l[*].name'}")
    items = [{"id": each, "v": value} for entry in entries for each, value in entry]
    lists = [[{"id": each, "v": value} for each, value in entry] for entry in entries]
    events = ways(source, {"l": [{"name": f"n{n}", "m": each} for n, each in enumerate(lists)] or []}, JSON)
    assert [(event.id, event.payload) for event in events] == [(item["id"], item) for item in items]
    assert [event.type for event in events] == [f"n{n}" for n, each in enumerate(lists) for _ in each]
    shuffled = data.draw(st.permutations(items))
    moved = ways(source, {"l": [{"m": shuffled}]}, JSON)
    keys = {event.id: event.dedup_key for event in events}
    assert {event.id: event.dedup_key for event in moved} == keys
    assert len({*keys.values()}) == len(keys)


@given(VALUES, st.lists(st.sampled_from(["base64", "json"]), max_size=1), st.booleans())
def test_what_was_wrapped_comes_out(inside: Any, outer: list[str], padded: bool) -> None:  # noqa: FBT001 - hypothesis
    """As JSON in a text, or in base64, or as base64 of base64."""
    text = json.dumps(inside)
    data = base64.b64encode(text.encode()).decode()
    if outer == ["json"]:
        wrapped, conversions = text, "json"
    elif outer:
        wrapped, conversions = base64.urlsafe_b64encode(data.encode()).decode(), "[base64, base64, json]"
    else:
        wrapped, conversions = data if padded else data.rstrip("="), "[base64, json]"
    source = declared(f"verify: none, id: $.id, unwrap: {{path: $.a.d, as: {conversions}}}")
    (event,) = ways(source, {"id": 1, "a": {"d": wrapped}}, JSON)
    assert (event.payload, event.fault, event.id) == (inside, "", "1")


@given(VALUES, st.sampled_from(["", "base64", "json", "[base64, json]"]))
def test_whatever_stands_where_something_is_wrapped_is_read_or_told(value: Any, conversions: str) -> None:
    """Never an error of the program, and the same reason when it is read again."""
    unwrap = f"{{path: $.d{f', as: {conversions}' if conversions else ''}}}"
    (event,) = ways(declared(f"verify: none, id: $.id, unwrap: {unwrap}"), {"id": 1, "d": value}, JSON)
    assert event.fault == "" or event.payload is None
    if not conversions:
        assert event.payload == value


ATTRIBUTES = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20).filter(
        lambda name: name not in {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    max_size=4,
)


@given(IDS, IDS, IDS, ATTRIBUTES, VALUES)
def test_the_modes_of_a_cloudevent_are_one(
    source_of: str, event_id: str, event_type: str, more: dict[str, str], data: Any
) -> None:
    """One view, one key, one id: structured, with its data in base64, binary, and in a batch."""
    source = declared("verify: none, cloudevents: true")
    said = {"specversion": "1.0", "id": event_id, "source": source_of, "type": event_type, **more}
    said |= {"time": "2026-11-22T11:00:00Z", "datacontenttype": "application/json"}
    headers = {f"ce-{name}": quote(value) for name, value in said.items() if name != "datacontenttype"}
    headers["content-type"] = "application/json"
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    events = [
        *ways(source, {**said, "data": data}, {"content-type": "application/cloudevents+json"}),
        *ways(
            source, {**said, "data_base64": encoded}, {"content-type": "application/cloudevents+json; charset=UTF-8"}
        ),
        *ways(source, data, headers),
        *ways(source, [{**said, "data": data}], {"content-type": "application/cloudevents-batch+json"}),
    ]
    assert len(events) == 4
    for event in events:
        assert event.payload == {**said, "data": data}
        assert (event.type, event.id, event.fault) == (event_type, f"{source_of} {event_id}", "")
        assert event.at == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert len({event.dedup_key for event in events}) == 1


@given(st.lists(st.tuples(IDS, IDS), unique=True, min_size=2, max_size=8))
def test_two_cloudevents_with_another_source_or_id_are_two(pairs: list[tuple[str, str]]) -> None:
    """However alike they look when they are written one after the other."""
    said = [{"specversion": "1.0", "source": one, "id": other, "type": "t"} for one, other in pairs]
    events = read_all(
        declared("verify: none, cloudevents: true"), said, {"content-type": "application/cloudevents-batch+json"}
    )
    assert len({event.dedup_key for event in events}) == len(pairs)


@given(st.lists(VALUES, max_size=4))
def test_whatever_is_sent_as_cloudevents_is_an_event_or_told(values: list[Any]) -> None:
    """In a batch nothing is refused, and everything is read again as it was."""
    events = ways(
        declared("verify: none, cloudevents: true"), values, {"content-type": "application/cloudevents-batch+json"}
    )
    assert len(events) == len(values)
    assert all(event.fault and event.payload is None for event in events)
