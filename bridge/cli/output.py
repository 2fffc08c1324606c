"""What the commands print: for people as Rich draws it, for scripts as JSON."""

import sys
from collections.abc import Sequence

import orjson
from rich.console import Console
from rich.table import Table

from bridge.events import Json

UNFOLDED_WIDTH = 10_000

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
    if not rows:
        stdout.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNFOLDED_WIDTH
    console.print(table)
