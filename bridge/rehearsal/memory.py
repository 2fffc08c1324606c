"""What the store would know, in memory: delivery ids, items, whose each pin is, the newest of each trigger.

The fold is the store's own, and values are kept as it keeps them, so that what cannot be
written there cannot be remembered here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count

from bridge.events import Event
from bridge.mappings import Evaluation, EventHeader, Latest, MappingSet
from bridge.mappings.values.values import decode_values, encode_values
from bridge.mappings.values.versions import decode_version, encode_version
from bridge.rehearsal.rows import Rows
from bridge.state import Folders, Held, Order, PinState, StateFold
from bridge.store.active_set import LATEST
from bridge.store.folding import UNKEEPABLE, Folded, ItemKey, LatestKey, Ledger, Newest, fold
from bridge.store.lifetimes import lifetime
from bridge.store.preparing import Entry, Loaded, Preparation, prepare


class Memory:
    """A store that forgets everything at the end. No event since `complete_since` is missing (None: none ever was)."""

    def __init__(self, mappings: MappingSet, horizon: timedelta, complete_since: datetime | None = None) -> None:
        self._horizon = horizon
        self._held = _held(mappings, complete_since)
        self._generations = {
            name: {LATEST: -number, **{entry: held.generation for entry, held in self._held[name].items()}}
            for number, name in enumerate(self._held, 1)
        }
        self._folders = Folders(self._held)
        self._rows = Rows()
        self._max_pins = {
            name: mapping.max_pins
            for name, mapping in mappings.mappings.items()
            if mapping.enabled and mapping.max_pins is not None
        }
        self._seen: dict[tuple[str, str, bytes], int] = {}
        self._orders: dict[LatestKey, Order] = {}
        self._owners = dict(mappings.literal_pins())
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
        preparation = prepare([Entry(self._journalled, event, evaluation)], self._folders, self._horizon, Loaded({}))
        while True:
            ledger = self._ledger(preparation)
            folded = fold(ledger, self._journalled, event, evaluation)
            known = len(preparation.broken)
            latest = _written(ledger.newest, preparation.broken)
            if len(preparation.broken) == known:
                self._keep(ledger, latest)
                return self._journalled, folded, {pin: mapping for pin, (mapping, _) in ledger.moved.items()}

    def latest(self, mapping: str, pin: str) -> dict[str, Latest]:
        """Give the newest of each trigger that has fed a pin."""
        return {
            trigger: latest for (owner, fed, trigger), latest in self._latest.items() if (owner, fed) == (mapping, pin)
        }

    def state(self, mapping: str, pin: str) -> PinState:
        """Give what is held of a pin's entries."""
        return PinState(pin=pin, held=self._held.get(mapping, {}), readings=self._rows)

    def _ledger(self, preparation: Preparation) -> Ledger:
        return Ledger(
            horizon=self._horizon,
            max_pins=self._max_pins,
            orders=dict(self._orders),
            owners=dict(self._owners),
            families=dict(self._families),
            generations=self._generations,
            items=dict(self._items),
            broken=preparation.broken,
            pending=preparation.pending,
            prepared=preparation.prepared,
            state=StateFold(self._rows, preparation.prepared.values()),
        )

    def _keep(self, ledger: Ledger, latest: Mapping[LatestKey, Latest]) -> None:
        self._orders = ledger.orders
        self._owners = ledger.owners
        self._families = ledger.families
        self._items = ledger.items
        self._latest |= latest
        self._rows.keep(ledger.state.written())


def _held(mappings: MappingSet, complete_since: datetime | None) -> dict[str, dict[str, Held]]:
    """Give every entry a generation."""
    numbers = count(1)
    return {
        name: {
            entry: Held(next(numbers), definition.entry, complete_since) for entry, definition in mapping.state.items()
        }
        for name, mapping in mappings.mappings.items()
        if mapping.enabled
    }


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
