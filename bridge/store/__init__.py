"""Where events, what they changed, and what was sent are kept.

One transaction remembers a delivery, journals it, folds it and bumps the pins it touches;
only then is the webhook answered. Nothing here knows HTTP or renders.

store.py        the store as the running bridge sees it: opening, ingesting, delivering
side_files.py   the lock, and how to reach its holder
presence.py     whether the file is still the one that was opened
database.py     the engines, and the settings that durability rests on
schema.py       whether the tables are this release's; migrations/ makes them so
tables.py       the tables
active_set.py   what is loaded
activation.py   what a start or a reload does to the pins
generations.py  which definition of an entry events are folded by
beginning.py    new ones
carrying.py     what they take over from those before
setback.py      what a clock that was set back leaves behind

writer.py       the one thread that writes
batches.py      commits, so that no event shares another's fate
ingest.py       the transaction of a batch
preparing.py    what changes say to the state, checked, pure
folding.py      which change counts, and which is the newest, pure
lifetimes.py    how long deliveries and their keys are remembered, pure
batch_folding.py  what the fold of a batch reads and writes
statements.py   the SQL of that path
state_rows.py   the rows of the state, for the fold and for views
checkpoints.py  keeps the write-ahead log short beside it
builds.py       what the rebuilding room asks of the store
building.py     the journal is folded again, up to the swap
refolding.py    single events are folded once more
outcomes.py     the journal says so
pruning.py      forgets what is past its time
retirement.py   ends generations
backup.py       the database is copied while it is written to
restore.py      a backup takes its place
soundness.py    a database is read, in search of damage
drafts.py       a file that has its name once it is whole
journal.py      the journal, in its order
segments.py     how large it is

protocol.py     the times that deliveries go by
due.py          when a pin is due, and why, pure
ranking.py      the same in SQL, in order
prospects.py    the same for whoever waits for pins
budget.py       what may be sent, pure
claims.py       which pin is tried next, by whom
bookings.py     a request is paid for, and what became of it

wire_keys.py    keys that senders offer

foresight.py    what loading changed mappings would lose
survey.py       how many pins stand where, and how much is kept
snapshots.py    what a pin shows, at one moment
listing.py      rows become records, page by page
reader.py       one moment of a database, for people
records.py      what the store hands out and takes in
"""

from bridge.store.active_set import active_pins
from bridge.store.backup import Kept, back_up
from bridge.store.beginning import Loss
from bridge.store.building import FEW_EVENTS, MANY_EVENTS, Chunk, Progress
from bridge.store.builds import Begun
from bridge.store.foresight import foresee
from bridge.store.listing import EventFilter, EventPage, PinFilter, PinPage
from bridge.store.preparing import Entry
from bridge.store.prospects import Lacking, Prospect, Prospects
from bridge.store.protocol import DOUBT_REST_S, LEASE_S, NEEDED_S, REQUEST_DEADLINE_S
from bridge.store.reader import Look, Reader, open_readonly
from bridge.store.records import (
    ActivePin,
    AttemptRecord,
    Booking,
    Budget,
    Claim,
    Claimed,
    EventRecord,
    Lost,
    NoSlot,
    PinRecord,
    PinState,
    Reason,
    Rest,
    Settlement,
    Snapshot,
)
from bridge.store.refolding import Lack
from bridge.store.restore import Restored, restore
from bridge.store.side_files import Running, read_running
from bridge.store.store import Store
from bridge.store.survey import Sizes, Survey

__all__ = [
    "DOUBT_REST_S",
    "FEW_EVENTS",
    "LEASE_S",
    "MANY_EVENTS",
    "NEEDED_S",
    "REQUEST_DEADLINE_S",
    "ActivePin",
    "AttemptRecord",
    "Begun",
    "Booking",
    "Budget",
    "Chunk",
    "Claim",
    "Claimed",
    "Entry",
    "EventFilter",
    "EventPage",
    "EventRecord",
    "Kept",
    "Lack",
    "Lacking",
    "Look",
    "Loss",
    "Lost",
    "NoSlot",
    "PinFilter",
    "PinPage",
    "PinRecord",
    "PinState",
    "Progress",
    "Prospect",
    "Prospects",
    "Reader",
    "Reason",
    "Rest",
    "Restored",
    "Running",
    "Settlement",
    "Sizes",
    "Snapshot",
    "Store",
    "Survey",
    "active_pins",
    "back_up",
    "foresee",
    "open_readonly",
    "read_running",
    "restore",
]
