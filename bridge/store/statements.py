"""The SQL of the ingest path, written out and run on the driver.

A statement takes up to `MOST_ROWS` rows, and the driver keeps it prepared for each number of
them that occurs: many rows at a time are cheaper than many times one, and each time the driver
is called the thread may lose its turn. But a prepared statement takes 1.5 KB a row, so that
beyond `STEP` rows these numbers are its multiples, and what is left over has a statement of its
own. The statements are those of SQLite and PostgreSQL alike, but for the driver's mark for a
parameter.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

Row = tuple[Any, ...]

MOST_ROWS = 64
"""Rows of one statement; the largest, the journal's, then has 704 values."""

STEP = 8
"""Statements of more rows than this have a multiple of it: 15 lengths instead of 64."""

REMEMBER = """
    INSERT INTO seen (source, id, key, seen_at, expires_at) VALUES {rows}
    ON CONFLICT (source, id, key) DO UPDATE SET seen_at = excluded.seen_at, expires_at = excluded.expires_at
    WHERE seen.expires_at <= excluded.seen_at
    RETURNING key
"""
"""Gives back the keys that are new: never met, or met and expired. Of one source only: its keys alone differ."""

# Joined, because SQLite answers `(a, b, c) IN (VALUES …)` by reading the whole table.
KNOWN_ITEMS = """
    WITH wanted (generation, "trigger", key) AS (VALUES {rows})
    SELECT known.generation, known."trigger", known.key, known.number, known.expires_at
    FROM wanted JOIN item_keys AS known
    ON known.generation = wanted.generation AND known."trigger" = wanted."trigger" AND known.key = wanted.key
"""

NEWEST = """
    WITH wanted (generation, pin, "trigger") AS (VALUES {rows})
    SELECT known.generation, known.pin, known."trigger", known.version, known.number, known.item
    FROM wanted JOIN latest AS known
    ON known.generation = wanted.generation AND known.pin = wanted.pin AND known."trigger" = wanted."trigger"
"""

OWNERS = """
    SELECT pin, mapping, active FROM pins WHERE pin IN (VALUES {rows})
"""

FAMILY_SIZE = """
    SELECT count(*) FROM pins WHERE mapping = ? AND active = 1
"""

JOURNAL = """
    INSERT INTO events (number, source, type, id, at, received_at, content_type, headers, query, outcomes, body)
    VALUES {rows}
"""

KEEP_ITEMS = """
    INSERT INTO item_keys (generation, "trigger", key, number, expires_at) VALUES {rows}
    ON CONFLICT (generation, "trigger", key) DO UPDATE SET number = excluded.number, expires_at = excluded.expires_at
"""

KEEP_NEWEST = """
    INSERT INTO latest (
        generation, pin, "trigger", at, version, number, item,
        event_source, event_type, event_id, received_at, variables
    ) VALUES {rows}
    ON CONFLICT (generation, pin, "trigger") DO UPDATE SET
        at = excluded.at, version = excluded.version, number = excluded.number, item = excluded.item,
        event_source = excluded.event_source, event_type = excluded.event_type, event_id = excluded.event_id,
        received_at = excluded.received_at, variables = excluded.variables
"""

NOTE_UNFOLDED = """
    INSERT INTO unfolded (generation, number, pending) VALUES {rows}
    ON CONFLICT (generation, number) DO UPDATE SET pending = excluded.pending
"""

MOVE_PINS = """
    INSERT INTO pins (pin, mapping, active, revision, fingerprint, changed_at) VALUES {rows}
    ON CONFLICT (pin) DO UPDATE SET
        mapping = excluded.mapping, active = 1, fingerprint = excluded.fingerprint, revision = pins.revision + 1,
        changed_at = CASE
            WHEN pins.revision > coalesce((SELECT sent_revision FROM deliveries WHERE pin = pins.pin), 0)
            THEN pins.changed_at ELSE excluded.changed_at
        END
"""
"""A pin that still waits keeps the older instant: it says since when the dashboard lacks a change."""


HEAR = """
    WITH heard (pin, mapping, heard_at, stale_at) AS (VALUES {rows})
    UPDATE pins SET heard_at = heard.heard_at, stale_at = heard.stale_at
    FROM heard
    WHERE pins.pin = heard.pin AND pins.mapping = heard.mapping
        AND (pins.heard_at IS NULL OR pins.heard_at < heard.heard_at)
    RETURNING pins.pin, EXISTS (
        SELECT 1 FROM deliveries
        WHERE deliveries.pin = pins.pin AND (deliveries.stale_since IS NOT NULL OR deliveries.claim IS NOT NULL)
    )
"""
"""Gives back each pin with whether it may be due at once: it was rendered as stale, or may be just now."""


@lru_cache(maxsize=512)
def with_rows(template: str, width: int, count: int) -> str:
    """Fill in the marks for `count` rows of `width` columns."""
    row = f"({', '.join('?' * width)})"
    return template.replace("{rows}", ", ".join([row] * count))


def in_chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut rows into pieces of at most `MOST_ROWS`; those of more than `STEP` are multiples of it."""
    even = len(rows) - len(rows) % STEP
    for start in range(0, even, MOST_ROWS):
        yield rows[start : min(start + MOST_ROWS, even)]
    if even < len(rows):
        yield rows[even:]


def run(cursor: Any, template: str, rows: Sequence[Row]) -> list[Row]:
    """Run a statement over rows, or keys, in their order; gives back the rows that it returns."""
    returned: list[Row] = []
    for chunk in in_chunks(rows):
        cursor.execute(with_rows(template, len(chunk[0]), len(chunk)), tuple(chain.from_iterable(chunk)))
        if cursor.description is not None:
            returned += cursor.fetchall()
    return returned
