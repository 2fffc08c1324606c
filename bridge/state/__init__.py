"""What is remembered between events: folding changes into state, and reading values out of it.

Pure: no I/O and no clock. Rows are handed in and out; whoever keeps them is `bridge.store`.

rows.py             what a row is, and what is asked of whoever keeps rows
calendar.py         buckets and their steps
marks.py            which of two changes is the newer
metrics.py          one class for each metric; sketches.py has those that estimate

fold.py             a batch: prepare, load, apply, write
metric_folding.py   which rows a measurement touches
table_folding.py    what a change does to rows and totals; table_shelves.py keeps a batch's rows of one table
table_rows.py       one row of a table
ranks.py            values as bytes that sort as they do
cells.py            rows in memory meanwhile

showing.py          a pin's body on its state
moments.py          now, and when what was read changes
metric_reading.py   which rows a metric's fields need; metric_view.py what templates see
table_view.py       the same of a table
telling.py          state as JSON, for people
"""

from bridge.state.fold import Arriving, Folders, Prepared, StateFold
from bridge.state.marks import Order
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
    "Order",
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
