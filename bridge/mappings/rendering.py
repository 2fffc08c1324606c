"""A pin's body: the update tree of a mapping, rendered on what its newest events said.

Here a template's tree, the pin model and the places in the YAML meet: what does not fit the
pin is reported where its author wrote it, and never goes out.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import orjson

from bridge.mappings.expressions.expressions import Surroundings
from bridge.mappings.expressions.templates import Path, RenderedTree, RenderError
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.records import Latest, Rendered
from bridge.mappings.values.bounds import not_shown
from bridge.mappings.values.values import Value, plain
from bridge.mappings.values.views import Seen, View
from bridge.pin_model import Flaw, fit

State = Mapping[str, Seen]
"""What each entry of the state is seen as."""

NO_STATE: State = MappingProxyType({})

_HEADER = ("source", "type", "id", "at", "received_at")


class Clock(NamedTuple):
    """What the clock says of a pin: the moment that is now, and since when it is stale, None where it is not."""

    now: datetime
    stale_since: datetime | None


def render(
    mapping: CompiledMapping, pin: str, latest: Mapping[str, Latest], clock: Clock, *, state: State = NO_STATE
) -> Rendered:
    """Render a pin's body; raises `RenderError` with the place in the YAML."""
    shared = mapping.shared
    surroundings = Surroundings(now=clock.now, locale=shared.locale, timezone=shared.timezone)
    told: dict[str, Seen] = {
        "now": clock.now,
        "stale": clock.stale_since is not None,
        "stale_since": clock.stale_since,
    }
    tree = mapping.update.render({**context(mapping, pin, latest, state=state), **told}, surroundings)
    if state:
        _refuse_views(tree, tree.body, ())
    fitted = fit(tree.body, mapping.pin_type)
    if fitted.flaws:
        raise _misfit(fitted.flaws, tree)
    body = plain(fitted.body)
    notes = tuple(f"{tree.place_of(note.path)}: {note}" for note in fitted.notes)
    return Rendered(body=fitted.body, notes=notes, payload=orjson.dumps(body))


def context(
    mapping: CompiledMapping, pin: str, latest: Mapping[str, Latest], *, state: State = NO_STATE
) -> dict[str, Seen]:
    """Give what a template may read, but for what the clock says.

    The variables of the newest event of each trigger stand in one namespace; where two define
    a name, the event newer by `at` holds. What no event has set yet is none.
    """
    names = {trigger.name for trigger in mapping.triggers}
    known = sorted((each for name, each in latest.items() if name in names), key=_age)
    variables: dict[str, Seen] = dict.fromkeys(mapping.variables)
    for each in known:
        variables.update(each.variables)
    newest = known[-1] if known else None
    own: dict[str, Seen] = {"event": _header(newest), "pin": pin}
    return {**variables, **mapping.shared.constants, **state, **own}


def _age(latest: Latest) -> tuple[datetime, int, int]:
    return latest.at, latest.number, latest.item


def _header(newest: Latest | None) -> dict[str, Value]:
    if newest is None:
        return dict.fromkeys(_HEADER)
    event = newest.event
    return {
        "source": event.source,
        "type": event.type,
        "id": event.id,
        "at": newest.at,
        "received_at": event.received_at,
    }


def _refuse_views(tree: RenderedTree, part: Seen, path: Path) -> None:
    """Refuse a view that would go out, where its template stands: what it shows is in its fields."""
    if isinstance(part, dict):
        for name, value in part.items():
            _refuse_views(tree, value, (*path, name))
    elif isinstance(part, list):
        for position, value in enumerate(part):
            _refuse_views(tree, value, (*path, position))
    elif isinstance(part, View):
        raise RenderError(not_shown(part), tree.place_of(path))


def _misfit(flaws: Iterable[Flaw], tree: RenderedTree) -> RenderError:
    """Make one error of what the pin model refuses, placed where the first of it was written."""
    first, *others = flaws
    more = f" (and {len(others)} more like this)" if others else ""
    return RenderError(f"{first}{more}", tree.place_of(first.path))
