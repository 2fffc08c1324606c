"""The tables, as SQLAlchemy knows them; migrations build the same (a test compares).

All instants are microseconds (`instants.py`). A table's rows have one writer: `pins` belongs
to ingest, `deliveries` to whoever delivers, so that a hot pin never waits for its own send.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, text

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite numbers rows by itself only in a column of this very type."""

offered_keys = Table(
    "offered_keys",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("source", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("pasted", Integer, nullable=False),
    Column("offered_at", BigInteger, nullable=False),
    Column("approved_at", BigInteger),
    Index("offered_keys_key", "source", "key", unique=True),
)
"""Keys that came over the wire, from which address and when; those without `approved_at` count for nothing yet."""

seen = Table(
    "seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("seen_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)
"""Deliveries met before, by source and the 16-byte hash of their key. An expired row counts as absent.

Equal keys have equal ids (`inbound/receive.py`), so that the id distinguishes nothing: it puts rows in
order. Many senders' ids rise with time, and then new rows stand side by side; rows in the order of
their hashes are a page each, and cost a batch more than all the rest of it.
"""

item_keys = Table(
    "item_keys",
    metadata,
    Column("generation", BigInteger, primary_key=True),
    Column("trigger", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("item_keys_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)
"""Items that a generation has from a trigger with a `key`, and the event that brought them."""

events = Table(
    "events",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("outcomes", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""The journal. `headers`, `query` and `outcomes` are JSON; the body stands last, so that listings skip it."""

segments = Table(
    "segments",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How many bytes the events of a stretch of the journal had when they came: those after the segment before it, up to
`number`. The newest events are in none yet.
"""

generations = Table(
    "generations",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("mapping", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("shape", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("complete_since", BigInteger),
    Column("cursor", BigInteger),
    Column("carried_before", BigInteger),
    Column("carried_until", BigInteger),
    Column("started_at", BigInteger, nullable=False),
    Column("rested_at", BigInteger),
    Index("generations_live", "mapping", "entry", unique=True, sqlite_where=text("status = 'live'")),
    Index("generations_building", "mapping", "entry", unique=True, sqlite_where=text("status = 'building'")),
    Index("generations_resting", "mapping", "entry", unique=True, sqlite_where=text("status = 'resting'")),
)
"""What was folded by one definition of one entry of a mapping; the entry '' is what `latest` keeps.

`live` ones take events as they come, `building` ones read them from the journal. `resting` ones, since `rested_at`,
are not declared any more, or wait for the one that takes their place; `retired` ones for their rows to be deleted.
One that rested and is built on keeps its `rested_at` until it is live: it was complete once.
`cursor` is the number of the last event that one which is not live knows. No event since `complete_since` is missing
(NULL: none ever was). Buckets that begin before `carried_before` were taken over from the generation before, with
the events up to the number `carried_until`.
"""

state = Table(
    "state",
    metadata,
    Column("generation", BigInteger, primary_key=True),
    Column("pin", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("bucket", BigInteger, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("data", Text, nullable=False),
    Column("at", BigInteger),
    Column("rank", LargeBinary),
    Column("expires_at", BigInteger),
    Index("state_at", "generation", "pin", "bucket", "at", "key", sqlite_where=text("at IS NOT NULL")),
    Index("state_rank", "generation", "pin", "bucket", "rank", "key", sqlite_where=text("rank IS NOT NULL")),
    Index("state_expires_at", "generation", "expires_at", sqlite_where=text("expires_at IS NOT NULL")),
    sqlite_with_rowid=False,
)
"""What events add up to; `bridge.state.rows` says what a row is."""

unfolded = Table(
    "unfolded",
    metadata,
    Column("generation", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("pending", Integer, nullable=False),
    Index("unfolded_number", "number"),
    sqlite_with_rowid=False,
)
"""Journalled events that a live generation lacks: `pending` is 1 where they were evaluated by other mappings than
those that are loaded, and are folded as soon as may be; 0 where they failed, until a replay.
"""

latest = Table(
    "latest",
    metadata,
    Column("generation", BigInteger, primary_key=True),
    Column("pin", Text, primary_key=True),
    Column("trigger", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("item", BigInteger, nullable=False),
    Column("event_source", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("variables", Text, nullable=False),
)
"""The newest change by pin and trigger, newest by (version, number, item)."""

pins = Table(
    "pins",
    metadata,
    Column("pin", Text, primary_key=True),
    Column("mapping", Text, nullable=False),
    Column("active", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("fingerprint", LargeBinary),
    Column("changed_at", BigInteger, nullable=False),
    Column("wake_at", BigInteger),
    Column("heard_at", BigInteger),
    Column("stale_at", BigInteger),
    Index("pins_mapping", "mapping"),
)
"""What is to be shown: each change raises `revision`. `active` is 0 while the mapping is not loaded.

Where the mapping has `stale_after`, `heard_at` is when a delivery last matched, or since when the mapping
has been loaded, and `stale_at` when the pin turns stale, or turned; both are NULL elsewhere.
"""

deliveries = Table(
    "deliveries",
    metadata,
    Column("pin", Text, ForeignKey("pins.pin"), primary_key=True),
    Column("destination", Text, nullable=False),
    Column("sent_revision", BigInteger, nullable=False),
    Column("sent_hash", LargeBinary),
    Column("stale_since", BigInteger),
    Column("delivered_at", BigInteger),
    Column("attempted_at", BigInteger),
    Column("claim", Text),
    Column("claim_until", BigInteger),
    Column("not_before", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("parked_at", BigInteger),
    Column("parked_revision", BigInteger),
    Column("probe_at", BigInteger),
    Column("retry_on_change_at", BigInteger),
    Column("status", Integer),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)
"""What was sent: the confirmed revision and body, the claim, the rest, and the last failure.

`parked_revision` is what was shown when the pin was parked; it stays until an update is confirmed.
`stale_since` is the `stale_at` by which the pin was last rendered as stale, NULL where it was not stale then.
"""

sends = Table(
    "sends",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("pin", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("booked_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("sends_booked_at", "booked_at"),
)
"""The budget's log: written before a request goes out, ended after it."""

attempts = Table(
    "attempts",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("pin", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("status", Integer),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Index("attempts_pin", "pin", "number"),
)
"""Every request that went out, and how it ended; kept as long as the journal."""
