"""The demo's sample traffic: deliveries in the shapes that the providers document."""

from bridge.cli.demo.traffic.alertmanager import Alert, alerts, watchdog
from bridge.cli.demo.traffic.delivery import Delivery
from bridge.cli.demo.traffic.github import pull, push, run
from bridge.cli.demo.traffic.shopify import Line, order
from bridge.cli.demo.traffic.stripe import Plan, payment, refund, subscription

__all__ = [
    "Alert",
    "Delivery",
    "Line",
    "Plan",
    "alerts",
    "order",
    "payment",
    "pull",
    "push",
    "refund",
    "run",
    "subscription",
    "watchdog",
]
