"""Drawing a pin from what the store holds of it. Pure, but for what is read on the way."""

from datetime import datetime
from typing import NamedTuple

from bridge.mappings import Mapping, MappingSet, RenderError, stale_since
from bridge.mappings.rendering import Clock
from bridge.state import PinState, Readings, Shown, show
from bridge.store import Snapshot


class Drawn(NamedTuple):
    """A pin as it is drawn from one moment of the store; a fault that its template has stands for what is shown."""

    snapshot: Snapshot
    mapping: Mapping
    shown: Shown | RenderError
    stale_since: datetime | None


def draw(mappings: MappingSet, pin: str, now: datetime, snapshot: Snapshot, readings: Readings) -> Drawn | None:
    """Render a pin; None where that must wait, for the mapping that the store folds by, or until it is rebuilt."""
    mapping = mappings.mappings.get(snapshot.mapping)
    if mapping is None or mapping.render_fingerprint != snapshot.fingerprint or snapshot.rebuilding:
        return None
    since = stale_since(snapshot.stale_at, now)
    state = PinState(pin=pin, held=snapshot.held, readings=readings)
    shown: Shown | RenderError
    try:
        shown = show(mappings, mapping.name, state, snapshot.latest, Clock(now, since))
    except RenderError as error:
        shown = error
    return Drawn(snapshot, mapping, shown, since)
