"""The offline run: what a sample makes of a pin, through the production code, with no machine but this one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.errors import ConfigurationError, SenderError
from bridge.inbound import Sources, load_sources, sign
from bridge.mappings import RenderError, load_texts
from bridge.rehearsal import Heard, Rehearsal, Sample

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"whsec_made_up"
MAPPING = """
pin: p-sales
triggers:
  - name: sale
    source: stripe
    event: payment_intent
    when: {$.data.object.amount: {gt: 0}}
    key: $.data.object.id
    extract: {amount: $.data.object.amount, sold_at: {path: $.created, as: time}}
  - name: refund
    source: stripe
    event: refund.created
    at: $.data.object.refunded_at
    extract: {refunded: $.data.object.amount}
update:
  metadata:
    pin_config:
      cards: [{title: Sale, value: "{{ amount / 100 }}"}, {title: Refund, value: "{{ refunded }}"}]
"""


def rehearsal(
    mapping: str = MAPPING, *, secrets: tuple[bytes, ...] = (), sources: str = "", **bounds: Any
) -> Rehearsal:
    """Rehearse one mapping, `m`."""
    mappings = load_texts({"m.yaml": mapping.encode()}, {})
    loaded: Sources = load_sources(
        mappings.source_places, sources.encode(), lambda _: secrets, secrets_are_required=False
    )
    return Rehearsal(mappings, loaded, **{"horizon_s": 35 * 86400, "max_body_bytes": 2**20, **bounds})


def sale(event_id: str = "evt_1", *, amount: int = 2000, at: datetime = NOON, **fields: Any) -> Sample:
    """Give a payment."""
    payment = {"id": f"pi_{event_id}", "amount": amount}
    event = {"id": event_id, "type": "payment_intent.succeeded", "created": int(at.timestamp())}
    body = json.dumps({**event, "data": {"object": payment}}).encode()
    return Sample(**{"name": event_id, "source": "stripe", "body": body, **fields})


def cards(run: Rehearsal) -> list[Any]:
    """Give what the cards of the pin show."""
    body: Any = run.render("m", "p-sales", NOON).body
    return [card["value"] for card in body["metadata"]["pin_config"]["cards"]]


def test_a_sample_moves_its_pin() -> None:
    """Signed, verified, read, matched, folded and rendered."""
    run = rehearsal()
    heard = run.receive(sale(), NOON)
    assert (heard.number, heard.is_duplicate, heard.signature) == (1, False, "added")
    assert [(told.trigger, told.kind) for told in heard.outcomes] == [("sale", "matched")]
    assert dict(heard.moved) == {"p-sales": "m"}
    assert cards(run) == ["20", "–"]


def test_a_pin_is_drawn_before_the_first_sample() -> None:
    """As at the bridge's first start."""
    assert cards(rehearsal()) == ["–", "–"]


def test_a_second_delivery_of_an_event_is_a_duplicate() -> None:
    """It is not folded, and has no number in the journal; that it was heard counts."""
    run = rehearsal(MAPPING.replace("amount / 100", "'stale' if stale else 'fresh'") + "stale_after: 90m\n")
    run.receive(sale(), NOON)
    heard = run.receive(sale(), NOON + timedelta(hours=1))
    assert (heard.is_duplicate, heard.outcomes, dict(heard.moved)) == (True, (), {})
    looks = [run.render("m", "p-sales", NOON + timedelta(hours=hours)).payload for hours in (2, 3)]
    assert [b"stale" in look for look in looks] == [False, True]


def test_a_delivery_is_new_again_once_its_window_is_over() -> None:
    """`dedupe: 10m` remembers for ten minutes."""
    run = rehearsal(MAPPING.replace("stripe", "probe"), sources="probe: {verify: none, dedupe: 10m, event: $.type}")
    arrivals = [NOON + timedelta(minutes=minutes) for minutes in (0, 9, 10)]
    heard = [run.receive(sale(source="probe"), arrival) for arrival in arrivals]
    assert [each.is_duplicate for each in heard] == [False, True, False]
    assert {each.signature for each in heard} == {"none"}


def test_an_older_event_does_not_hide_a_newer_one() -> None:
    """It is journalled, and its outcome says why it shows nothing."""
    run = rehearsal()
    run.receive(sale("evt_2", amount=200), NOON)
    late = run.receive(sale("evt_1", amount=100, at=NOON - timedelta(hours=1)), NOON)
    assert "older than what the pin shows, which came with event 1" in late.outcomes[0].reason
    assert dict(late.moved) == {}
    assert cards(run)[0] == "2"


def test_an_event_older_than_the_horizon_is_too_late() -> None:
    """By its own time against its arrival."""
    run = rehearsal(horizon_s=3600)
    heard = run.receive(sale(at=NOON - timedelta(hours=2)), NOON)
    assert [told.kind for told in heard.outcomes] == ["too_late"]


