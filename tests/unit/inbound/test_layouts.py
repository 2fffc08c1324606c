"""Events that are wrapped, that come several in a body, and CloudEvents."""

import base64
import json
from typing import Any

import pytest
from support.laying import JSON, again, declared, read_all

from bridge.errors import SenderError
from bridge.inbound.receive import read_headers

PUBSUB = """
verify: none, id: $.message.messageId, at: $.message.publishTime, unwrap: {path: $.message.data, as: [base64, json]}"""
HUBSPOT = "verify: none, each: '$[*]', event: $.type, id: $.id, at: $.at"
META = "verify: none, dedupe: 10m, each: '$.entry[*].changes[*]', event: $.field, at: {outside: '$.entry[*].time'}"
CLOUDEVENTS = "verify: none, cloudevents: true"


def enveloped(data: str, **message: Any) -> dict[str, Any]:
    """Wrap as Pub/Sub does."""
    return {"message": {"data": data, "messageId": "7", "publishTime": "2026-11-22T11:00:00Z", **message}}


def wrapped(inside: Any) -> str:
    """Write JSON as base64."""
    return base64.b64encode(json.dumps(inside).encode()).decode()


def refused(source: str, body: Any, **headers: str) -> tuple[int, str]:
    """Give status and code of what a delivery is refused with."""
    with pytest.raises(SenderError) as error:
        read_all(declared(source), body, {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}})
    return error.value.status, error.value.code


def test_a_mapping_sees_the_inside_and_the_source_its_envelope() -> None:
    """Id and time are those of the envelope, and the journal keeps all of it."""
    source = declared(f"{PUBSUB}, event: {{inside: $.kind}}")
    (event,) = read_all(source, enveloped(wrapped({"kind": "sale", "amount": 5})))
    assert (event.payload, event.fault) == ({"kind": "sale", "amount": 5}, "")
    assert (event.type, event.id) == ("sale", "7")
    assert event.at is not None
    assert event.at.hour == 11
    assert json.loads(event.body)["message"]["messageId"] == "7"
    assert again(source, event) == (event.payload, "")


@pytest.mark.parametrize("inside", [0, None, False, "", [], {}, "text", [1, {"a": "\x00ü"}]])
def test_any_json_may_be_wrapped(inside: Any) -> None:
    """Null inside is a value, and nothing there is a fault."""
    (event,) = read_all(declared(PUBSUB), enveloped(wrapped(inside)))
    assert (event.payload, event.fault) == (inside, "")


def test_either_alphabet_is_read_padded_or_not() -> None:
    """Google writes one for some of its topics and the other for the rest."""
    data = base64.b64encode(b'{"a":"\xc3\xbf\xc3\xbe?>"}').decode()
    url = data.translate(str.maketrans("+/", "-_")).rstrip("=")
    assert {json.dumps(read_all(declared(PUBSUB), enveloped(each))[0].payload) for each in (data, url)} == {
        json.dumps({"a": "ÿþ?>"})
    }


def test_json_in_a_text_and_an_object_are_unwrapped_too() -> None:
    """SNS has the one, Adyen the other."""
    sns = declared("verify: none, dedupe: 10m, body: json, unwrap: {path: $.Message, as: json}")
    (event,) = read_all(sns, {"Message": '{"alarm": 1}'}, {"content-type": "text/plain; charset=UTF-8"})
    assert event.payload == {"alarm": 1}
    adyen = declared("verify: none, dedupe: 10m, each: '$.items[*]', unwrap: {path: $.Item}")
    assert [each.payload for each in read_all(adyen, {"items": [{"Item": {"a": 1}}, {"Item": 2}]})] == [{"a": 1}, 2]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "is missing"),
        (5, "is no text, so it is not base64"),
        ({"a": 1}, "is no text, so it is not base64"),
        ("$$$", "is not base64"),
        ("QQ", "cannot be read: it is not JSON"),
        ("", "cannot be read: it is not JSON"),
        (base64.b64encode(b"[" * 5000 + b"]" * 5000).decode(), "nested deeper"),
        (base64.b64encode(b"\xff\x00").decode(), "cannot be read: it is not JSON"),
    ],
)
def test_what_cannot_be_unwrapped_is_an_event_with_its_reason(data: Any, reason: str) -> None:
    """A sender would repeat a refused one for days, and hold back what is behind it."""
    source = declared(PUBSUB)
    (event,) = read_all(source, enveloped(data))
    assert event.payload is None
    assert event.fault.startswith("what is wrapped at $.message.data ")
    assert reason in event.fault
    assert event.id == "7"
    assert again(source, event) == (None, event.fault)


