"""Events shaped like Stripe's, each one distinct, of 1.6 KB or another size, signed as Stripe or GitHub signs."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

SECRET = "whsec_made_up_for_the_benchmark"  # noqa: S105 - it guards nothing

USUAL_KB = 1.6
"""The size of the usual body, in KB of 1,000 bytes."""

_EVENT: dict[str, Any] = {
    "id": "evt_@",
    "object": "event",
    "api_version": "2026-02-25",
    "created": 0,
    "type": "payment_intent.succeeded",
    "livemode": False,
    "pending_webhooks": 1,
    "request": {"id": "req_@", "idempotency_key": "a0f3c1d2-6d2c-4f5b-9d63-6f1a0b2c3d4e"},
    "data": {
        "object": {
            "id": "pi_@",
            "object": "payment_intent",
            "amount": 4900,
            "amount_capturable": 0,
            "amount_received": 4900,
            "capture_method": "automatic",
            "client_secret": "pi_@_secret",
            "currency": "eur",
            "customer": "cus_@",
            "description": "Order @ of the shop, two items and shipping, paid by card, with a note for the courier",
            "invoice": None,
            "latest_charge": "ch_@",
            "livemode": False,
            "metadata": {"shop": "shop-@shop@", "number": "@number@", "campaign": "autumn", "cart": "7f6e5d4c3b2a"},
            "payment_method": "pm_@",
            "payment_method_types": ["card", "link", "sepa_debit"],
            "receipt_email": "buyer@example.com",
            "shipping": {
                "name": "Ada Lovelace",
                "address": {"line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH"},
            },
            "statement_descriptor": "ACME SHOP",
            "status": "succeeded",
            "transfer_group": "group_@",
            "padding": "x" * 330,
        }
    },
}
_KEPT_SHORT = ("id", "object", "amount", "amount_received", "currency", "metadata", "receipt_email")
"""The fields of the payment that are left in a body of half a KB."""

_LINE: dict[str, Any] = {
    "object": "item",
    "description": "Teapot, cast iron, 0.8 litres, with a strainer and a trivet",
    "quantity": 2,
    "price": {"unit_amount": 2450, "currency": "eur", "product": "prod_Qx1Lm8vT2c"},
    "discounts": [],
    "taxes": [{"amount": 391, "rate": "txr_19", "inclusive": True}],
}
"""What long bodies have many of, in 0.25 KB each."""


def event_body(number: int, *, shops: int, created: int, size_kb: float = USUAL_KB) -> bytes:
    """Write event `number`, of about `size_kb`; events are dealt to `shops` shops in turn. Each one is distinct."""
    text = _text(size_kb).replace("@shop@", str(number % shops)).replace("@number@", str(number))
    text = text.replace("buyer@example", "buyer(at)example").replace("@", f"bench{created}n{number:08}")
    return text.replace('"created": 0', f'"created": {created}', 1).encode()


def signed_requests(path: str, numbers: range, *, shops: int, size_kb: float = USUAL_KB) -> Iterator[bytes]:
    """Build whole HTTP requests, ready to be written to a socket; `path` says as who: `…/github`, or as Stripe."""
    now = int(time.time())
    key = hmac.new(SECRET.encode(), digestmod=hashlib.sha256)
    sign = _github_fields if path.endswith("/github") else _stripe_fields
    for number in numbers:
        body = event_body(number, shops=shops, created=now, size_kb=size_kb)
        yield b"\r\n".join(
            (
                b"POST %s HTTP/1.1" % path.encode(),
                b"Host: 127.0.0.1",
                b"Content-Type: application/json; charset=utf-8",
                *sign(key.copy(), body, now, number),
                b"Content-Length: %d" % len(body),
                b"",
                body,
            )
        )


@lru_cache
def _text(size_kb: float) -> str:
    """Write the template of a size; beyond the usual one, a payment has as many lines as it takes."""
    if size_kb < USUAL_KB:
        payment = {name: _EVENT["data"]["object"][name] for name in _KEPT_SHORT}
        event = {name: value for name, value in _EVENT.items() if name != "request"}
        return json.dumps(event | {"data": {"object": payment}})
    text = json.dumps(_EVENT)
    lines = int((1000 * size_kb - len(text)) / len(json.dumps(_LINE)))
    return json.dumps(_EVENT | {"lines": [_LINE] * lines}) if lines > 0 else text


def _stripe_fields(signature: hmac.HMAC, body: bytes, now: int, _number: int) -> tuple[bytes, ...]:
    signature.update(b"%d." % now + body)
    return (
        b"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        b"Stripe-Signature: t=%d,v1=%s" % (now, signature.hexdigest().encode()),
    )


def _github_fields(signature: hmac.HMAC, body: bytes, now: int, number: int) -> tuple[bytes, ...]:
    signature.update(body)
    return (
        b"User-Agent: GitHub-Hookshot/044aadd",
        b"X-GitHub-Event: deployment",
        b"X-GitHub-Delivery: 72d3162e-%012d-%010d" % (number, now),
        b"X-Hub-Signature-256: sha256=%s" % signature.hexdigest().encode(),
    )
