"""Durations, sizes and rates are read in one way, and what is not one is refused with what is allowed."""

import pytest

from bridge.units import Window, parse_duration_s, parse_size_bytes, parse_windows


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("15m", 900), ("24h", 86400), ("35d", 3024000), ("2w", 1209600)]
)
def test_durations(text: str, seconds: int) -> None:
    """A whole number and a unit give seconds."""
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "5 m", "-5m", "1.5h", "5M", "٣s", "5m5s", "9" * 16 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """The message repeats the text and shows a right one."""
    with pytest.raises(ValueError, match="is not a length of time; write") as refused:
        parse_duration_s(text)
    assert repr(text) in str(refused.value)


def test_a_number_alone_lacks_its_unit() -> None:
    """The message shows it with one."""
    with pytest.raises(ValueError, match="'5' has no unit; write one of s, m, h, d and w behind it, such as 5m"):
        parse_duration_s("5")


@pytest.mark.parametrize("text", ["3651d", "99999999999d", "999999999999999w"])
def test_what_would_overflow_a_date_is_refused(text: str) -> None:
    """Ten years are the longest."""
    assert parse_duration_s("3650d") == 3650 * 86400
    with pytest.raises(ValueError, match="is too long; at most 3650d"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("512", 512), ("1kB", 1000), ("1KiB", 1024), ("1MiB", 1048576), ("2GiB", 2**31)]
)
def test_sizes(text: str, size: int) -> None:
    """A whole number, with or without a unit, gives bytes."""
    assert parse_size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "1mib", "1.5MiB", "-1", "MiB", "1 MiB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match="is not a size; write"):
        parse_size_bytes(text)


def test_windows_all_hold_together() -> None:
    """Several windows are read in their order."""
    assert parse_windows("160/60s, 1000/1h") == (Window(160, 60), Window(1000, 3600))


@pytest.mark.parametrize("text", ["", "160", "160/", "/60s", "0/60s", "160/0s", "-1/60s", "160/60s,"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Each part must be tokens, a slash and a length of time."""
    with pytest.raises(ValueError, match=r"is not a (rate|length of time)"):
        parse_windows(text)
