"""What `pinbridge events` lists of an event, in one line."""

from datetime import UTC, datetime

import pytest

from bridge.api.looking import event_of
from bridge.cli.look import list_events
from bridge.cli.output import lines_of
from bridge.mappings import Outcome
from bridge.store import EventRecord

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def line_of(capsys: pytest.CaptureFixture[str], *outcomes: Outcome) -> str:
    """List one event with these outcomes, and give its line."""
    event = EventRecord(
        number=1,
        source="shop",
        type="sold",
        id="e-1",
        at=NOW,
        received_at=NOW,
        content_type="application/json",
        body_bytes=2,
        outcomes=outcomes,
        headers={},
        query={},
        body=b"",
    )
    list_events([event_of(event)], as_json=False, now=NOW, empty="")
    return capsys.readouterr().out.splitlines()[-1].rstrip()


def test_a_mapping_that_failed_stands_beside_one_that_moved(capsys: pytest.CaptureFixture[str]) -> None:
    """It has no pin where `extract` failed, and would else be seen by nobody; what merely did not match is left out."""
    moved = Outcome("sales", "sale", "matched", "", "p-sales")
    failed = Outcome("teams", "sale", "error", "team: $.team matches nothing", None)
    missed = Outcome("large", "sale", "not_matched", "$.amount: wanted gt 5, found 1", None)
    assert line_of(capsys, missed, moved, failed).endswith(
        "e-1  sales → p-sales, teams (error: team: $.team matches nothing)"
    )


def test_a_long_remark_ends_with_a_word_and_dots(capsys: pytest.CaptureFixture[str]) -> None:
    """So that nobody takes it for all that is to be said."""
    reason = "it counts in the state; the trigger's newest values are those of event 24"
    line = line_of(capsys, Outcome("sales", "sale", "matched", reason, "p-sales"))
    assert line.endswith("sales → p-sales (it counts in the state; the trigger's newest values are …)")


def test_an_event_that_moves_many_pins_has_a_short_row(capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out is counted, and the event's own page has it."""
    moved = [Outcome("sales", "sale", "matched", "", f"p-{number}") for number in range(50)]
    assert line_of(capsys, *moved).endswith("sales → p-0, sales → p-1, sales → p-2 and 47 more")


def test_in_a_pipe_a_long_cell_widens_its_own_line_alone() -> None:
    """Columns are aligned up to a width, no line ends with blanks, and nothing in a cell breaks a line."""
    rows = [("ID", "OUTCOME"), ("e" * 100, "one"), ("e-2", "two\nlines"), ("日本", "")]
    assert list(lines_of(rows)) == [
        f"ID{'':38}  OUTCOME",
        f"{'e' * 100}  one",
        f"e-2{'':37}  two�lines",
        "日本",
    ]
