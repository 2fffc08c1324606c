"""From a pin to what the board shows of it; pure.

Whatever a pin holds came from outside: everything here is plain text that the templates
escape, but for Markdown, whose HTML is made by markdown-it with raw HTML switched off.
Sizes are bounded, so that one pin cannot make the board slow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from bridge.sandbox.pins import Pin

MAX_CARDS = 60
MAX_ROWS = 200
MAX_COLUMNS = 30
MAX_NODES = 400
MAX_TREE_DEPTH = 12
MAX_TEXT = 2_000
MAX_MARKDOWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number. `trend` is `up`, `down`, `neutral`, or empty where none is given."""

    title: str
    value: str
    change: str
    trend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading; `numeric` columns are set to the right."""

    heading: str
    numeric: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in a JSON tree: a leaf with `text`, or a branch with `children` that `text` counts."""

    name: str
    text: str
    kind: str
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What the board shows of one pin. `shape` says which of the parts is filled."""

    id: str
    title: str
    tags: tuple[str, ...]
    pin_type: str
    updates: int
    updated_at_ms: int
    updated_at: datetime
    shape: str
    cards: tuple[Card, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    html: str = ""
    tree: tuple[Node, ...] = ()
    left_out: int = 0

    @property
    def is_wide(self) -> bool:
        """Whether the tile wants the room of two."""
        return len(self.columns) > 3 or len(self.cards) > 4


def draw(pin: Pin) -> Tile:
    """Draw a pin by its type; a pin without content yet is `empty`, a type without a drawing a `tree`."""
    content = pin.content
    parts = _DRAWINGS.get(pin.pin_type or "", _tree)(content) if content is not None else {"shape": "empty"}
    return Tile(
        id=pin.id,
        title=_short(pin.title),
        tags=tuple(_short(str(tag)) for tag in pin.metadata.get("tags", [])[:MAX_CARDS]),
        pin_type=pin.pin_type or "",
        updates=pin.updates,
        updated_at_ms=pin.updated_at,
        updated_at=datetime.fromtimestamp(pin.updated_at / 1000, UTC),
        **parts,
    )


def _cards(content: Mapping[str, Any]) -> dict[str, Any]:
    cards = content["cards"]
    drawn = tuple(
        Card(
            title=_short(card["title"]),
            value=_short(card["value"]),
            change=_short(card.get("change", "")),
            trend=card.get("trend", "") if card.get("trend") in {"up", "down"} else "neutral",
        )
        for card in cards[:MAX_CARDS]
    )
    return {"shape": "cards", "cards": drawn, "left_out": len(cards) - len(drawn)}


def _table(content: Mapping[str, Any]) -> dict[str, Any]:
    given, rows = content["columns"][:MAX_COLUMNS], content["rows"]
    columns = tuple(
        Column(heading=_short(each.get("label", each.get("name", ""))), numeric=each.get("type") == "number")
        for each in given
    )
    drawn = tuple(tuple(_short(str(row.get(each["id"], ""))) for each in given) for row in rows[:MAX_ROWS])
    return {"shape": "table", "columns": columns, "rows": drawn, "left_out": len(rows) - len(drawn)}


def _markdown(content: Mapping[str, Any]) -> dict[str, Any]:
    text = content.get("content", "")
    html = Markup(_MARKDOWN.render(text[:MAX_MARKDOWN]))  # noqa: S704 - raw HTML and unsafe links are off
    return {"shape": "markdown", "html": html, "left_out": max(0, len(text) - MAX_MARKDOWN)}


def _tree(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"shape": "tree", "tree": tuple(_nodes(content, _Allowance(MAX_NODES), 0))}


class _Allowance:
    """How many nodes may still be drawn."""

    def __init__(self, left: int) -> None:
        self.left = left


def _nodes(branch: Any, allowance: _Allowance, depth: int) -> Iterator[Node]:
    pairs = branch.items() if isinstance(branch, dict) else enumerate(branch)
    for name, value in pairs:
        if allowance.left == 0:
            yield Node(name="…", text="more is left out", kind="note")
            return
        allowance.left -= 1
        yield _node(_short(str(name)), value, allowance, depth)


def _node(name: str, value: Any, allowance: _Allowance, depth: int) -> Node:
    if not isinstance(value, dict | list):
        kind = {str: "text", bool: "word", type(None): "word"}.get(type(value), "number")
        words = {None: "null", True: "true", False: "false"}
        return Node(name=name, text=words[value] if kind == "word" else _short(str(value)), kind=kind)
    children = tuple(_nodes(value, allowance, depth + 1)) if depth < MAX_TREE_DEPTH else ()
    count = f"{{{len(value)}}}" if isinstance(value, dict) else f"[{len(value)}]"
    return Node(name=name, text=count, kind="branch", children=children)


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def _image_as_link(
    _renderer: RendererProtocol, tokens: list[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    """Show an image as a link: the board loads nothing from elsewhere."""
    token = tokens[index]
    source, text = escapeHtml(str(token.attrs["src"])), escapeHtml(token.content or "image")
    return f'<a href="{source}" rel="noopener noreferrer">{text}</a>'


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("image", _image_as_link)
    return reader


_MARKDOWN = _reader()
_DRAWINGS = {"stat-cards": _cards, "table": _table, "flexible-table": _table, "markdown": _markdown}
