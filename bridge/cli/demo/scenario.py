"""What the demo sends, in order, and what each pin must show when all of it has arrived."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bridge.cli.demo.traffic import Delivery, alerts, payment, push, refund

Handling = Literal["as signed", "sent twice", "forged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One delivery and how it is sent; `expects` is the HTTP status of its last answer."""

    delivery: Delivery
    handling: Handling = "as signed"
    expects: int = 202


def opening(now: datetime) -> list[Step]:
    """Give the steps that every demo plays: all three sources, a repeat, a forgery, and an event out of order."""
    earlier = [now - timedelta(seconds=seconds) for seconds in (60, 50, 40, 30, 20, 10)]
    return [
        Step(delivery=payment(1, cents=2000, buyer="ada@example.com", at=earlier[0])),
        Step(delivery=push(1, author="Grace", messages=["Draw the cart", "Price in euros"], at=earlier[1])),
        Step(delivery=alerts(firing={"shop-1": "warning"}, resolved={}, at=earlier[2])),
        Step(delivery=payment(3, cents=123450, buyer="linus@example.com", at=earlier[4])),
        Step(
            delivery=payment(3, cents=123450, buyer="linus@example.com", at=earlier[4]),
            handling="sent twice",
            expects=200,
        ),
        Step(
            delivery=payment(4, cents=99999900, buyer="mallory@example.com", at=earlier[4]),
            handling="forged",
            expects=401,
        ),
        Step(delivery=payment(2, cents=3500, buyer="late@example.com", at=earlier[3])),
        Step(delivery=push(2, author="Alan", messages=["Answer faster"], at=earlier[4])),
        Step(delivery=alerts(firing={"shop-2": "critical"}, resolved={"shop-1": "warning"}, at=earlier[5])),
        Step(delivery=refund(1, cents=2000, at=earlier[5])),
    ]


EXPECTED: dict[str, tuple[str, ...]] = {
    "p-stripe-payments": ("€20.00 refunded",),
    "p-github-pushes": ("alan pushed 1 to acme/shop, main", "Answer faster"),
    "p-alerts-platform": ("Platform: 1 firing", "shop-2", "shop-1"),
    "p-alerts-latest": ("HighLatency is resolved",),
}
"""What each pin must show once the opening has been played: each text, somewhere in it."""


def going_on(choice: random.Random, number: int, now: datetime) -> Step:
    """Give one more step of everyday traffic."""
    match choice.randrange(4):
        case 0:
            messages = choice.sample(["Fix the tests", "Update the guide", "Split a room", "Name it better"], 2)
            return Step(
                delivery=push(number, author=choice.choice(["Grace", "Alan", "Edsger"]), messages=messages, at=now)
            )
        case 1:
            instances = [f"shop-{place}" for place in range(1, 5)]
            firing = dict.fromkeys(choice.sample(instances, choice.randrange(3)), "warning")
            resolved = {name: "warning" for name in instances[:2] if name not in firing}
            return Step(delivery=alerts(firing=firing, resolved=resolved, at=now))
        case _:
            buyer = choice.choice(["ada@example.com", "barbara@example.com", "ken@example.com"])
            return Step(delivery=payment(number, cents=choice.randrange(500, 30000), buyer=buyer, at=now))
