"""Stripe's events: https://docs.stripe.com/api/events/object, and the objects in them."""

from datetime import datetime
from typing import Literal, NamedTuple

from bridge.cli.demo.traffic.delivery import Delivery
from bridge.events import Json


class Plan(NamedTuple):
    """What a subscriber pays: so many seats, each at a price for a month or a year."""

    cents: int
    interval: Literal["month", "year"]
    seats: int = 1


def payment(number: int, *, cents: int, buyer: str, at: datetime) -> Delivery:
    """Build `payment_intent.succeeded`."""
    intent: dict[str, Json] = {
        "id": f"pi_demo{number:06d}",
        "object": "payment_intent",
        "amount": cents,
        "amount_received": cents,
        "currency": "eur",
        "created": int(at.timestamp()),
        "description": f"Order {4000 + number}",
        "metadata": {"order": str(4000 + number)},
        "receipt_email": buyer,
        "status": "succeeded",
    }
    says = f"{buyer} pays {_euros(cents)}"
    return _event(f"evt_demo_payment{number:06d}", "payment_intent.succeeded", intent, at, says)


def refund(number: int, *, cents: int, at: datetime) -> Delivery:
    """Build `refund.created`, of the payment with the same number."""
    body: dict[str, Json] = {
        "id": f"re_demo{number:06d}",
        "object": "refund",
        "amount": cents,
        "currency": "eur",
        "created": int(at.timestamp()),
        "payment_intent": f"pi_demo{number:06d}",
        "reason": "requested_by_customer",
        "status": "succeeded",
    }
    return _event(f"evt_demo_refund{number:06d}", "refund.created", body, at, f"{_euros(cents)} goes back")


def subscription(number: int, plan: Plan, *, ended: bool = False, at: datetime) -> Delivery:
    """Build `customer.subscription.created`, or `.deleted` where it has `ended`."""
    kind = "deleted" if ended else "created"
    body: dict[str, Json] = {
        "id": f"sub_demo{number:06d}",
        "object": "subscription",
        "created": int(at.timestamp()),
        "currency": "eur",
        "customer": f"cus_demo{number:06d}",
        "items": {"object": "list", "data": [_item(number, plan)], "has_more": False},
        "status": "canceled" if ended else "active",
    }
    seats = "a seat" if plan.seats == 1 else f"{plan.seats} seats"
    says = f"a subscription of {seats} at {_euros(plan.cents)} a {plan.interval} {'ends' if ended else 'begins'}"
    return _event(f"evt_demo_{kind}{number:06d}", f"customer.subscription.{kind}", body, at, says)


def _item(number: int, plan: Plan) -> Json:
    return {
        "id": f"si_demo{number:06d}",
        "object": "subscription_item",
        "price": {
            "id": f"price_demo_{plan.interval}",
            "object": "price",
            "billing_scheme": "per_unit",
            "currency": "eur",
            "recurring": {"interval": plan.interval, "interval_count": 1, "usage_type": "licensed"},
            "type": "recurring",
            "unit_amount": plan.cents,
        },
        "quantity": plan.seats,
    }


def _euros(cents: int) -> str:
    return f"€{cents / 100:.2f}"


def _event(event_id: str, event_type: str, body: dict[str, Json], at: datetime, says: str) -> Delivery:
    payload: dict[str, Json] = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-06-24",
        "created": int(at.timestamp()),
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }
    return Delivery(source="stripe", says=says, payload=payload, at=at)
