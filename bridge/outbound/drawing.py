"""Drawing a pin from what the store holds of it. Pure, but for what is read on the way."""

from datetime import datetime
from typing import NamedTuple

from bridge.mappings import Mapping, MappingSet, Rendered, RenderError, stale_since
from bridge.mappings.values.bounds import ExpressionError
from bridge.state import Moment, PinState, Readings, views_of
from bridge.store import Snapshot


class Drawn(NamedTuple):
    """A pin as it is drawn from one moment of the store; a fault that its template has stands for what is rendered."""

    snapshot: Snapshot
    mapping: Mapping
    rendered: Rendered | RenderError
    stale_since: datetime | None
    changes_at: datetime | None


def draw(mappings: MappingSet, pin: str, now: datetime, snapshot: Snapshot, readings: Readings) -> Drawn | None:
    """Render a pin; None where that must wait, for the mapping that the store folds by, or until it is rebuilt."""
    mapping = mappings.mappings.get(snapshot.mapping)
    if mapping is None or mapping.render_fingerprint != snapshot.fingerprint or snapshot.rebuilding:
        return None
    since = stale_since(snapshot.stale_at, now)
    moment = Moment(now, mapping.shared.timezone)
    rendered: Rendered | RenderError
    try:
        views = views_of(PinState(pin=pin, held=snapshot.held, readings=readings), mapping.shared, moment, now)
        rendered = mappings.render(mapping.name, pin, snapshot.latest, now, since, state=views)
    except RenderError as error:
        rendered = error
    except ExpressionError as error:
        rendered = RenderError(f"state: {error}", mapping.place)
    return Drawn(snapshot, mapping, rendered, since, moment.changes_at)