def test_an_envelope_that_is_none_is_refused_as_ever() -> None:
    """Neither JSON nor an id: nothing genuine is lost."""
    assert refused(PUBSUB, b"{") == (400, "bad_json")
    assert refused(PUBSUB, {}) == (400, "missing_id")
    assert refused(PUBSUB, b"[" * 5000 + b"]" * 5000) == (400, "too_deep")


def test_each_item_is_an_event_of_its_own() -> None:
    """With its own type, id, time and body."""
    source = declared(HUBSPOT)
    items = [{"type": "a", "id": 1, "at": "2026-11-22T10:00:00Z"}, {"type": "b", "id": 2, "at": 1763805600}]
    events = read_all(source, items)
    assert [(event.type, event.id) for event in events] == [("a", "1"), ("b", "2")]
    assert [event.payload for event in events] == [json.loads(event.body) for event in events] == items
    assert all(event.at for event in events)
    assert len({event.dedup_key for event in events}) == 2
    assert [again(source, event) for event in events] == [(item, "") for item in items]


def test_a_repeated_delivery_has_the_same_keys_whatever_stands_around_its_items() -> None:
    """An id is an id: in another batch, in another place."""
    source = declared(HUBSPOT)
    first, second = ({"id": "x"}, {"id": "y"})
    assert {event.dedup_key for event in read_all(source, [first, second])} == {
        event.dedup_key for event in read_all(source, [second, {"id": "z"}, first]) if event.id != "z"
    }


def test_lists_in_lists_are_walked_and_the_outside_follows() -> None:
    """`[*]` outside stands for the entry that the item is in; an entry without the list brings none."""
    body = {
        "entry": [
            {"time": 1763805600, "changes": [{"field": "feed"}, {"field": "likes"}]},
            {"time": 1763805700},
            {"time": 1763805800, "changes": [{"field": "feed"}]},
        ]
    }
    events = read_all(declared(META), body)
    assert [event.type for event in events] == ["feed", "likes", "feed"]
    assert [int(event.at.timestamp()) for event in events if event.at] == [1763805600, 1763805600, 1763805800]


def test_equal_items_without_an_id_are_told_apart_by_their_place() -> None:
    """Two alike in one delivery are two, and that delivery again is the same two."""
    source = declared("verify: none, dedupe: 10m, each: '$.e[*]'")
    keys = [[event.dedup_key for event in read_all(source, {"e": [1, 1]})] for _ in range(2)]
    assert len({*keys[0]}) == 2
    assert keys[0] == keys[1]
    assert len({event.id for event in read_all(source, {"e": [1, 1]})}) == 2


def test_an_id_of_the_delivery_does_not_make_its_items_one() -> None:
    """It stands in a header, or outside."""
    for place in ("{header: X-Id}", "{outside: $.id}"):
        source = declared(f"verify: none, id: {place}, each: '$.e[*]'")
        events = read_all(source, {"id": "d", "e": [1, 2]}, {**JSON, "x-id": "d"})
        assert len({event.dedup_key for event in events}) == 2
        assert {event.id for event in events} == {"d"}


def test_an_empty_batch_is_no_event_and_no_fault() -> None:
    """Which is how LINE tries an address out."""
    assert read_all(declared(META), {"entry": []}) == []
    assert read_all(declared(HUBSPOT), []) == []


@pytest.mark.parametrize("body", [{}, {"entry": 5}, {"entry": [{}, {"changes": None}]}, [], "text", None])
def test_a_body_without_the_list_is_refused(body: Any) -> None:
    """Nothing in it is an event, so nothing is lost, and whoever declared it is told."""
    assert refused(META, body) == (400, "no_items")


