"""A database in memory for properties that ask it many times."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from bridge.store.database import Database, writing_engine
from bridge.store.tables import metadata


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """Give a database in memory with the tables; what a test writes, those after it in its module find."""
    engine = writing_engine(Database(path=None), busy_wait_s=0)
    with engine.connect() as connection:
        with connection.begin():
            metadata.create_all(connection)
        yield connection
    engine.dispose()
