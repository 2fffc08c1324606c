"""How many bytes the journal has, segment by segment, so that nobody has to add up its events."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MEASURE = """
    WITH sizes AS (
        SELECT number, length(headers) + length(query) + length(outcomes) + length(body) AS bytes FROM events
    ),
    cut AS (SELECT number, bytes, sum(bytes) OVER (ORDER BY number) / 1048576 AS segment FROM sizes)
    INSERT INTO segments (number, bytes) SELECT max(number), sum(bytes) FROM cut GROUP BY segment
"""


def upgrade() -> None:
    """Create the table, and measure the events that there are: the one time that all are read."""
    op.create_table(
        "segments",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.execute(_MEASURE)
