"""Which triggers feed an entry. One that none feeds, or that names one which cannot, is a mistake."""

from bridge.located.fields import Fields
from bridge.mappings.entries.compiled import Named
from bridge.mappings.entries.supply import Supply
from bridge.mappings.entries.trigger_sets import TriggerSet


def fed_by(
    named: Named, names: frozenset[str], fields: Fields, supply: Supply, counted: TriggerSet | None = None
) -> TriggerSet:
    """Give the triggers that feed an entry: those of them that are named, else all that know its names.

    A trigger that is named and lacks a name is a fault, and so is an entry that none feeds.
    """
    node = fields.node("trigger" if counted is None else "count")
    chosen = counted if counted is not None or node is None else supply.read_triggers(node, "'trigger'")
    among = supply.known.all if chosen is None else chosen
    fed = supply.fed_by(names, among)
    if node is None and not fed:
        message = f"no trigger feeds {named.name!r}: {supply.lacking(names, among)}"
        supply.problems.append(named.place.problem(f"{message}; one event must say all that an entry reads"))
    elif node is not None and (lacking := supply.lacking(names, among)):
        message = f"this names a trigger that cannot feed {named.name!r}: {lacking}"
        supply.problems.append(node.place.problem(message))
    return fed
