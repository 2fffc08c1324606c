"""What the commands print: for people as Rich draws it, for scripts as JSON."""

import sys
from collections.abc import Iterator, Sequence

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from bridge.events import Json

MOST_PADDED = 40
"""To how many cells a column is aligned outside a terminal."""

stdout = Console(highlight=False, emoji=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Json) -> None:
    """Write one JSON document and a newline to standard output."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def visible(text: str, *, but: str = "\n") -> str:
    """Show what a terminal would obey as `�`, but for what it may: line breaks, if nothing else is said."""
    return "".join(each if each.isprintable() or each in but else "\N{REPLACEMENT CHARACTER}" for each in text)


def print_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, empty: str) -> None:
    """Draw a table, or say `empty` where there is no row. Cells are text, never markup.

    On a terminal long cells are folded; elsewhere a row is one line, for grep and its like.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if not rows:
        stdout.print(empty, markup=False)
    elif console.is_terminal:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    else:
        for line in lines_of((headings, *rows)):
            stdout.print(line, markup=False)


def lines_of(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Align cells in lines without trailing blanks. A long cell widens its own line, and not all of them."""
    shown = [[visible(cell, but="") for cell in row] for row in rows]
    widths = [min(MOST_PADDED, max(map(cell_len, column))) for column in zip(*shown, strict=True)]
    for row in shown:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
