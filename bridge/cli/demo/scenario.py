"""What the demo sends, in order, and what each pin must show when all of it has arrived."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bridge.cli.demo.traffic import (
    Alert,
    Delivery,
    Line,
    Plan,
    alerts,
    order,
    payment,
    pull,
    push,
    refund,
    run,
    subscription,
    watchdog,
)

Handling = Literal["as signed", "sent twice", "forged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One delivery and how it is sent; `expects` is the HTTP status of its last answer."""

    delivery: Delivery
    handling: Handling = "as signed"
    expects: int = 202


def afternoon_zone(now: datetime) -> str:
    """Name a timezone in which it is between three and four: the shop is open, and no midnight comes in between."""
    ahead = 15 - now.astimezone(UTC).hour
    ahead -= 24 if ahead > 14 else 0
    return f"Etc/GMT{-ahead:+d}"


def midnight_before(now: datetime) -> datetime:
    """Give when the day began where the shop is."""
    return now.astimezone(ZoneInfo(afternoon_zone(now))).replace(hour=0, minute=0, second=0, microsecond=0)


def opening(now: datetime) -> list[Step]:
    """Give the steps that every demo plays: all sources, a repeat, a forgery, one that is late, an alert that ends."""
    earlier = [now - timedelta(seconds=seconds) for seconds in (60, 50, 40, 30, 20, 10)]
    slow = [
        Alert("HighLatency", "shop-1", "warning", earlier[2]),
        Alert("HighLatency", "shop-2", "critical", earlier[3]),
    ]
    return [
        Step(delivery=payment(1, cents=2000, buyer="ada@example.com", at=earlier[0])),
        Step(delivery=push(1, author="Grace", messages=["Draw the cart", "Price in euros"], at=earlier[1])),
        Step(delivery=alerts("platform", slow[:1], at=earlier[2])),
        *_sales(earlier),
        Step(delivery=subscription(1, Plan(10000, "year", 12), at=earlier[4])),
        Step(delivery=order(1, [Line("Fountain pen", 3)], at=earlier[4])),
        Step(delivery=push(2, author="Alan", messages=["Answer faster"], at=earlier[4])),
        Step(delivery=run(2, passed=True, seconds=214, at=earlier[4])),
        Step(delivery=pull(71, "opened", title="Answer faster still", opened=earlier[4], at=earlier[4])),
        Step(delivery=alerts("platform", slow, at=earlier[4])),
        Step(delivery=alerts("platform", [slow[0]._replace(ended=earlier[5]), slow[1]], at=earlier[5])),
        Step(delivery=refund(1, cents=2000, at=earlier[5])),
        Step(delivery=watchdog(earlier[5])),
    ]


def _sales(earlier: list[datetime]) -> list[Step]:
    """Give a sale that is told twice, one that is forged, and one that comes late."""
    large = payment(3, cents=123450, buyer="linus@example.com", at=earlier[4])
    forged = payment(4, cents=99999900, buyer="mallory@example.com", at=earlier[4])
    return [
        Step(delivery=large),
        Step(delivery=large, handling="sent twice", expects=200),
        Step(delivery=forged, handling="forged", expects=401),
        Step(delivery=payment(2, cents=3500, buyer="late@example.com", at=earlier[3])),
    ]


MAPPINGS = (
    "stripe-payments",
    "stripe-buyers",
    "stripe-subscriptions",
    "shopify-products",
    "github-pushes",
    "github-activity",
    "github-ci",
    "github-pulls",
    "alertmanager-firing",
    "alertmanager-groups",
    "alertmanager-latest",
    "alertmanager-watchdog",
    "pinbridge-trouble",
)
"""The shipped mappings that the demo's traffic feeds."""

EXPECTED: dict[str, tuple[str, ...]] = {
    # 403.90 until one o'clock and 1,289.50 now, against 1,512.00 yesterday until three.
    "p-stripe-payments": ("€1,693.40", "+12.0% on yesterday by now", "€1,673.40", "€20.00 refunded"),
    "p-stripe-buyers": ("linus@example.com", "€1,234.50", "€20.00"),
    # 304.50, and a twelfth of 1,200.00.
    "p-stripe-subscriptions": ("€404.50", "€4,854.00 a year", "12"),
    "p-shopify-products": ("Fountain pen", "€195.00"),
    "p-github-pushes": ("alan pushed 1 to acme/shop, main", "Answer faster"),
    "p-github-activity": ("today **3 pushes**",),
    "p-github-ci": ("the last passed",),
    "p-github-pulls": ("4 open pull requests, 2 merged in 7 days", "#71 Answer faster still"),
    "p-alerts-firing": ("2 firing: 1 critical, 1 warning", "shop-2", "CertificateExpires"),
    "p-alerts-platform": ("Platform: 1 firing", "shop-2", "shop-1"),
    "p-alerts-latest": ("HighLatency is resolved",),
    "p-alerts-watchdog": ("Alive",),
}
"""What each pin must show once the opening has been played: each text, somewhere in it."""

GONE: dict[str, tuple[str, ...]] = {
    "p-alerts-firing": ("shop-1", "DiskFull"),
    "p-stripe-buyers": ("mallory@example.com",),
    "p-github-pulls": ("Cache the prices",),
}
"""What a pin must not show, or no more."""


def going_on(choice: random.Random, number: int, now: datetime) -> Step:
    """Give one more step of everyday traffic."""
    kinds = (_payment, _payment, _payment, _order, _push, _run, _pull, _alert, _watchdog)
    return Step(delivery=choice.choice(kinds)(choice, number, now))


def _payment(choice: random.Random, number: int, now: datetime) -> Delivery:
    buyer = choice.choice(["ada@example.com", "barbara@example.com", "ken@example.com"])
    return payment(number, cents=choice.randrange(500, 30000), buyer=buyer, at=now)


def _order(choice: random.Random, number: int, now: datetime) -> Delivery:
    products = choice.sample(["Desk lamp", "Oak desk", "Ink, blue", "Fountain pen"], 2)
    return order(number, [Line(product, choice.randrange(1, 4)) for product in products], at=now)


def _push(choice: random.Random, number: int, now: datetime) -> Delivery:
    messages = choice.sample(["Fix the tests", "Update the guide", "Split a room", "Name it better"], 2)
    return push(number, author=choice.choice(["Grace", "Alan", "Edsger"]), messages=messages, at=now)


def _run(choice: random.Random, number: int, now: datetime) -> Delivery:
    return run(number, passed=choice.random() < 0.9, seconds=choice.randrange(180, 320), at=now)


def _pull(choice: random.Random, _number: int, now: datetime) -> Delivery:
    """One of a handful comes, or goes."""
    number = choice.randrange(80, 85)
    return pull(number, choice.choice(("opened", "merged")), title=f"Idea {number}", opened=now, at=now)


def _alert(choice: random.Random, _number: int, now: datetime) -> Delivery:
    """One alert begins, or ends."""
    place = choice.randrange(1, 5)
    alert = Alert("HighLatency", f"shop-{place}", ("critical", "warning")[place % 2], now)
    return alerts("platform", [alert._replace(ended=choice.choice((None, now)))], at=now)


def _watchdog(_choice: random.Random, _number: int, now: datetime) -> Delivery:
    return watchdog(now)
