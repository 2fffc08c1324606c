"""A new database for which mappings are active, open for writing in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from bridge.instants import to_micros
from bridge.mappings import MappingSet
from bridge.store import active_pins, schema
from bridge.store.activation import Moment, activate
from bridge.store.active_set import ActiveSet
from bridge.store.database import Database, create_file, writing_engine


@contextmanager
def active_database(path: Path, mappings: MappingSet, now: datetime) -> Iterator[tuple[Connection, ActiveSet]]:
    """Make the file; gives the writing connection, and by what events are folded."""
    create_file(path)
    with writing_engine(Database(path=path), busy_wait_s=2).connect() as connection:
        with connection.begin():
            schema.bring_up(connection)
            declared, moment = ActiveSet.of(active_pins(mappings)), Moment(now=to_micros(now), started_at=0)
            active = activate(connection, declared, "nowhere", moment).active
        yield connection, active
