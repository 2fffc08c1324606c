"""How a source lays events out in its bodies: several in one, one wrapped in another, or as CloudEvents. Data.

layout.py        what a source declares, and the events that a delivery brings by it
items.py         `each`: the items of a body
wrapping.py      `unwrap`: what is wrapped in an event
cloudevents.py   `cloudevents`: the three modes in one shape
"""

from bridge.inbound.layouts.items import MAX_ITEMS, Items
from bridge.inbound.layouts.layout import Laid, Layout, Outlay
from bridge.inbound.layouts.unreadable import Unreadable
from bridge.inbound.layouts.wrapping import CONVERSIONS, Wrapping

__all__ = ["CONVERSIONS", "MAX_ITEMS", "Items", "Laid", "Layout", "Outlay", "Unreadable", "Wrapping"]
