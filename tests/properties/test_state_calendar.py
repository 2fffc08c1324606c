"""Calendar buckets: what an oracle finds that walks along the wall clock, and the laws that any calendar has."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from support.oracle_calendar import WEEKDAYS, Calendar, before, bucket_of, passed
from support.state_cases import ANCHORS

from bridge.instants import to_instant, to_micros
from bridge.state import calendar as judged

UNITS = {"m": "minute", "h": "hour"}
EVERY = ("minute", "5m", "30m", "hour", "2h", "6h", "12h", "day", "week", "month", "quarter", "year")
SPANS = st.sampled_from([timedelta(0), *(timedelta(hours=hours) for hours in (1, 24, 200, 9000))])


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """Draw a calendar, and an instant near one at which the clock of its timezone is set."""
    zone, anchor = draw(st.sampled_from(ANCHORS))
    every, offset_m = draw(st.sampled_from(EVERY)), draw(st.sampled_from([0, 0, 30, 120, 360, 1380]))
    week_start = draw(st.sampled_from(WEEKDAYS)) if every == "week" else "monday"
    span = draw(SPANS)
    aside = draw(st.timedeltas(-span - timedelta(minutes=3), span + timedelta(minutes=3)))
    instant = datetime.fromisoformat(anchor).replace(tzinfo=UTC) + aside
    return Calendar(every, ZoneInfo(zone), week_start, timedelta(minutes=offset_m)), instant


@settings(max_examples=200, deadline=None)
@given(drawn=calendars(), back=st.integers(1, 3), aside=st.floats(0, 1, exclude_max=True))
def test_buckets_are_those_of_the_wall_clock(drawn: tuple[Calendar, datetime], back: int, aside: float) -> None:
    """Where they begin and end, which one is so many back, and which steps of it had ended by the same local time."""
    calendar, now = drawn
    bucket, found = bucket_of(calendar, now), _judged(calendar)
    start = found.start(to_micros(now))
    assert (to_instant(start), to_instant(found.end(start))) == (bucket.start, bucket.end)
    other = before(calendar, bucket, back)
    assert to_instant(found.before(start, back)) == other.start
    assert found.starts(found.before(start, back), start) == [found.before(start, each) for each in range(back, -1, -1)]
    instant = other.start + (other.end - other.start) * aside
    step = found.steps().start(to_micros(instant))
    same_time = found.same_time(to_micros(now), start, to_micros(other.start))
    assert (found.step_end(step) <= same_time) == passed(calendar, now, other)(instant)


@settings(max_examples=100, deadline=None)
@given(drawn=calendars(), aside=st.floats(0, 1, exclude_max=True))
def test_every_instant_lies_in_one_bucket(drawn: tuple[Calendar, datetime], aside: float) -> None:
    """Buckets are adjacent, the next one begins later, and every instant in one finds that one."""
    calendar, instant = drawn
    found = _judged(calendar)
    start = found.start(to_micros(instant))
    end = found.end(start)
    assert start <= to_micros(instant) < end
    assert (found.start(start), found.start(end), found.before(end, 1)) == (start, end, start)
    assert found.start(start + int((end - start) * aside)) == start
    assert found.steps().start(start) == start


def _judged(calendar: Calendar) -> judged.Calendar:
    every, offset_s = calendar.every, int(calendar.offset.total_seconds())
    unit, count = (UNITS[every[-1]], int(every[:-1])) if every[0].isdigit() else (every, 1)
    return judged.Calendar(
        unit, count, calendar.zone, week_start=WEEKDAYS.index(calendar.week_start), offset_s=offset_s
    )
