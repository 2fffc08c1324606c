"""The rows of the state answer from the database as they do from memory, whatever was written."""

from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from bridge.rehearsal.rows import Rows
from bridge.state import Row, RowKey, Shelf
from bridge.store import state_rows
from bridge.store.state_rows import StateRows
from bridge.store.statements import with_rows
from bridge.store.tables import state

instants = st.integers(-3, 3)
keys = st.builds(
    RowKey,
    generation=st.integers(1, 2),
    pin=st.sampled_from(["p-1", "p-2"]),
    part=st.sampled_from(["b", "s"]),
    key=st.sampled_from([b"", b"\x00", b"a", b"\xff"]),
    bucket=instants,
)
rows = st.builds(
    Row,
    data=st.sampled_from(["1", "[2]"]),
    at=st.none() | instants,
    rank=st.none() | st.binary(max_size=2),
    expires_at=st.none() | instants,
)
written = st.lists(
    st.dictionaries(keys, st.none() | rows, max_size=12).map(lambda drawn: sorted(drawn.items())), max_size=3
)
shelves = st.builds(Shelf, st.integers(1, 2), st.sampled_from(["p-1", "p-2"]), instants)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=written, shelf=shelves, bounds=st.tuples(keys, keys), most=st.integers(1, 4), at=instants)
def test_the_database_answers_as_memory_does(
    connection: Connection,
    *,
    batches: list[list[tuple[RowKey, Row | None]]],
    shelf: Shelf,
    bounds: tuple[RowKey, RowKey],
    most: int,
    at: int,
) -> None:
    """Every question that a fold or a view asks."""
    known = Rows()
    with connection.begin():
        connection.execute(delete(state))
        kept = StateRows(connection.connection.cursor())
        for batch in batches:
            kept.keep(batch)
            known.keep(batch)
        first, last = bounds[0], bounds[0]._replace(key=bounds[1].key, bucket=bounds[1].bucket)

        assert kept.rows(sorted(known)) == known
        assert kept.stretch(first, last, most=most) == known.stretch(first, last, most=most)
        assert kept.count(shelf, fed_since=at, most=most) == known.count(shelf, fed_since=at, most=most)
        assert _ats(kept.oldest(shelf, most)) == _ats(known.oldest(shelf, most))
        assert sorted(kept.expired(shelf, fed_until=at)) == sorted(known.expired(shelf, fed_until=at))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.dictionaries(st.binary(max_size=2), st.tuples(instants, st.binary(max_size=2)), max_size=12),
    by=st.sampled_from(["at", "rank"]),
    descending=st.booleans(),
    fed_after=st.none() | instants,
    most=st.integers(1, 4),
)
def test_live_rows_come_in_the_order_that_memory_gives(
    connection: Connection,
    *,
    drawn: dict[bytes, tuple[int, bytes]],
    by: Literal["at", "rank"],
    descending: bool,
    fed_after: int | None,
    most: int,
) -> None:
    """By time or by rank, either way, with the key between equals."""
    known = Rows()
    made = [(RowKey(1, "p-1", "r", 0, key), Row("", at, rank)) for key, (at, rank) in sorted(drawn.items())]
    known.keep(made)
    shelf = Shelf(1, "p-1", 0)
    with connection.begin():
        connection.execute(delete(state))
        kept = StateRows(connection.connection.cursor())
        kept.keep(made)

        assert kept.live(shelf, by=by, descending=descending, fed_after=fed_after, most=most) == known.live(
            shelf, by=by, descending=descending, fed_after=fed_after, most=most
        )


@pytest.mark.parametrize(
    "statement",
    [
        with_rows(state_rows.ROWS, 5, 16),
        state_rows.STRETCH,
        state_rows.COUNT,
        state_rows.EXPIRED,
        with_rows(state_rows.FORGET, 1, 16),
        *(state_rows.live_statement(by, descending) for by in ("at", "rank") for descending in (True, False)),
    ],
)
def test_every_question_walks_an_index(connection: Connection, statement: str) -> None:
    """What it costs must not grow with what is kept: nothing is read whole, and nothing is sorted."""
    values = [0] * statement.count("?")
    with connection.begin():
        plan = [row[3] for row in connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert [step for step in plan if "SCAN state" in step or "SCAN kept" in step or "TEMP B-TREE" in step] == []


def _ats(found: list[tuple[RowKey, Row]]) -> list[int | None]:
    return [row.at for _, row in found]
