"""What a generation takes over from the one before it, where the journal no longer has the events. Jobs of the writer.

Buckets that begin before the journal does stand beside those that are built, if both generations keep them alike. What
the newest event of a trigger said stands until any event in the journal says something else.
"""

from typing import Any

from sqlalchemy import Connection

from bridge.mappings.entries.definitions import Buckets, Definition, MetricEntry
from bridge.mappings.values.versions import encode_version
from bridge.state.calendar import Calendar
from bridge.state.metric_folding import BUCKET, GROUP

_BUCKETS = """
    INSERT INTO state (generation, pin, part, bucket, key, data, at, rank, expires_at)
    SELECT ?, pin, part, bucket, key, data, at, rank, expires_at
    FROM state WHERE generation = ? AND part <> ? AND bucket < ?
"""

# A group's row says which is its newest bucket, and that is one of those that are taken over.
_GROUPS = """
    INSERT INTO state (generation, pin, part, bucket, key, data, at, rank, expires_at)
    SELECT ?, known.pin, known.part, known.bucket, known.key, known.data, newest.at, known.rank, known.expires_at
    FROM (
        SELECT pin, key, max(bucket) AS at FROM state WHERE generation = ? AND part = ? AND bucket < ? GROUP BY pin, key
    ) AS newest
    JOIN state AS known
    ON known.generation = ? AND known.pin = newest.pin AND known.part = ? AND known.bucket = 0
        AND known.key = newest.key
"""

# Without a version it is older than whatever comes: the versions of two definitions cannot be compared.
_NEWEST = """
    INSERT INTO latest (
        generation, pin, "trigger", at, version, number, item,
        event_source, event_type, event_id, received_at, variables
    )
    SELECT ?, pin, "trigger", at, ?, number, item, event_source, event_type, event_id, received_at, variables
    FROM latest WHERE generation = ? AND number < ?
"""


_ITEMS = """
    INSERT INTO item_keys (generation, "trigger", key, number, expires_at)
    SELECT ?, "trigger", key, number, expires_at FROM item_keys WHERE generation = ? AND number < ?
"""


def first_whole_bucket(buckets: Buckets, since: int) -> int:
    """Say when the first bucket begins that lies wholly after an instant."""
    calendar = Calendar.of(buckets)
    begins = calendar.start(since)
    return begins if begins == since else calendar.end(begins)


def is_carried(old: Any, definition: Definition) -> bool:
    """Tell whether the buckets of a generation can stand beside those of a definition."""
    entry = definition.entry
    return isinstance(entry, MetricEntry) and entry.buckets is not None and old.shape == definition.shape


def carry_buckets(connection: Connection, before: int, *, old: int, new: int) -> None:
    """Take over the buckets that begin before an instant, with their steps, and the groups that have data in them."""
    connection.exec_driver_sql(_BUCKETS, (new, old, GROUP, before))
    connection.exec_driver_sql(_GROUPS, (new, old, BUCKET, before, old, GROUP))


def carry_newest(connection: Connection, oldest: int, *, old: int, new: int) -> None:
    """Take over what the newest events said that came before the number `oldest`."""
    connection.exec_driver_sql(_NEWEST, (new, encode_version(()), old, oldest))


def carry_items(connection: Connection, oldest: int, *, old: int, new: int) -> None:
    """Take over which items came before the number `oldest`; to another definition of their key they mean nothing."""
    connection.exec_driver_sql(_ITEMS, (new, old, oldest))
