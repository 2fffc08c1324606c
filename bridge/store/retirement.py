"""The end of generations: those that rested for too long are retired, and the rows of retired ones are deleted."""

from typing import Any

from sqlalchemy import Connection, Select, Table, and_, bindparam, delete, func, select, update

from bridge.store.tables import generations, item_keys, latest, state, unfolded

_OF_GENERATIONS = (state, latest, item_keys, unfolded)


def retire_rested(connection: Connection, before: int) -> None:
    """Retire what has not been declared since an instant (microseconds)."""
    rested = (generations.c.status == "resting") & (generations.c.rested_at < before)
    connection.execute(update(generations).where(rested).values(status="retired"))


def forget_retired(connection: Connection, most: int) -> int:
    """Delete at most so many rows of each kind of the first retired generation; gives `most` where more may be left.

    A generation that has no rows left goes too, but for the newest, so that numbers only rise.
    """
    number = connection.scalar(select(func.min(generations.c.number)).where(generations.c.status == "retired"))
    if number is None:
        return 0
    deleted = max(delete_each(connection, table, _some_of(table, number, most)) for table in _OF_GENERATIONS)
    newest = select(func.max(generations.c.number)).scalar_subquery()
    ended = delete(generations).where(generations.c.number == number, generations.c.number < newest)
    return most if deleted >= most or connection.execute(ended).rowcount else 0


def delete_each(connection: Connection, table: Table, found: Select[Any]) -> int:
    """Delete rows by their keys, one by one; gives how many.

    SQLite answers a long key that is `IN` a list by reading all that begins like it.
    """
    keys = [row._asdict() for row in connection.execute(found)]
    if keys:
        same = and_(*(column == bindparam(f"{column.name}_") for column in table.primary_key.columns))
        connection.execute(delete(table).where(same), [{f"{name}_": key[name] for name in key} for key in keys])
    return len(keys)


def _some_of(table: Table, number: int, most: int) -> Select[Any]:
    return select(*table.primary_key.columns).where(table.c.generation == number).limit(most)
