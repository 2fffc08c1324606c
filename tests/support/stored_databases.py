"""A small database of each release, made by that release's code, to be migrated by all that come after it.

`PYTHONPATH=tests:. .venv/bin/python -m support.stored_databases NAME` writes `NAME.sql`, the database as a bridge that
was stopped leaves it, and `NAME.json`, what it showed then. Run it once when a release is made, with its number for a
name.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support.rebuilding import PLENTY, Shop, configured

from bridge.api.looking import event_of
from bridge.api.shapes import Attempt
from bridge.events import Offer
from bridge.store import AttemptRecord, Booking, Settlement, open_readonly

FOLDER = Path(__file__).parents[1] / "contract" / "store" / "databases"

MAPPINGS = {
    "sales": """
pin: p-sales
timezone: Europe/Berlin
triggers:
  - {name: sale, source: shop, event: sale, key: $.order, extract: {amount: $.amount, buyer: $.buyer}}
state:
  sales: {sum: amount, every: day, keep: 3, by: buyer}
  orders: {count: sale}
  largest: {max: amount, window: 24h}
  typical: {quantile: amount, q: 0.5}
  known: {distinct: buyer}
  buyers: {rows: {buyer: buyer, spent: {sum: amount}}, key: buyer, ttl: 7d, order: -spent}
update:
  metadata:
    pin_config:
      content: >-
        {{ amount }} by {{ buyer }};
        {{ sales.series | map(attribute='value') | join(',') }} since {{ sales.complete_since }};
        {{ sales.groups | map(attribute='key') | join(',') }} {{ sales.groups | map(attribute='value') | join(',') }};
        {{ orders.value }} {{ largest.value }} {{ typical.value }} {{ known.value }};
        {{ buyers | map(attribute='buyer') | join(',') }} {{ buyers | map(attribute='spent') | join(',') }}
stale_after: 2h
""",
    "shops": """
pin: "{{ 'p-' ~ shop }}"
pins: ["p-shop-*"]
triggers:
  - {name: sale, source: shop, event: sale, extract: {shop: $.shop, amount: $.amount}}
state:
  total: {sum: amount}
update: {metadata: {pin_config: {content: "{{ shop }} {{ total.value }}"}}}
""",
}
"""What feeds every table: sums, groups, sketches, rows, items, a family of pins, silence, and an event that fails."""

EVENTS = 24
PINS = ("p-sales", "p-shop-0", "p-shop-1", "p-shop-2")


async def make(path: Path) -> dict[str, Any]:
    """Make a database; gives what it shows."""
    shop = await Shop(path, configured(MAPPINGS)).open()
    for number in range(EVENTS):
        # The seventh has a buyer that no key of a group can be, and is lacking where buyers count.
        buyer: Any = ["ann"] if number == 7 else f"buyer-{number % 5}"
        order = number - 1 if number == 11 else number
        await shop.send(
            at=shop.now - timedelta(hours=number % 3),
            amount=number,
            buyer=buyer,
            order=order,
            shop=f"shop-{number % 3}",
        )
        shop.move(hours=3)
    await _deliver(shop)
    for source, key in (("asana", b"a-key-that-is-approved"), ("notion", b"a-key-that-is-offered")):
        kept = await shop.store.offer_key(Offer(source, key, is_pasted=source == "notion"), "192.0.2.1")
    await shop.store.approve_key(kept.number - 1)
    await shop.send(amount=100, buyer="buyer-0", order=100, shop="shop-0")
    await shop.store.close()
    return await describe(path, shop.now)


async def describe(path: Path, now: datetime) -> dict[str, Any]:
    """Say what a database shows at a moment, with the mappings that it was made by; builds what has to be built."""
    shop = await Shop(path, configured(MAPPINGS), now=now).open()
    await shop.rebuild()
    shown = {pin: await shop.shown(pin) for pin in PINS}
    with open_readonly(shop.url, clock=lambda: now) as reader:
        events = [_read(reader.event(number)) for number in range(1, EVENTS + 2)]
        attempts = {pin: [_attempt(attempt) for attempt in reader.attempts(pin)] for pin in PINS}
        delivered = {pin.pin: [pin.sent_revision, _text(pin.delivered_at), pin.code] for pin in reader.pins()}
    await shop.store.close()
    told = {"now": now.isoformat(), "shown": shown, "events": events, "attempts": attempts, "delivered": delivered}
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return plain


def _attempt(record: AttemptRecord) -> dict[str, Any]:
    return Attempt.model_validate(record).model_dump(mode="json")


def names() -> list[str]:
    """Name the stored databases."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def read(name: str, path: Path) -> dict[str, Any]:
    """Write a stored database to a file; gives what it showed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"{name}.sql").read_text())
    told: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return told


def write(name: str) -> None:
    """Make and store a database of the code that runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pinbridge.db"
        told = asyncio.run(make(path))
        with closing(sqlite3.connect(path)) as connection:
            FOLDER.joinpath(f"{name}.sql").write_text("".join(f"{line}\n" for line in connection.iterdump()))
    FOLDER.joinpath(f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


async def _deliver(shop: Shop) -> None:
    """Send all that is due; the last one is refused, and parked."""
    claimed = await shop.store.claim_due(len(PINS), PLENTY)
    for place, claim in enumerate(claimed.claims, 1):
        booking = await shop.store.book(claim, PLENTY)
        assert isinstance(booking, Booking)
        if place < len(PINS):
            ending = Settlement(outcome="delivered", revision=claim.revision, body_hash=bytes(16), status=200)
        else:
            ending = Settlement(outcome="parked", revision=claim.revision, status=404, code="not_found", message="gone")
        await shop.store.settle(booking, ending)


def _read(record: Any) -> Any:
    if record is None:
        return None
    event = event_of(record).model_dump(mode="json", exclude={"outcomes_in_all"})
    return {**event, "headers": {**record.headers}, "query": {**record.query}, "body": record.body.decode()}


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


if __name__ == "__main__":
    write(sys.argv[1])
