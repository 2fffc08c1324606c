"""Stripe events of 1.6 KB, each one distinct, signed as Stripe signs them."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

SECRET = "whsec_made_up_for_the_benchmark"  # noqa: S105 - it guards nothing

_EVENT = {
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
_TEXT = json.dumps(_EVENT)


def event_body(number: int, *, shops: int, created: int) -> bytes:
    """Write event `number`; events are dealt to `shops` shops in turn. About 1.6 KB, each one distinct."""
    text = _TEXT.replace("@shop@", str(number % shops)).replace("@number@", str(number))
    text = text.replace("buyer@example", "buyer(at)example").replace("@", f"bench{created}n{number:08}")
    return text.replace('"created": 0', f'"created": {created}').encode()


def signed_requests(path: str, numbers: range, *, shops: int) -> Iterator[bytes]:
    """Build whole HTTP requests, ready to be written to a socket."""
    now = int(time.time())
    key = hmac.new(SECRET.encode(), digestmod=hashlib.sha256)
    for number in numbers:
        body = event_body(number, shops=shops, created=now)
        signature = key.copy()
        signature.update(b"%d." % now + body)
        yield b"\r\n".join(
            (
                b"POST %s HTTP/1.1" % path.encode(),
                b"Host: 127.0.0.1",
                b"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                b"Content-Type: application/json; charset=utf-8",
                b"Stripe-Signature: t=%d,v1=%s" % (now, signature.hexdigest().encode()),
                b"Content-Length: %d" % len(body),
                b"",
                body,
            )
        )
