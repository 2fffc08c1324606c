"""Problems as a compiler prints them: readable by people, and by editors that know compilers."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from bridge.cli.problems import draw, print_problems
from bridge.errors import Problem


def drawn(line: str, column: int, *, width: int = 40, number: int = 1) -> tuple[str, str]:
    """Give the line of the file as it is drawn, and the line with the caret."""
    problem = Problem(file="m.yaml", line=number, column=column, message="wrong")
    first, shown, caret = draw(problem, "error", [""] * (number - 1) + [line], width=width).plain.split("\n")
    assert first == f"m.yaml:{number}:{column}: error: wrong"
    return shown, caret


def under(line: str, column: int, *, width: int = 40) -> str:
    """Give the rest of the drawn line from the cell on that the caret points at."""
    shown, caret = drawn(line, column, width=width)
    assert cell_len(shown) <= width
    cells = len(caret) - 1
    before = ""
    while cell_len(before) < cells:
        before = shown[: len(before) + 1]
    assert cell_len(before) == cells
    return shown[len(before) :]


def test_the_line_stands_below_with_a_caret() -> None:
    """With the number of the line, as compilers do."""
    assert drawn("  exctract: {}", 3, number=12) == ("  12 |   exctract: {}", "     |   ^")


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("title: wrong", 8, "wrong"),
        ("", 1, ""),
        ("title: ", 8, ""),
        ("short", 40, ""),
        ('"日本語" wrong', 7, "wrong"),
        ("日本語", 2, "本語"),
        ("e\u0301e\u0301 wrong", 6, "wrong"),
        ("\ta\twrong", 4, "wrong"),
        ("\t\twrong", 2, "    wrong"),
        ("\x1b[31m wrong", 7, "wrong"),
        ("a\u202eb wrong", 5, "wrong"),
    ],
)
def test_the_caret_is_right_under_the_place(line: str, column: int, expected: str) -> None:
    """Behind wide characters, tabs, marks that have no width of their own, and what a terminal would obey."""
    assert under(line, column) == expected


def test_nothing_in_a_file_reaches_the_terminal_as_a_command() -> None:
    """Neither from the line nor from the message."""
    problem = Problem(file="m.yaml", line=1, column=1, message="found \x1b[2J")
    plain = draw(problem, "error", ["\x1b]0;title\x07"], width=40).plain
    assert "\x1b" not in plain
    assert "\x07" not in plain


@pytest.mark.parametrize("size", [40, 400, 100_000])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("filling", ["x", "語", "\t"])
def test_a_long_line_is_cut_around_the_place(filling: str, share: float, size: int) -> None:
    """It never takes more than the width, and the place is always in it."""
    before = int(size * share)
    rest = under(f"{filling * before}!{filling * (size - before)}", before + 1)
    assert rest.startswith("!")


def test_a_cut_is_marked_where_it_is_made() -> None:
    """At the end, at the beginning, or at both."""
    assert drawn("a" * 99, 1)[0] == f"   1 | {'a' * 31}…"
    assert drawn("a" * 99, 99)[0] == f"   1 | …{'a' * 31}"
    assert drawn("a" * 99, 50)[0] == f"   1 | …{'a' * 31}…"


def test_what_has_no_line_to_show_is_told_without() -> None:
    """A variable of the environment, or a file that has changed since."""
    variable = Problem(file="STRIPE_WEBHOOK_SECRET", message="is not set")
    assert draw(variable, "warning", [], width=40).plain == "warning: STRIPE_WEBHOOK_SECRET: is not set"
    gone = Problem(file="m.yaml", line=9, column=1, message="wrong")
    assert draw(gone, "error", ["one line"], width=40).plain == "m.yaml:9:1: error: wrong"


def test_a_line_that_may_hold_a_secret_is_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not by another problem in it either."""
    file = tmp_path / "sources.yaml"
    file.write_text("plant: {secret: hunter2, adr: 5}\nlan: 5\n")
    hiding = Problem(file=str(file), line=1, column=9, message="wrong", hides_line=True)
    print_problems([hiding, Problem(file=str(file), line=1, column=26, message="wrong")])
    assert "hunter2" not in capsys.readouterr().err
    print_problems([hiding, Problem(file=str(file), line=2, column=6, message="wrong")])
    assert "lan: 5" in capsys.readouterr().err
