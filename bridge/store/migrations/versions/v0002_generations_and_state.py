"""State, and the generations that it and the newest events are kept under."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and put the newest events of each mapping under a generation of no known definition."""
    _create_generations()
    _create_state()
    op.create_table(
        "unfolded",
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("unfolded_number", "unfolded", ["number"])
    op.execute(
        "INSERT INTO generations (mapping, entry, fingerprint, shape, status, started_at)"
        " SELECT mapping, '', x'', x'', 'live', max(received_at) FROM latest GROUP BY mapping"
    )
    _move_latest()
    _begin_items_anew()


def _begin_items_anew() -> None:
    """Leave out the items that were known: building from the journal finds them again."""
    op.drop_table("item_keys")
    op.create_table(
        "item_keys",
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "trigger", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("item_keys_expires_at", "item_keys", ["expires_at"])


def _create_generations() -> None:
    op.create_table(
        "generations",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("complete_since", sa.BigInteger()),
        sa.Column("cursor", sa.BigInteger()),
        sa.Column("carried_before", sa.BigInteger()),
        sa.Column("carried_until", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("rested_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number"),
    )
    for status in ("building", "live", "resting"):
        op.create_index(
            f"generations_{status}",
            "generations",
            ["mapping", "entry"],
            unique=True,
            sqlite_where=sa.text(f"status = '{status}'"),
        )


def _create_state() -> None:
    op.create_table(
        "state",
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger()),
        sa.Column("rank", sa.LargeBinary()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("generation", "pin", "part", "bucket", "key"),
        sqlite_with_rowid=False,
    )
    for name in ("at", "rank"):
        columns = ["generation", "pin", "bucket", name, "key"]
        op.create_index(f"state_{name}", "state", columns, sqlite_where=sa.text(f"{name} IS NOT NULL"))
    expiring = sa.text("expires_at IS NOT NULL")
    op.create_index("state_expires_at", "state", ["generation", "expires_at"], sqlite_where=expiring)


def _move_latest() -> None:
    op.rename_table("latest", "latest_by_mapping")
    op.create_table(
        "latest",
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "pin", "trigger"),
    )
    op.execute(
        """
        INSERT INTO latest (
            generation, pin, "trigger", at, version, number, item,
            event_source, event_type, event_id, received_at, variables
        )
        SELECT generations.number, pin, "trigger", at, version, known.number, item,
            event_source, event_type, event_id, received_at, variables
        FROM latest_by_mapping AS known JOIN generations ON generations.mapping = known.mapping
        """
    )
    op.drop_table("latest_by_mapping")
