"""The oracle's calendar, held to days that were looked up by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.oracle_calendar import Calendar, after, before, bucket_of, passed

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HAVANA = ZoneInfo("America/Havana")
CAIRO = ZoneInfo("Africa/Cairo")
UTC_ZONE = ZoneInfo("UTC")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "instant", "start", "end"),
    [
        pytest.param(Calendar("day", BERLIN), "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00", id="23 h"),
        pytest.param(Calendar("day", BERLIN), "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00", id="25 h"),
        pytest.param(
            Calendar("hour", BERLIN), "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-25T01:00", id="first 2"
        ),
        pytest.param(
            Calendar("hour", BERLIN), "2026-10-25T01:30", "2026-10-25T01:00", "2026-10-25T02:00", id="again 2"
        ),
        pytest.param(
            Calendar("30m", BERLIN), "2026-10-25T01:10", "2026-10-25T01:00", "2026-10-25T01:30", id="again 2:00"
        ),
        pytest.param(Calendar("6h", BERLIN), "2026-10-25T01:30", "2026-10-24T22:00", "2026-10-25T05:00", id="6h of 7"),
        pytest.param(Calendar("6h", BERLIN), "2026-03-29T01:30", "2026-03-28T23:00", "2026-03-29T04:00", id="6h of 5"),
        pytest.param(Calendar("hour", BERLIN), "2026-03-29T01:00", "2026-03-29T01:00", "2026-03-29T02:00", id="no 2"),
        pytest.param(
            Calendar("day", LORD_HOWE), "2026-10-04T00:00", "2026-10-03T13:30", "2026-10-04T13:00", id="23:30 h"
        ),
        pytest.param(
            Calendar("day", LORD_HOWE), "2026-04-05T00:00", "2026-04-04T13:00", "2026-04-05T13:30", id="24:30 h"
        ),
        pytest.param(
            Calendar("hour", LORD_HOWE), "2026-04-04T15:10", "2026-04-04T14:00", "2026-04-04T15:30", id="90 minutes"
        ),
        pytest.param(
            Calendar("hour", LORD_HOWE), "2026-10-03T15:40", "2026-10-03T15:30", "2026-10-03T16:00", id="30 minutes"
        ),
        pytest.param(
            Calendar("day", HAVANA), "2026-03-08T12:00", "2026-03-08T05:00", "2026-03-09T04:00", id="no midnight"
        ),
        pytest.param(
            Calendar("day", HAVANA), "2026-11-01T12:00", "2026-11-01T04:00", "2026-11-02T05:00", id="two midnights"
        ),
        pytest.param(
            Calendar("day", CAIRO), "2026-04-24T12:00", "2026-04-23T22:00", "2026-04-24T21:00", id="Cairo's gap"
        ),
        pytest.param(
            Calendar("day", CAIRO), "2026-10-29T20:30", "2026-10-28T21:00", "2026-10-29T22:00", id="Cairo's 25 h"
        ),
        pytest.param(Calendar("day", UTC_ZONE), "2028-02-29T23:59", "2028-02-29T00:00", "2028-03-01T00:00", id="leap"),
        pytest.param(Calendar("month", UTC_ZONE), "2028-02-29T23:59", "2028-02-01T00:00", "2028-03-01T00:00", id="Feb"),
        pytest.param(Calendar("week", UTC_ZONE), "2027-01-02T00:00", "2026-12-28T00:00", "2027-01-04T00:00", id="ISO"),
        pytest.param(
            Calendar("week", UTC_ZONE, "sunday"),
            "2027-01-02T00:00",
            "2026-12-27T00:00",
            "2027-01-03T00:00",
            id="Sunday",
        ),
        pytest.param(
            Calendar("day", BERLIN, offset=timedelta(hours=6)),
            *("2026-10-25T04:59", "2026-10-24T04:00", "2026-10-25T05:00"),
            id="25 h before six",
        ),
        pytest.param(
            Calendar("month", UTC_ZONE, offset=timedelta(hours=6)),
            *("2026-03-01T05:59", "2026-02-01T06:00", "2026-03-01T06:00"),
            id="a month from six",
        ),
        pytest.param(
            Calendar("quarter", UTC_ZONE), "2026-05-31T00:00", "2026-04-01T00:00", "2026-07-01T00:00", id="Q2"
        ),
        pytest.param(Calendar("year", UTC_ZONE), "2028-12-31T23:00", "2028-01-01T00:00", "2029-01-01T00:00", id="year"),
    ],
)
def test_a_bucket_lasts_from_its_local_beginning_to_the_next(
    calendar: Calendar, instant: str, start: str, end: str
) -> None:
    """Days of 23 and 25 hours, jumps of half an hour, midnights that never were or came twice."""
    assert bucket_of(calendar, _utc(instant))[:2] == (_utc(start), _utc(end))


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    """Each is an hour long, the repeated one too."""
    hours, hour = [], bucket_of(Calendar("hour", BERLIN), _utc("2026-10-24T22:00"))
    while hour.start < _utc("2026-10-25T23:00"):
        hours.append(hour.end - hour.start)
        hour = after(Calendar("hour", BERLIN), hour)
    assert hours == [timedelta(hours=1)] * 25


@pytest.mark.parametrize(
    ("calendar", "now", "back", "expected"),
    [
        pytest.param(Calendar("day", BERLIN), "2026-03-29T07:10", 1, "2026-03-28T08:00", id="nine after the gap"),
        pytest.param(
            Calendar("day", BERLIN), "2026-03-30T00:30", 1, "2026-03-29T01:00", id="half past two, which was not"
        ),
        pytest.param(Calendar("day", BERLIN), "2026-10-26T01:30", 1, "2026-10-25T00:00", id="half past two, the first"),
        pytest.param(Calendar("day", BERLIN), "2026-10-25T01:30", 1, "2026-10-24T00:00", id="half past two again"),
        pytest.param(Calendar("day", HAVANA), "2026-03-08T13:00", 1, "2026-03-07T14:00", id="nine, without a midnight"),
        pytest.param(
            Calendar("6h", CAIRO), "2026-10-30T21:17", 4, "2026-10-29T20:17", id="in the hour that came twice"
        ),
        pytest.param(Calendar("hour", UTC_ZONE), "2026-10-25T01:17", 1, "2026-10-25T00:17", id="minute of the hour"),
        pytest.param(Calendar("week", UTC_ZONE), "2026-10-28T09:00", 1, "2026-10-21T00:00", id="Wednesday"),
        pytest.param(Calendar("month", UTC_ZONE), "2026-03-29T09:00", 1, "2026-03-01T00:00", id="all of February"),
        pytest.param(Calendar("month", UTC_ZONE), "2028-03-30T09:00", 1, "2028-03-01T00:00", id="and of a leap year's"),
        pytest.param(Calendar("month", UTC_ZONE), "2027-01-15T09:00", 2, "2026-11-15T00:00", id="over the new year"),
        pytest.param(Calendar("quarter", UTC_ZONE), "2026-05-31T09:00", 1, "2026-03-01T00:00", id="second month"),
        pytest.param(
            Calendar("quarter", UTC_ZONE), "2027-02-10T09:00", 1, "2026-11-10T00:00", id="of the last quarter"
        ),
        pytest.param(Calendar("year", UTC_ZONE), "2028-02-29T09:00", 1, "2027-03-01T00:00", id="the day that was not"),
    ],
)
def test_the_same_local_time(calendar: Calendar, now: str, back: int, expected: str) -> None:
    """Of another bucket: the steps that lie before it by the wall clock had passed, and no others."""
    other = before(calendar, bucket_of(calendar, _utc(now)), back)
    had_passed = passed(calendar, _utc(now), other)
    assert had_passed(_utc(expected) - timedelta(microseconds=1))
    assert not had_passed(_utc(expected))
