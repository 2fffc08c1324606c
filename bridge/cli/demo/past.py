"""What the shop of the demo has been through before the demo begins: the month that its wall looks back on."""

from collections.abc import Iterator
from datetime import datetime, timedelta

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
    run,
    subscription,
    watchdog,
)

FIRST = 900_000
"""Where the numbers of the past begin; those of the demo are smaller."""

_YESTERDAY = ((9, 10, 48000), (11, 20, 62000), (12, 40, 41200), (19, 5, 41000), (21, 15, 9600))
_TODAY = ((9, 5, 21000), (10, 30, 6490), (12, 15, 12900))
_PUSHES = (3, 5, 2, 6, 4, 0, 1)
"""Of each day of the week, Monday first."""

_PULLS = ("Charge VAT by country", "Weigh in grams", "Split the till", "Drop the old cart", "Cache the prices")


def past(midnight: datetime) -> list[Delivery]:
    """Give what happened in the month before a day, and on that day until one o'clock, oldest first."""
    parts = (_sales, _subscriptions, _orders, _code, _pulls, _alerts)
    return sorted((each for part in parts for each in part(midnight)), key=lambda delivery: delivery.at)


def _sales(midnight: datetime) -> Iterator[Delivery]:
    days = [(midnight - timedelta(days=1), sale) for sale in _YESTERDAY] + [(midnight, sale) for sale in _TODAY]
    buyers = ("barbara@example.com", "ken@example.com", "dennis@example.com")
    for place, (day, (hour, minute, cents)) in enumerate(days):
        at = day + timedelta(hours=hour, minutes=minute)
        yield payment(FIRST + place, cents=cents, buyer=buyers[place % len(buyers)], at=at)


def _subscriptions(midnight: datetime) -> Iterator[Delivery]:
    """Eight by the month and three by the year go on, and one has ended: €304.50 a month."""
    monthly, yearly = Plan(2900, "month"), Plan(29000, "year")
    for place in range(12):
        at = midnight - timedelta(days=28 - 2 * place, hours=-10)
        yield subscription(FIRST + place, yearly if place % 4 == 1 else monthly, at=at)
    yield subscription(FIRST + 2, monthly, ended=True, at=midnight - timedelta(days=3, hours=-9))


def _orders(midnight: datetime) -> Iterator[Delivery]:
    baskets = ([Line("Oak desk", 1), Line("Desk lamp", 2)], [Line("Desk lamp", 1), Line("Ink, blue", 1)])
    for days in range(10):
        at = midnight - timedelta(days=days, hours=-11)
        yield order(FIRST + days, baskets[days % 2], at=at)


def _code(midnight: datetime) -> Iterator[Delivery]:
    """Some pushes on most days, one today; each is tested, and every ninth does not pass."""
    number = FIRST
    for day in (midnight - timedelta(days=days) for days in range(30, -1, -1)):
        for hour in range(_PUSHES[day.weekday()] if day < midnight else 1):
            number += 1
            at = day + timedelta(hours=9 + hour, minutes=7)
            yield push(number, author=("Grace", "Alan", "Edsger")[number % 3], messages=["Fix the tests"], at=at)
            seconds = 190 + number * 37 % 120
            yield run(number, passed=number % 9 != 0, seconds=seconds, at=at + timedelta(seconds=seconds))


def _pulls(midnight: datetime) -> Iterator[Delivery]:
    """Five were opened, and the last two of them are merged."""
    opened = [midnight - timedelta(days=11 - 2 * place, hours=-14) for place in range(len(_PULLS))]
    for place, title in enumerate(_PULLS):
        yield pull(60 + place, "opened", title=title, opened=opened[place], at=opened[place])
        if place >= 3:
            merged_at = opened[place] + timedelta(hours=20)
            yield pull(60 + place, "merged", title=title, opened=opened[place], at=merged_at)


def _alerts(midnight: datetime) -> Iterator[Delivery]:
    """A full disk was cleared; a certificate is about to expire, which is told again at noon."""
    full = Alert("DiskFull", "db-1", "critical", midnight + timedelta(hours=8, minutes=40))
    cleared = full._replace(ended=midnight + timedelta(hours=11, minutes=5))
    expiring = Alert("CertificateExpires", "shop.example", "warning", midnight + timedelta(hours=8))
    yield alerts("payments", [expiring], at=expiring.began)
    yield alerts("payments", [expiring, full], at=full.began)
    yield alerts("payments", [expiring, cleared], at=midnight + timedelta(hours=11, minutes=5))
    yield alerts("payments", [expiring], at=midnight + timedelta(hours=12))
    yield watchdog(midnight + timedelta(hours=12, minutes=55))
