"""Problems as a compiler prints them: the place and the message, the line of the file, a caret under the place.

    mappings/sales.yaml:14:5: error: unknown key 'exctract' in a trigger; did you mean 'extract'?
      14 |     exctract: {amount: $.amount}
         |     ^

The line is read from the file itself, and what a terminal would obey in it is shown as `�`. One that may hold a
secret is not shown.
Colours come on a terminal only.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from bridge.cli.output import stderr, visible
from bridge.errors import Problem
from bridge.located import MAX_BYTES

_TAB: Final = "    "
_CUT: Final = "…"
_COLOURS: Final = {"error": "bold red", "warning": "bold magenta"}


def print_problems(problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
    """Print all of them to standard error, file by file, and how many there are where files are wrong."""
    kinds = [(problem, "error") for problem in problems] + [(warning, "warning") for warning in warnings]
    for file, listed in groupby(sorted(kinds), key=lambda each: each[0].file):
        told = list(listed)
        lines = _lines_of(Path(file))
        hidden = {problem.line for problem, _ in told if problem.hides_line}
        for problem, kind in told:
            stderr.print(draw(problem, kind, [] if problem.line in hidden else lines, width=stderr.width))
    if any(problem.line for problem, _ in kinds):
        stderr.print(_counted(kinds), style="bold", markup=False)


def draw(problem: Problem, kind: str, lines: Sequence[str], *, width: int) -> Text:
    """Draw one problem in at most `width` cells; without the file's lines, or a place in them, its message alone."""
    if not problem.line:
        return Text.assemble((f"{kind}: ", _COLOURS[kind]), _on_one_line(f"{problem.file}: {problem.message}"))
    place = f"{problem.file}:{problem.line}:{problem.column}: "
    drawn = Text.assemble((place, "bold"), (f"{kind}: ", _COLOURS[kind]), _on_one_line(problem.message))
    if problem.line <= len(lines):
        number = f"{problem.line:>4} | "
        shown, indent = _window(lines[problem.line - 1], problem.column - 1, width - len(number))
        drawn.append(f"\n{number}{shown}\n{'| ':>{len(number)}}{' ' * indent}")
        drawn.append("^", "bold green")
    return drawn


def _lines_of(file: Path) -> list[str]:
    """Give the lines that the loader counts; none where there is no such file, or no longer."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES)
    except (OSError, ValueError):
        return []
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _window(line: str, index: int, width: int) -> tuple[str, int]:
    """Cut a line around a character to at most `width` cells; and count the cells before that."""
    begin, end = max(0, index - width), index + width
    cut_before, cut_after = begin > 0, end < len(line)
    before, after = _on_one_line(line[begin:index]), _on_one_line(line[index:end])
    if cell_len(before) + cell_len(after) > width or cut_before or cut_after:
        room = width - 2 * len(_CUT)
        kept = min(cell_len(before), max(room // 2, room - cell_len(after)))
        before, cut_before = _last_cells(before, kept), cut_before or cell_len(before) > kept
        left = room - cell_len(before)
        after, cut_after = _first_cells(after, left), cut_after or cell_len(after) > left
    start = f"{_CUT if cut_before else ''}{before}"
    return f"{start}{after}{_CUT if cut_after else ''}", cell_len(start)


def _first_cells(text: str, cells: int) -> str:
    while cell_len(text) > cells:
        text = text[:-1]
    return text


def _last_cells(text: str, cells: int) -> str:
    while cell_len(text) > cells:
        text = text[1:]
    return text


def _on_one_line(text: str) -> str:
    return visible(text.replace("\t", _TAB), but="")


def _counted(kinds: Sequence[tuple[Problem, str]]) -> str:
    counts = {kind: sum(each == kind for _, each in kinds) for kind in _COLOURS}
    return " and ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count)
