"""Keys that came over the wire: kept as they are offered, until they are approved or removed; jobs of the writer.

How many may wait for approval is bounded before they come here (`bridge.inbound.handshakes.keys`).
"""

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from bridge.events import Offer, OfferedKey
from bridge.instants import maybe_instant, to_instant
from bridge.store.tables import offered_keys


def read_keys(connection: Connection) -> list[OfferedKey]:
    """Give every key, by its number."""
    return [_key(row) for row in connection.execute(select(offered_keys).order_by(offered_keys.c.number))]


def keep(connection: Connection, offer: Offer, address: str, now: int) -> OfferedKey:
    """Keep an offered key; one that is there stays as it is."""
    same = select(offered_keys).where(offered_keys.c.source == offer.source, offered_keys.c.key == offer.key)
    if (row := connection.execute(same).one_or_none()) is None:
        connection.execute(
            insert(offered_keys).values(
                source=offer.source,
                key=offer.key,
                address=address,
                pasted=int(offer.is_pasted),
                offered_at=now,
            )
        )
        row = connection.execute(same).one()
    return _key(row)


def approve(connection: Connection, number: int, now: int) -> OfferedKey | None:
    """Let a key count; gives it as it was before, None where there is none."""
    found = _find(connection, number)
    if found is not None and found.approved_at is None:
        connection.execute(update(offered_keys).where(offered_keys.c.number == number).values(approved_at=now))
    return found


def remove(connection: Connection, number: int) -> OfferedKey | None:
    """Forget a key; gives it as it was, None where there is none."""
    found = _find(connection, number)
    connection.execute(delete(offered_keys).where(offered_keys.c.number == number))
    return found


def _find(connection: Connection, number: int) -> OfferedKey | None:
    row = connection.execute(select(offered_keys).where(offered_keys.c.number == number)).one_or_none()
    return None if row is None else _key(row)


def _key(row: Row[Any]) -> OfferedKey:
    return OfferedKey(
        number=row.number,
        source=row.source,
        key=row.key,
        address=row.address,
        is_pasted=bool(row.pasted),
        offered_at=to_instant(row.offered_at),
        approved_at=maybe_instant(row.approved_at),
    )