def test_too_many_items_are_refused_before_any_is_read() -> None:
    """A hundred thousand in one body."""
    assert refused(HUBSPOT, [0] * 100_000) == (413, "too_many_items")
    assert refused(META, {"entry": [{"changes": [0] * 6000}, {"changes": [0] * 6000}]}) == (413, "too_many_items")


def test_what_is_wrong_with_one_item_refuses_none() -> None:
    """Items that are no objects, ids and types of a wrong kind, too long or with controls: all are told."""
    unread: list[str] = []
    items: list[Any] = [5, None, "x", [], {"id": {}}, {"id": "a\x00"}, {"id": "b" * 300}, {"id": "ok", "type": []}]
    source = declared(HUBSPOT)
    events = read_all(source, items, unread=unread)
    assert [event.payload for event in events] == items
    assert [event.type for event in events] == [""] * 8
    assert events[-1].id == "ok"
    assert len({event.dedup_key for event in events}) == len({event.id for event in events}) == 8
    assert len(unread) == 4
    assert [again(source, event) for event in events] == [(item, "") for item in items]


def test_equal_ids_in_one_batch_are_one_event() -> None:
    """The store keeps the first of them."""
    events = read_all(declared(HUBSPOT), [{"id": "x", "n": 1}, {"id": "x", "n": 2}])
    assert len({event.dedup_key for event in events}) == 1


def test_a_list_in_a_forms_field_is_taken_apart() -> None:
    """As Mandrill sends it, in either kind of form."""
    source = declared("verify: none, id: $._id, each: '$[*]', form_json: mandrill_events")
    form = b"mandrill_events=%5B%7B%22_id%22%3A%22a%22%7D%2C%7B%22_id%22%3A%22b%22%7D%5D"
    events = read_all(source, form, {"content-type": "application/x-www-form-urlencoded"})
    assert [event.id for event in events] == ["a", "b"]
    assert [again(source, event) for event in events] == [({"_id": "a"}, ""), ({"_id": "b"}, "")]


