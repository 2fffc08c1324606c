"""Draws a pin's body in the terminal, much as a dashboard would: stat cards, a table, Markdown; else as JSON.

What a body holds came from outside: it is text without markup, and what a terminal would obey
in it is shown as `�`. What is drawn is bounded; the request below the drawing is whole.
"""

from collections.abc import Mapping, Sequence

import orjson
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bridge.cli.output import visible
from bridge.events import Json

MAX_CARDS = 40
MAX_ROWS = 50
MAX_COLUMNS = 20
MAX_CHARACTERS = 10_000

_TRENDS = {"up": ("▲ ", "green"), "down": ("▼ ", "red")}


def draw_body(body: Mapping[str, Json], *, pin: str) -> Panel:
    """Draw what an update makes of a pin; without a title it is headed by the pin's id."""
    metadata = body.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    title, tags, content = known.get("title"), known.get("tags"), known.get("pin_config")
    headed = _text(title if isinstance(title, str) else pin, "bold")
    subtitle = _text("  ".join(f"#{tag}" for tag in tags), "dim") if isinstance(tags, list) and tags else None
    return Panel(_content(content), title=headed, subtitle=subtitle, title_align="left", subtitle_align="left")


def _content(content: Json) -> RenderableType:
    match content:
        case None:
            return _text("the update leaves its content as it is", "dim")
        case {"cards": [*cards]}:
            return _bounded(Columns([_card(card) for card in cards[:MAX_CARDS]]), len(cards) - MAX_CARDS, "cards")
        case {"columns": [*columns], "rows": [*rows]}:
            return _bounded(_table(columns, rows[:MAX_ROWS]), len(rows) - MAX_ROWS, "rows")
        case {"content": str(text)}:
            return Markdown(visible(text[:MAX_CHARACTERS]), hyperlinks=False)
        case _:
            written = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
            return _text(written[:MAX_CHARACTERS])


def _card(card: Json) -> Panel:
    """Draw one number: its value large, what it changed below."""
    given = card if isinstance(card, dict) else {}
    sign, colour = _TRENDS.get(str(given.get("trend")), ("", ""))
    value = _text(str(given.get("value", "")), "bold")
    change = _text(f"{sign}{given.get('change', '')}", colour or "dim")
    return Panel(Group(value, change), title=_text(str(given.get("title", "")), "dim"), title_align="left", width=30)


def _table(columns: Sequence[Json], rows: Sequence[Json]) -> Table:
    known = [column for column in columns[:MAX_COLUMNS] if isinstance(column, dict)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in known:
        heading = column.get("label", column.get("name", column.get("id", "")))
        table.add_column(_text(str(heading)), justify="right" if column.get("type") == "number" else "left")
    for row in rows:
        cells = row if isinstance(row, dict) else {}
        table.add_row(*(_text(str(cells.get(str(column.get("id")), ""))) for column in known))
    return table


def _bounded(drawing: RenderableType, more: int, what: str) -> RenderableType:
    return drawing if more <= 0 else Group(drawing, _text(f"and {more:,} more {what}", "dim"))


def _text(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)
