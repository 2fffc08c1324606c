"""The mapping that most benchmarks load: payments in euros on a card, without state or with four entries of it."""

_MAPPING = """
pin: p-sales-{number}
triggers:
  - name: sale
    source: {source}
    event: {event}
    when:
      $.data.object.currency: {currency}
      $.data.object.amount_received: {{gt: 0}}
    extract:
      amount: $.data.object.amount_received
      buyer: $.data.object.receipt_email
      payment: $.data.object.id
      shop: $.data.object.metadata.shop
"""

_UPDATE = """
update:
  metadata:
    pin_config:
      cards:
        - {title: Last sale, value: "{{ amount | currency('EUR', minor=true) }}"}
        - {title: From, value: "{{ buyer }}"}
"""

_STATE = """
state:
  today: {sum: amount, every: day}
  orders: {count: sale, every: day}
  last_24h: {sum: amount, window: 24h}
  newest: {rows: {buyer: buyer, amount: amount}, key: payment, capacity: 10}
update:
  metadata:
    pin_config:
      cards:
        - {title: Today, value: "{{ today.value | currency('EUR', minor=true) }}"}
        - {title: Orders, value: "{{ orders.value }}"}
        - {title: 24 hours, value: "{{ last_24h.value | currency('EUR', minor=true) }}"}
        - {title: Last, value: "{{ newest | map(attribute='buyer') | join(', ') }}"}
"""
"""What stands in the place of `update`: two metrics by day, one that slides, and the ten newest payments."""

_EVENTS = {"stripe": "payment_intent.succeeded", "github": "deployment"}


def sales_mapping(number: int = 0, *, state: bool = False, currency: str = "eur", source: str = "stripe") -> str:
    """Write mapping `number`, with a pin of its own; it takes every event, or none where the currency is another."""
    head = _MAPPING.format(number=number, source=source, event=_EVENTS[source], currency=currency)
    return head + (_STATE if state else _UPDATE)
