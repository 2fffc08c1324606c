"""A batch folds into the state what its events fold one by one, however a journal is cut."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from support.state_cases import HORIZON, SOURCES, Case, cases
from support.state_running import sample

from bridge.inbound import load_sources
from bridge.mappings import load_texts
from bridge.rehearsal import Rehearsal
from bridge.store import schema
from bridge.store.activation import Moment, activate
from bridge.store.active_set import ActiveSet
from bridge.store.batches import Batches
from bridge.store.database import Database, writing_engine
from bridge.store.ingest import Arrival
from bridge.store.presence import Presence
from bridge.store.records import ActivePin
from bridge.store.tables import events, state

Kept = tuple[list[Any], list[Any]]
"""The rows of the state, and the outcomes in the journal."""


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=cases(max_events=24), cuts=st.sets(st.integers(1, 23)))
def test_a_batch_is_its_events_one_by_one(case: Case, cuts: set[int]) -> None:
    """The rows are the same, and so is what the outcomes say: of late ones, of groups and rows beyond the bounds."""
    one_by_one = _kept(case, range(1, len(case.deliveries)))
    assert _kept(case, sorted(cuts)) == one_by_one


def _kept(case: Case, cuts: Sequence[int]) -> Kept:
    """Commit the deliveries of a case in batches that are cut at some places."""
    mappings = load_texts({"m.yaml": case.mapping("nothing")}, {})
    mapping = mappings.mappings["m"]
    sources = load_sources(mappings.source_places, SOURCES, lambda _: ())
    rehearsal = Rehearsal(mappings, sources, horizon_s=int(HORIZON.total_seconds()), max_body_bytes=2**20)
    heard = [rehearsal.receive(sample(delivery), delivery.received_at) for delivery in case.deliveries]
    arrivals = [Arrival(each.event, each.evaluation) for each in heard]
    pin = ActivePin(pin="p-1", mapping="m", fingerprint=b"", state=mapping.state)
    engine = writing_engine(Database(path=None), busy_wait_s=0)
    with engine.connect() as connection:
        with connection.begin():
            schema.bring_up(connection)
            active = activate(connection, ActiveSet.of([pin]), "", Moment(now=0, started_at=0)).active
        batches = Batches(connection, Presence(None), horizon=HORIZON)
        batches.load(active)
        places = [0, *[cut for cut in cuts if cut < len(arrivals)], len(arrivals)]
        for first, end in pairwise(places):
            if first < end:
                batches.commit(arrivals[first:end])
        rows = connection.execute(select(state).order_by(*state.primary_key)).all()
        outcomes = connection.scalars(select(events.c.outcomes).order_by(events.c.number)).all()
    engine.dispose()
    return [(*row[:5], json.loads(row.data), *row[6:]) for row in rows], [json.loads(text) for text in outcomes]