STRUCTURED = {
    "specversion": "1.0",
    "id": "7",
    "source": "/shop",
    "type": "sale",
    "time": "2026-11-22T11:00:00Z",
    "datacontenttype": "application/json",
    "count": "5",
    "data": {"amount": 5},
}
CE_JSON = {"content-type": "application/cloudevents+json"}
CE_BATCH = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}
CE_HEADERS = {"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "7", "ce-source": "/shop"}
CE_HEADERS |= {"ce-type": "sale", "ce-time": "2026-11-22T11:00:00Z", "ce-count": "5"}


def test_the_three_modes_of_a_cloudevent_are_one_event() -> None:
    """One payload, one key, one id, type and time."""
    source = declared(CLOUDEVENTS)
    ways = [
        read_all(source, STRUCTURED, CE_JSON),
        read_all(source, {**STRUCTURED, "count": 5, "dataref": None}, JSON),
        read_all(source, [STRUCTURED], CE_BATCH),
        read_all(source, {"amount": 5}, CE_HEADERS),
        read_all(
            source, {**{k: v for k, v in STRUCTURED.items() if k != "data"}, "data_base64": wrapped({"amount": 5})}
        ),
    ]
    events = [event for events in ways for event in events]
    assert len(events) == 5
    for event in events:
        assert event.payload == STRUCTURED
        assert (event.type, event.id, event.dedup_key) == ("sale", "/shop 7", events[0].dedup_key)
        assert event.at == events[0].at
        assert again(source, event) == (STRUCTURED, "")


def test_source_and_id_make_a_cloudevent_unique() -> None:
    """Ids alone do not, and nor does what both look like side by side."""
    source = declared(CLOUDEVENTS)
    pairs = [("/a", "b"), ("/a", "c"), ("/b", "b"), ("/a/b", "b"), ("/a", "b b"), ("/a.b", "b")]
    keys = [read_all(source, {**STRUCTURED, "source": one, "id": other}, CE_JSON)[0].dedup_key for one, other in pairs]
    assert len({*keys}) == len(pairs)


def test_a_binary_cloudevent_may_hold_any_data_or_none() -> None:
    """Text is text, other bytes are base64, and headers say with percent signs what they cannot otherwise."""
    source = declared(CLOUDEVENTS)
    bare = {name: value for name, value in CE_HEADERS.items() if name != "content-type"}
    (none,) = read_all(source, b"", {**bare, "ce-subject": "%E2%82%AC%205%25", "ce-quoted": '"a \\"b\\""'})
    assert isinstance(none.payload, dict)
    assert "data" not in none.payload
    assert (none.payload["subject"], none.payload["quoted"]) == ("€ 5%", 'a "b"')
    (text,) = read_all(source, "größe".encode(), {**bare, "content-type": "text/plain"})
    assert isinstance(text.payload, dict)
    assert text.payload["data"] == "größe"
    (image,) = read_all(source, b"\x89\x00\xff", {**bare, "content-type": "image/png"})
    assert isinstance(image.payload, dict)
    assert base64.b64decode(str(image.payload["data_base64"])) == b"\x89\x00\xff"
    assert all(again(source, event) == (event.payload, "") for event in (none, text, image))


@pytest.mark.parametrize(
    "changed",
    [
        {"specversion": "0.3"},
        {"specversion": None},
        {"id": ""},
        {"id": None},
        {"source": "a b"},
        {"type": {}},
        {"extra": 1.5},
        {"data_base64": "QQ=="},
        {"data": None, "data_base64": "?"},
        {"data": None, "data_base64": 5},
        {"data": None, "data_base64": "QQ=="},
    ],
)
def test_a_cloudevent_that_is_none_is_refused_and_in_a_batch_an_event_with_its_reason(changed: dict[str, Any]) -> None:
    """The others in it are genuine."""
    body = {name: value for name, value in {**STRUCTURED, **changed}.items() if name != "data" or value is not None}
    assert refused(CLOUDEVENTS, body, content_type="application/cloudevents+json") == (400, "bad_cloudevent")
    source = declared(CLOUDEVENTS)
    broken, good = read_all(source, [body, STRUCTURED], CE_BATCH)
    assert broken.payload is None
    assert broken.fault
    assert good.payload == STRUCTURED
    assert again(source, broken) == (None, broken.fault)


def test_a_body_that_is_no_cloudevent_is_refused() -> None:
    """In every mode."""
    assert refused(CLOUDEVENTS, "text") == (400, "bad_cloudevent")
    assert refused(CLOUDEVENTS, b"\xff", ce_specversion="1.0") == (400, "bad_json")
    assert refused(CLOUDEVENTS, {}, ce_specversion="1.0", ce_id="%ff") == (400, "bad_cloudevent")
    deep = b"[" * 100 + b"]" * 100
    assert refused(
        CLOUDEVENTS, deep, **{name: value for name, value in CE_HEADERS.items() if name != "content-type"}
    ) == (
        400,
        "too_deep",
    )


def test_what_a_cloudevent_wraps_is_unwrapped() -> None:
    """As Eventarc hands on what came by Pub/Sub."""
    source = declared(f"{CLOUDEVENTS}, unwrap: {{path: $.data.message.data, as: [base64, json]}}")
    body = {**STRUCTURED, "data": {"message": {"data": wrapped({"a": 1})}}}
    (event,) = read_all(source, body, CE_JSON)
    assert (event.payload, event.id) == ({"a": 1}, "/shop 7")


def test_a_header_that_authenticates_is_no_attribute_whatever_its_name() -> None:
    """It would be journalled with the event."""
    source = declared("verify: {scheme: token, header: ce-secret}, cloudevents: true")
    (event,) = read_all(source, {"amount": 5}, {**CE_HEADERS, "ce-secret": "user:secret"})
    assert event.payload == STRUCTURED
    assert b"secret" not in event.body


def test_a_header_of_a_cloudevent_that_comes_twice_is_refused() -> None:
    """Neither of both is the one that counts."""
    source = declared(CLOUDEVENTS)
    pairs = [(b"ce-id", b"1"), (b"ce-id", b"2")]
    with pytest.raises(SenderError) as error:
        read_headers(source, pairs)
    assert error.value.code == "duplicate_header"
