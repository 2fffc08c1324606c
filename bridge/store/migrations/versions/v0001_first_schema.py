"""The first schema: dedup keys, the journal, what pins show, and what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_attempts()
    _create_events()
    _create_item_keys()
    _create_latest()
    _create_pins()
    _create_seen()
    _create_sends()
    _create_deliveries()


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("attempts_pin", "attempts", ["pin", "number"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _create_item_keys() -> None:
    op.create_table(
        "item_keys",
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mapping", "trigger", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("item_keys_expires_at", "item_keys", ["expires_at"])


def _create_latest() -> None:
    op.create_table(
        "latest",
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("order_by", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mapping", "pin", "trigger"),
    )


def _create_pins() -> None:
    op.create_table(
        "pins",
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary()),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("wake_at", sa.BigInteger()),
        sa.Column("heard_at", sa.BigInteger()),
        sa.Column("stale_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pin"),
    )
    op.create_index("pins_mapping", "pins", ["mapping"])


def _create_seen() -> None:
    op.create_table(
        "seen",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("seen_expires_at", "seen", ["expires_at"])


def _create_sends() -> None:
    op.create_table(
        "sends",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("sends_booked_at", "sends", ["booked_at"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("sent_revision", sa.BigInteger(), nullable=False),
        sa.Column("sent_hash", sa.LargeBinary()),
        sa.Column("stale_since", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("attempted_at", sa.BigInteger()),
        sa.Column("claim", sa.Text()),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("parked_at", sa.BigInteger()),
        sa.Column("parked_revision", sa.BigInteger()),
        sa.Column("probe_at", sa.BigInteger()),
        sa.Column("retry_on_change_at", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["pin"], ["pins.pin"]),
        sa.PrimaryKeyConstraint("pin"),
    )
