"""The store shows what the oracle says, whatever the batches and restarts; so does what is built from its journal."""

import asyncio
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.state_cases import Case, cases
from support.state_shown import differences, expected
from support.state_storing import rebuilt, stored

in_time = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(in_time, max_examples=40)
@given(case=cases(), cuts=st.lists(st.integers(0, 5), max_size=6), lead=st.sampled_from([0, 1, 10, 1000]))
def test_batches_and_restarts_do_not_show(case: Case, cuts: list[int], lead: int) -> None:
    """Every field is the oracle's; what began before the mapping was loaded is compared with nothing."""
    arrivals = [delivery.received_at for delivery in case.deliveries]
    since = min([*arrivals, case.now]) - timedelta(days=lead)
    assert differences(stored(case, cuts, since), expected(case, since)) == []


@settings(in_time, max_examples=25)
@given(case=cases(), before=st.none() | cases(max_events=0))
def test_what_is_built_from_the_journal_is_what_was_folded_as_it_came(case: Case, before: Case | None) -> None:
    """Under the same definitions as before, or after others; nothing is missing as far as the journal goes back."""
    entries = case.entries if before is None else before.entries

    async def run() -> dict[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            return await rebuilt(case, Path(folder) / "pinbridge.db", replace(case, entries=entries))

    since = min([delivery.received_at for delivery in case.deliveries], default=case.now)
    assert differences(asyncio.run(run()), expected(case, since)) == []
