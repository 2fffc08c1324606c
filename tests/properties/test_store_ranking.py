"""The due order that the database gives is the one that the pure rules give, whatever the pins stand at."""

from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from bridge.store.due import AGEING, Standing, outlook, state_of
from bridge.store.ranking import count_standings, read_due, read_next_at
from bridge.store.tables import deliveries, generations, pins

NOW = 10 * AGEING
PIN_COLUMNS = ("pin", "mapping", "active", "revision", "changed_at", "wake_at", "heard_at", "stale_at")


def _named(number: int, standing: Standing) -> Standing:
    """Give a pin its name; those of one of the mappings are rebuilt."""
    return replace(standing, pin=f"p-{number:02}", rebuilding=int(standing.mapping == "other"))


instants = st.builds(lambda half, beside: half * AGEING // 2 + beside, st.integers(0, 24), st.integers(-1, 1))
maybe = st.one_of(st.none(), instants)
standings = st.lists(
    st.builds(
        Standing,
        pin=st.just(""),
        mapping=st.sampled_from(["m", "m", "m", "other"]),
        active=st.sampled_from([0, 1, 1, 1]),
        rebuilding=st.just(0),
        revision=st.integers(1, 3),
        changed_at=instants,
        wake_at=maybe,
        heard_at=maybe,
        stale_at=maybe,
        sent_revision=st.integers(0, 3),
        sent_hash=st.sampled_from([None, b"h"]),
        stale_since=maybe,
        attempted_at=maybe,
        claim=st.sampled_from([None, "t"]),
        claim_until=maybe,
        not_before=maybe,
        parked_at=maybe,
        parked_revision=st.one_of(st.none(), st.integers(1, 3)),
        probe_at=maybe,
        retry_on_change_at=maybe,
    ),
    max_size=12,
).map(lambda drawn: [_named(number, standing) for number, standing in enumerate(drawn)])


@pytest.fixture(scope="module", autouse=True)
def rebuilding(connection: Connection) -> None:
    """Let something of one mapping be built."""
    with connection.begin():
        built = {"mapping": "other", "entry": "", "status": "building", "fingerprint": b"", "shape": b""}
        connection.execute(insert(generations), [built | {"started_at": 0}])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=standings, limit=st.integers(1, 12))
def test_the_database_ranks_as_the_rules_do(connection: Connection, drawn: list[Standing], limit: int) -> None:
    """The same pins, in the same order, and the same next moment."""
    found = {standing.pin: outlook(standing) for standing in drawn}
    ahead = [(standing, one) for standing in drawn if (one := found[standing.pin]) is not None]
    due = sorted((entry for entry in ahead if entry[1].at <= NOW), key=lambda entry: (entry[1].rank, entry[0].pin))

    with connection.begin():
        _store(connection, drawn)
        ranked, next_at = read_due(connection, limit, NOW), read_next_at(connection, NOW)

    assert ranked == due[:limit]
    assert next_at == min((one.at for _, one in ahead if one.at > NOW), default=None)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=standings)
def test_the_database_counts_as_the_rules_do(connection: Connection, drawn: list[Standing]) -> None:
    """As many pins in each state, and since the same moment one that is due."""
    states = [state_of(standing, NOW) for standing in drawn]
    due = [outlook(standing) for standing, state in zip(drawn, states, strict=True) if state == "due"]

    with connection.begin():
        _store(connection, drawn)
        counts, oldest_due_at = count_standings(connection, NOW)

    assert {state: count for state, count in counts.items() if count} == Counter(states)
    assert oldest_due_at == min((found.at for found in due if found is not None), default=None)


def _store(connection: Connection, drawn: list[Standing]) -> None:
    for table in (deliveries, pins):
        connection.execute(delete(table))
    rows = [asdict(standing) for standing in drawn]
    if rows:
        connection.execute(insert(pins), [{name: row[name] for name in PIN_COLUMNS} for row in rows])
        told = {"destination": "d", "failures": 0, "code": "", "message": ""}
        sent = [{name: row[name] for name in row if name not in {*PIN_COLUMNS[1:], "rebuilding"}} for row in rows]
        connection.execute(insert(deliveries), [row | told for row in sent])
