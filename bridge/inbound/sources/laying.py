"""The keys of a source that say how events are laid out in its bodies: from YAML to a layout."""

from collections.abc import Mapping
from types import MappingProxyType

from bridge.inbound.layouts import CONVERSIONS, Items, Layout, Wrapping
from bridge.inbound.locations import Location, OutsidePlace, PathPlace, parse_items, parse_path
from bridge.inbound.sources.reading import Collector, boolean, choice, collecting, parsed, refuse
from bridge.located import MappingNode, Node
from bridge.located.fields import describe, one_or_many

LAYOUT_KEYS = ("body", "cloudevents", "each", "unwrap")

_ITEM: Mapping[str, PathPlace] = {name: PathPlace((name,)).seen_in("item") for name in ("type", "source", "id", "time")}
CLOUDEVENT: Mapping[str, Location] = MappingProxyType(
    {
        "event": Location((_ITEM["type"],)),
        # A source is a URI and holds no blank, so that no two pairs are written alike.
        "id": Location((_ITEM["source"], _ITEM["id"]), joiner=" "),
        "at": Location((_ITEM["time"],)),
    }
)
"""Where type, id and time of CloudEvents stand, unless the source says otherwise: source and id make one unique."""


def read_layout(keys: Mapping[str, Node], collect: Collector) -> Layout | None:
    """Read how events are laid out; None where a body is an event."""
    # What is misread is there all the same: nothing else is told that it is missing.
    cloudevents = "cloudevents" in keys and collect.read(boolean, keys["cloudevents"], default=True)
    each = collect.read(read_items, keys["each"], Items((None,))) if "each" in keys else None
    unwrap = collect.read(_wrapping, keys["unwrap"], Wrapping(PathPlace(()), ())) if "unwrap" in keys else None
    if cloudevents and "each" in keys:
        message = "a batch of CloudEvents is taken apart as it is; leave 'each' out, or 'cloudevents'"
        collect.problems.append(keys["each"].place.problem(message))
    if not cloudevents and each is None and unwrap is None:
        return None
    return Layout(cloudevents=cloudevents, each=each, unwrap=unwrap)


def placed(location: Location, node: Node, layout: Layout | None) -> Location:
    """Give a location with what each of its paths looks in. Raises `ConfigurationError` where there is none such."""
    for place in location.places:
        if isinstance(place, PathPlace) and place.view == "inside" and (layout is None or layout.unwrap is None):
            raise refuse(node.place, "there is no inside without 'unwrap'; write the path alone")
        if isinstance(place, OutsidePlace):
            _check_outside(place, node, layout)
    if layout is None:
        return location
    places = [
        each.seen_in("item") if isinstance(each, PathPlace) and not each.view else each for each in location.places
    ]
    return Location(tuple(places), location.joiner)


def _check_outside(place: OutsidePlace, node: Node, layout: Layout | None) -> None:
    if layout is None or layout.each is None:
        raise refuse(node.place, "there is no outside without 'each'; write the path alone")
    if not layout.each.contains(place.steps):
        message = (
            f"a [*] outside stands for the item's own place, so up to the last one it is as in 'each': {layout.each}"
        )
        raise refuse(node.place, message)


def read_is_json(node: Node) -> bool:
    """Read whether bodies are JSON whatever their content type says; `json` is all that can be said."""
    return choice(("json",))(node) == "json"


def read_items(node: Node) -> Items:
    """Read a path to items. Raises `ConfigurationError` for one that leads to no list."""
    steps = parsed(parse_items, node)
    if None not in steps:
        raise refuse(node.place, "a path to items has a [*] for the list that they stand in, such as $.events[*]")
    return Items(steps)


def _wrapping(node: Node) -> Wrapping:
    if not isinstance(node, MappingNode):
        raise refuse(node.place, f"'unwrap' is an object such as {{path: $.data, as: json}}, found {describe(node)}")
    with collecting() as collect:
        given = collect.fields(node, "unwrap", ("path", "as"))
        if "path" not in given:
            raise refuse(node.place, "'unwrap' needs the key 'path': where the inside stands, such as $.message.data")
        path = collect.read(lambda each: parsed(parse_path, each), given["path"], PathPlace(()))
        no_conversions: tuple[str, ...] = ()
        return Wrapping(path, collect.read(_conversions, given.get("as"), no_conversions))


def _conversions(node: Node) -> tuple[str, ...]:
    words = tuple([choice(CONVERSIONS)(each) for each in one_or_many(node)])
    if "json" in words[:-1]:
        raise refuse(node.place, "'json' comes last: what is read by then is no text any more")
    return words
