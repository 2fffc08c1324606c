"""Lines that anyone can cause: told at most once a minute of each kind, counted in between, in bounded memory."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from bridge.once_a_minute import MAX_KINDS, OnceAMinute

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Told:
    """The lines of one `OnceAMinute`, and the time that a test makes of it."""

    def __init__(self) -> None:
        self.now = NOON
        self.seldom = OnceAMinute(lambda: self.now)

    def lines(self, *words: str, after_s: float = 0) -> list[tuple[str, int]]:
        """Warn of each word in turn; gives the words and counts that were told."""
        self.now += timedelta(seconds=after_s)
        with capture_logs() as lines:
            for word in words:
                self.seldom.warn("refused", word, word=word)
        assert all((line["event"], line["log_level"]) == ("refused", "warning") for line in lines)
        return [(line["word"], line["count"]) for line in lines]


def test_a_kind_is_told_once_a_minute_with_its_number() -> None:
    """What was not told is counted, and told with the next line."""
    told = Told()
    assert told.lines("a", "a", "a") == [("a", 1)]
    assert told.lines("a", after_s=59.9) == []
    assert told.lines("a", "a", after_s=0.1) == [("a", 4)]
    assert told.lines("a", after_s=60) == [("a", 2)]


def test_each_kind_has_its_own_minute() -> None:
    """One that is told often hides no other."""
    told = Told()
    assert told.lines("a", "b", "a") == [("a", 1), ("b", 1)]
    assert told.lines("c", "b", after_s=30) == [("c", 1)]
    assert told.lines("c", "b", "a", after_s=30) == [("b", 2), ("a", 2)]


def test_a_flood_of_kinds_tells_a_bounded_number_of_lines() -> None:
    """Those beyond count as one kind; after a minute others may take their places."""
    told = Told()
    many = [f"w{number}" for number in range(3 * MAX_KINDS)]
    assert told.lines(*many) == [(word, 1) for word in many[: MAX_KINDS + 1]]
    assert told.lines(*many, after_s=30) == []
    assert MAX_KINDS <= len(told.lines(*many, after_s=30)) <= MAX_KINDS + 2


def test_a_clock_that_is_set_back_silences_nothing_for_long() -> None:
    """An hour back is no hour of silence."""
    told = Told()
    assert told.lines("a") == [("a", 1)]
    assert told.lines("a", after_s=-3600) == [("a", 1)]
