"""Making sure that a database has this release's tables."""

from sqlalchemy import Connection, inspect

from bridge.errors import StoreUnusable
from bridge.store.tables import metadata

HEAD = "0004"
"""The newest migration; a test holds it against the folder."""

_KNOWN = frozenset({"0001", "0002", "0003", HEAD})


def bring_up(connection: Connection) -> None:
    """Create or migrate the tables, within the connection's transaction.

    Raises `StoreUnusable` for a database of a newer release, or of another program.
    """
    found = _revision(connection)
    if found == HEAD:
        return
    if found is None:
        _create(connection)
        return
    check_known(found)
    from bridge.store.migrations import upgrade  # noqa: PLC0415 - Alembic costs 100 ms of every start

    upgrade(connection)


def _create(connection: Connection) -> None:
    """Make the tables as they are now, where there is none: what migrations would make of an empty database."""
    if inspect(connection).get_table_names():
        raise StoreUnusable("the database holds tables of another program; name another file in PINBRIDGE_DATABASE")
    metadata.create_all(connection, checkfirst=False)
    # As Alembic makes it, which goes on from there.
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))


def check_known(found: str) -> None:
    """Refuse a schema that this release neither has nor can migrate."""
    if found not in _KNOWN:
        raise StoreUnusable(
            f"the database was written by a newer release (schema {found}); this one knows up to {HEAD}"
        )


def check_current(connection: Connection) -> None:
    """Refuse a database that this release cannot read as it is."""
    found = _revision(connection)
    if found != HEAD:
        raise StoreUnusable(f"the database has the schema {found or 'of no release'}; start `pinbridge serve` once")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found
