"""Shopify's orders: https://shopify.dev/docs/api/webhooks, topic `orders/paid`."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from bridge.cli.demo.traffic.delivery import Delivery
from bridge.events import Json

PRODUCTS = {
    "Desk lamp": (501, "39.90"),
    "Oak desk": (502, "249.00"),
    "Ink, blue": (503, "6.50"),
    "Fountain pen": (504, "65.00"),
}
"""What the shop sells: each with its id and its price."""


class Line(NamedTuple):
    """So many of one product."""

    product: str
    quantity: int


def order(number: int, lines: Sequence[Line], *, at: datetime) -> Delivery:
    """Build an order that is paid, of some of `PRODUCTS`."""
    items: list[Json] = [
        {
            "id": number * 100 + place,
            "product_id": PRODUCTS[line.product][0],
            "title": line.product,
            "quantity": line.quantity,
            "price": PRODUCTS[line.product][1],
            "total_discount": "0.00",
        }
        for place, line in enumerate(lines)
    ]
    payload: dict[str, Json] = {
        "id": 820000 + number,
        "name": f"#{number}",
        "currency": "EUR",
        "financial_status": "paid",
        "created_at": at.isoformat(),
        "processed_at": at.isoformat(),
        "line_items": items,
    }
    headers = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Webhook-Id": str(uuid5(NAMESPACE_URL, f"order {number}"))}
    says = f"an order of {', '.join(f'{line.quantity} {line.product}' for line in lines)}"
    return Delivery(source="shopify", says=says, payload=payload, at=at, headers=headers)
