"""What the store would know, in memory: delivery ids, items, whose each pin is, the newest of each trigger.

The fold is the store's own, and values are kept as it keeps them, so that what cannot be
written there cannot be remembered here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bridge.events import Event
from bridge.mappings import Evaluation, EventHeader, Latest
from bridge.mappings.values.values import decode_values, encode_values
from bridge.store.folding import (
    UNKEEPABLE,
    Folded,
    ItemKey,
    LatestKey,
    Ledger,
    Newest,
    Order,
    decode_version,
    encode_version,
    fold,
    lifetime,
)


class Memory:
    """A store that forgets everything at the end. `literal_pins` and `max_pins` are those of the loaded mappings."""

    def __init__(self, literal_pins: Mapping[str, str], max_pins: Mapping[str, int], horizon: timedelta) -> None:
        self._horizon = horizon
        self._max_pins = max_pins
        self._seen: dict[tuple[str, str, bytes], int] = {}
        self._orders: dict[LatestKey, Order] = {}
        self._owners = dict(literal_pins)
        self._families: dict[str, int] = {}
        self._items: dict[ItemKey, tuple[int, int]] = {}
        self._latest: dict[LatestKey, Latest] = {}
        self._journalled = 0

    def is_duplicate(self, event: Event) -> bool:
        """Tell whether this delivery was seen before; from now on it was."""
        if event.dedup_key is None:
            return False
        key = (event.source, event.id, event.dedup_key)
        seen_at, expires_at = lifetime(event, self._horizon)
        if key in self._seen and self._seen[key] > seen_at:
            return True
        self._seen[key] = expires_at
        return False

    def take_in(self, event: Event, evaluation: Evaluation) -> tuple[int, Folded, dict[str, str]]:
        """Fold a new event; gives its number in the journal, what became of it, and each pin moved with its mapping."""
        self._journalled += 1
        broken: dict[tuple[int, str], str] = {}
        while True:
            ledger = self._ledger(broken)
            folded = fold(ledger, self._journalled, event, evaluation)
            known = len(broken)
            latest = _written(ledger.newest, broken)
            if len(broken) == known:
                self._keep(ledger, latest)
                return self._journalled, folded, {pin: mapping for pin, (mapping, _) in ledger.moved.items()}

    def latest(self, mapping: str, pin: str) -> dict[str, Latest]:
        """Give the newest of each trigger that has fed a pin."""
        return {
            trigger: latest for (owner, fed, trigger), latest in self._latest.items() if (owner, fed) == (mapping, pin)
        }

    def _ledger(self, broken: Mapping[tuple[int, str], str]) -> Ledger:
        return Ledger(
            horizon=self._horizon,
            max_pins=self._max_pins,
            orders=dict(self._orders),
            owners=dict(self._owners),
            families=dict(self._families),
            items=dict(self._items),
            broken=broken,
        )

    def _keep(self, ledger: Ledger, latest: Mapping[LatestKey, Latest]) -> None:
        self._orders = ledger.orders
        self._owners = ledger.owners
        self._families = ledger.families
        self._items = ledger.items
        self._latest |= latest


def _written(newest: Mapping[LatestKey, Newest], broken: dict[tuple[int, str], str]) -> dict[LatestKey, Latest]:
    """Write and read back what is new; what cannot be written is noted in `broken`, for another fold without it."""
    latest = {}
    for key in sorted(newest):
        try:
            latest[key] = _read_back(newest[key])
        except UNKEEPABLE as error:
            broken[newest[key].order.number, key[0]] = str(error)
    return latest


def _read_back(newest: Newest) -> Latest:
    order, change, event = newest
    return Latest(
        variables=decode_values(encode_values(change.variables)),
        at=change.at,
        event=_header(event, change.at),
        version=decode_version(encode_version(change.version)),
        number=order.number,
        item=order.item,
    )


def _header(event: Event, at: datetime) -> EventHeader:
    return EventHeader(source=event.source, type=event.type, id=event.id, at=at, received_at=event.received_at)