def test_an_item_that_was_folded_counts_once() -> None:
    """Whatever delivery brings it."""
    run = rehearsal()
    run.receive(sale("evt_1", id="first"), NOON)
    again = run.receive(sale("evt_1", id="second"), NOON)
    assert [(told.kind, told.reason) for told in again.outcomes] == [("duplicate_item", "this item came with event 1")]


def test_what_the_store_could_not_keep_is_an_error_here_too() -> None:
    """The pin stays as it was."""
    deep = "[" * 90 + "1" + "]" * 90
    mapping = MAPPING.replace(
        "refunded: $.data.object.amount}", "refunded: $}\n    let: {more: '{{ [[[[[[[[[[[refunded]]]]]]]]]]] }}'}"
    )
    run = rehearsal(mapping.replace('"{{ refunded }}"', '"{{ 1 if more else 0 }}"'))
    body = f'{{"id": "evt_1", "type": "refund.created", "deep": {deep}}}'.encode()
    heard = run.receive(Sample(name="deep", source="stripe", body=body), NOON)
    assert [told.kind for told in heard.outcomes] == ["error"]
    assert "nests deeper" in heard.outcomes[0].reason
    assert cards(run) == ["–", "0"]


def test_a_sample_says_its_own_type_and_id() -> None:
    """They stand for what the source would find, and for nothing else: no header tells of them."""
    heard = rehearsal().receive(sale(event="refund.created", id="evt_other"), NOON)
    assert (heard.event.type, heard.event.id) == ("refund.created", "evt_other")
    assert dict(heard.event.headers) == {"content-type": "application/json"}


def test_a_sample_says_when_it_arrived() -> None:
    """Whatever the caller proposes."""
    arrived = NOON + timedelta(days=2)
    assert rehearsal().receive(sale(received_at=arrived), NOON).event.received_at == arrived


def test_the_own_time_of_a_sample_is_its_sources() -> None:
    """Or else what a trigger's `at` finds; some have none."""
    run = rehearsal(MAPPING.replace("stripe", "probe"), sources="probe: {verify: none, dedupe: off, event: $.type}")
    assert rehearsal().own_time_of(sale()) == NOON
    assert run.own_time_of(sale(source="probe")) is None
    refund = b'{"type": "refund.created", "data": {"object": {"amount": 1, "refunded_at": "2026-11-20T08:00:00Z"}}}'
    refunded = run.own_time_of(Sample(name="refund", source="probe", body=refund))
    assert refunded == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_genuine_signature_is_verified_as_of_its_time() -> None:
    """A stored sample is older than any tolerance."""
    run = rehearsal(secrets=(SECRET,))
    source = run_source(SECRET)
    signed_at = NOON - timedelta(days=30)
    signature = sign(source["stripe"], sale().body, SECRET, signed_at)
    assert run.receive(sale(headers=signature), NOON).signature == "verified"
    with pytest.raises(SenderError, match="does not match"):
        run.receive(sale("evt_2", headers=signature), NOON)


def test_a_signature_that_nobody_can_check_is_replaced() -> None:
    """And that is told."""
    signature = sign(run_source(SECRET)["stripe"], sale().body, SECRET, NOON)
    assert rehearsal().receive(sale(headers=signature), NOON).signature == "replaced"


@pytest.mark.parametrize("stamp", ["x", "9" * 13])
def test_an_unreadable_time_of_signing_is_refused(stamp: str) -> None:
    """As the endpoint refuses it."""
    with pytest.raises(SenderError, match="timestamp is unreadable"):
        rehearsal(secrets=(SECRET,)).receive(sale(headers={"stripe-signature": f"t={stamp},v1=ab"}), NOON)


@pytest.mark.parametrize(
    "verify",
    [
        "{scheme: hmac, algorithm: sha256, header: X-S, encoding: hex, signed: '{body}'}",
        "{scheme: hmac, algorithm: sha256, header: X-S, encoding: hex, signed: '{body}', secret: {encoding: base64}}",
        "{scheme: hmac, algorithm: sha256, header: X-S, encoding: hex, signed: '{body}', secret: {encoding: hex}}",
        "bearer",
        "basic",
        "{scheme: token, header: X-Token}",
        "{scheme: token, query: k}",
        "{scheme: token, path: $.token}",
        (
            "{scheme: hmac, path: $.sig.mac, timestamp: {path: $.sig.at}, unsigned: body, "
            "signed: '{timestamp}{json:$.id}'}"
        ),
        "{scheme: hmac, header: X-S, signed: '{url}{body}', timestamp: {path: $.created}}",
    ],
)
def test_a_made_up_secret_fits_every_scheme(verify: str) -> None:
    """A sample needs no secret, however its source verifies."""
    run = rehearsal(MAPPING.replace("stripe", "probe"), sources=f"probe: {{verify: {verify}, event: $.type, id: $.id}}")
    assert run.receive(sale(source="probe"), NOON).signature == "added"


