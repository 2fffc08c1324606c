"""What is remembered between events: folding changes into state, and reading values out of it.

Pure: no I/O and no clock. Rows are handed in and out (`rows.py`); whoever keeps them is `bridge.store`.
"""

from bridge.state.fold import Arriving, Folders, Prepared, StateFold
from bridge.state.moments import Moment
from bridge.state.rows import Carried, Held, Holdings, Readings, Row, RowKey, Shelf
from bridge.state.showing import PinState, Shown, show, views_of
from bridge.state.telling import tell_state

__all__ = [
    "Arriving",
    "Carried",
    "Folders",
    "Held",
    "Holdings",
    "Moment",
    "PinState",
    "Prepared",
    "Readings",
    "Row",
    "RowKey",
    "Shelf",
    "Shown",
    "StateFold",
    "show",
    "tell_state",
    "views_of",
]
