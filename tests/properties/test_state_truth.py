"""What a pin shows of the state is what an oracle counts, whatever the order, the delays and the repetitions."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.state_cases import Case, cases, durations
from support.state_entries import Entry
from support.state_running import rehearsal, rehearsed
from support.state_shown import Shown, differences, expected, pieces

in_time = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(in_time, max_examples=160)
@given(case=cases())
def test_a_pin_shows_what_the_oracle_says(case: Case) -> None:
    """Every field of every entry: late and ahead, over the ends of buckets and jumps of the clock."""
    assert differences(rehearsed(case), expected(case)) == []


@settings(in_time, max_examples=80)
@given(case=cases(), data=st.data())
def test_repetitions_count_nothing(case: Case, data: st.DataObject) -> None:
    """A delivery that comes again, at any later time within the horizon, changes nothing."""
    repeated = data.draw(st.lists(st.sampled_from(case.deliveries), max_size=8)) if case.deliveries else []
    again = [delivery._replace(received_at=case.now) for delivery in repeated]
    assert rehearsed(replace(case, deliveries=[*case.deliveries, *again])) == rehearsed(case)


@settings(in_time, max_examples=80)
@given(case=cases(), data=st.data())
def test_any_order_of_arrival_gives_one_result(case: Case, data: st.DataObject) -> None:
    """Of what arrives within a moment; of entries whose reference does not say that they go by the order of arrival."""
    entries = {name: _orderless(entry) for name, entry in case.entries.items()}
    arriving = [delivery._replace(received_at=case.now) for delivery in case.deliveries]
    together = [*{delivery.own_at: delivery for delivery in arriving}.values()]  # what is dated ahead counts now
    case = replace(case, entries=entries, deliveries=together)
    shuffled = replace(case, deliveries=data.draw(st.permutations(together)))
    assert _orderless_fields(shuffled) == _orderless_fields(case)


@settings(in_time, max_examples=150)
@given(case=cases(), data=st.data())
def test_nothing_moves_before_the_moment_that_is_told(case: Case, data: st.DataObject) -> None:
    """Without an event, whichever field is shown: until it is rendered again, it would be the same."""
    run = rehearsal(case, data.draw(st.sampled_from(pieces(case.entries))))
    shown = run.show("m", "p-1", case.now)
    for length in data.draw(st.lists(durations(case.scale), max_size=6)):
        later = case.now + length
        if shown.changes_at is None or later < shown.changes_at:
            assert run.render("m", "p-1", later).body == shown.rendered.body


def _orderless(entry: Entry) -> Entry:
    """Leave out what goes by the order of arrival: bounds, `ttl`, `track`, and metrics of rows that are dropped."""
    kept = {option: value for option, value in entry.items() if option not in ("capacity", "ttl", "track")}
    if "by" in kept:
        kept.pop("limit", None)
    if "drop" in kept:
        columns = {name: column for name, column in entry["rows"].items() if isinstance(column, str) and name != "lead"}
        kept |= {"rows": columns or {"state": "s"}}
        kept |= {"order": "newest"} if kept["order"].removeprefix("-") not in kept["rows"] else {}
    return kept


def _orderless_fields(case: Case) -> Shown:
    dropping = tuple(f"{name}." for name, entry in case.entries.items() if "drop" in entry)
    shown = rehearsed(case)
    return {way: text for way, text in shown.items() if not (way.endswith(".first_at") and way.startswith(dropping))}