def test_a_sample_that_only_its_sender_could_sign_is_taken_unchecked() -> None:
    """With the key at hand and a signature of its own it is held to it all the same."""
    sources = "probe: {verify: {scheme: ed25519, header: X-S, secret: {encoding: hex}}, event: $.type, id: $.id}"
    mapping = MAPPING.replace("stripe", "probe")
    key = b"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    for secrets in ((), (key,)):
        unsigned = rehearsal(mapping, sources=sources, secrets=secrets).receive(sale(source="probe"), NOON)
        assert unsigned.signature == "unchecked"
    signed = sale(source="probe", headers={"x-s": "ab" * 64})
    keyed = rehearsal(mapping, sources=sources, secrets=(key,))
    with pytest.raises(SenderError, match="does not match"):
        keyed.receive(signed, NOON)


def test_a_time_in_a_sample_stays_when_it_is_signed() -> None:
    """Else a mapping that reads it would see the time of the test."""
    sources = "probe: {verify: {scheme: hmac, header: X-S, timestamp: {path: $.created}}, event: $.type, id: $.id}"
    before = sale(source="probe", at=NOON - timedelta(days=9))
    run = rehearsal(MAPPING.replace("stripe", "probe"), sources=sources)
    heard = run.receive(before, NOON)
    assert json.loads(heard.event.body)["created"] == int((NOON - timedelta(days=9)).timestamp())


def test_what_the_bridge_would_refuse_is_refused() -> None:
    """With the endpoint's own words."""
    run = rehearsal(max_body_bytes=200)
    with pytest.raises(SenderError, match="the body is not JSON"):
        run.receive(Sample(name="x", source="stripe", body=b"{"), NOON)
    with pytest.raises(SenderError, match="larger than 200 bytes"):
        run.receive(sale("evt_" + "x" * 200), NOON)


def test_an_unknown_source_is_named_with_those_that_there_are() -> None:
    """And with the nearest."""
    with pytest.raises(ConfigurationError, match=r"evt_1: 'strip' is no source here.*did you mean 'stripe'"):
        rehearsal().receive(sale(source="strip"), NOON)


def test_a_pin_that_hears_nothing_turns_stale() -> None:
    """Counted from the newest delivery that concerned it, duplicates included; else since the mapping is active."""
    template = "(stale_since | datetime('d MMM, HH:mm')) if stale else 'fresh'"
    run = rehearsal(MAPPING.replace("amount / 100", template) + "stale_after: 24h\n", active_since=NOON)

    def shown(hours: int) -> Any:
        body: Any = run.render("m", "p-sales", NOON + timedelta(hours=hours)).body
        return body["metadata"]["pin_config"]["cards"][0]["value"]

    assert (shown(23), shown(24)) == ("fresh", "23 Nov, 12:00")
    run.receive(sale(), NOON + timedelta(hours=10))
    run.receive(sale(), NOON + timedelta(hours=20))
    assert (shown(43), shown(44)) == ("fresh", "24 Nov, 08:00")


def test_a_body_that_cannot_be_rendered_raises() -> None:
    """With the place in the YAML."""
    run = rehearsal(MAPPING.replace("amount / 100", "amount + 'x'"))
    run.receive(sale(), NOON)
    with pytest.raises(RenderError, match=r"m\.yaml:18:36"):
        run.render("m", "p-sales", NOON)


def run_source(secret: bytes) -> Sources:
    """Load the source that signs."""
    mappings = load_texts({"m.yaml": MAPPING.encode()}, {})
    return load_sources(mappings.source_places, None, lambda _: (secret,))


BATCH = """
pin: p-sales
triggers: [{name: sale, source: shop, event: sale, extract: {amount: $.amount}}]
state: {sales: {sum: amount}}
update: {metadata: {pin_config: {cards: [{title: Sales, value: "{{ sales.value }}"}]}}}
"""
SHOP = "shop: {verify: none, each: '$[*]', event: $.type, id: $.id, at: $.at}"


def test_a_sample_of_several_events_is_as_many() -> None:
    """It arrives at the newest one's time; one that is there twice counts once."""
    items = [{"type": "sale", "id": each, "amount": 2, "at": f"2026-11-22T1{each}:00:00Z"} for each in (1, 2, 1)]
    run = rehearsal(BATCH, sources=SHOP)
    deliveries = [*run.deliver([Sample(name="b", source="shop", body=json.dumps(items).encode())], NOON)]
    assert [each.of for each in deliveries] == [3, 3, 3]
    heard = [each.heard for each in deliveries if isinstance(each.heard, Heard)]
    assert [(each.event.id, each.is_duplicate) for each in heard] == [("1", False), ("2", False), ("1", True)]
    assert {each.event.received_at for each in heard} == {NOON}
    assert cards(run) == ["4"]


def test_a_sample_without_events_is_heard_of_none() -> None:
    """And is no mistake."""
    (delivery,) = rehearsal(BATCH, sources=SHOP).deliver([Sample(name="b", source="shop", body=b"[]")], NOON)
    assert (delivery.heard, delivery.of, delivery.outcomes) == (None, 0, ())
