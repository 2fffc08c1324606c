"""What the board shows of a pin, hostile ones included."""

from typing import Any

from bridge.sandbox.drawing import MAX_NODES, MAX_ROWS, Card, Column, Node, Tile, draw
from bridge.sandbox.pins import Pins


def drawn(content: Any, pin_type: str, **metadata: Any) -> Tile:
    """Draw a pin of a type with this content."""
    body = {"metadata": {"pin_config": content, **metadata}}
    return draw(Pins(auto_create=False, types={"p-a": pin_type}).update("p-a", body, 1_730_476_800_000))


def test_a_card_keeps_its_words_and_knows_its_colour() -> None:
    """A trend that is unknown has the neutral one."""
    tile = drawn(
        {
            "cards": [
                {"title": "a", "value": "1", "change": "+1", "trend": "up"},
                {"title": "b", "value": "2", "trend": "?"},
            ]
        },
        "stat-cards",
    )
    assert tile.cards == (
        Card(title="a", value="1", change="+1", trend="up"),
        Card(title="b", value="2", change="", trend="neutral"),
    )
    assert tile.updated_at.isoformat() == "2024-11-01T16:00:00+00:00"


def test_a_table_is_drawn_under_label_or_name() -> None:
    """A missing cell is empty; numbers are set to the right."""
    columns = [{"id": "a", "label": "A"}, {"id": "b", "name": "B", "type": "number"}]
    tile = drawn({"columns": columns, "rows": [{"b": 1520, "a": "x"}, {"a": "y"}]}, "flexible-table")
    assert tile.columns == (Column(heading="A", numeric=False), Column(heading="B", numeric=True))
    assert tile.rows == (("x", "1520"), ("y", ""))


def test_markdown_lets_no_html_and_no_script_through() -> None:
    """Raw HTML is shown as text, dangerous links are none, and images become links."""
    hostile = "<script>x</script> [a](javascript:x) ![b](https://e/c.png) [d](data:text/html,x) **bold**"
    html = drawn({"content": hostile}, "markdown").html
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert '<a href="https://e/c.png" rel="noopener noreferrer">b</a>' in html
    assert "<strong>bold</strong>" in html


def test_an_image_in_markdown_cannot_break_out_of_its_link() -> None:
    """Its address and its words are escaped."""
    html = drawn({"content": '![<b>"](https://e/"onclick="x)'}, "markdown").html
    assert "<b>" not in html
    assert '"onclick' not in html


def test_any_other_type_is_a_tree() -> None:
    """With what each branch holds."""
    tile = drawn({"lanes": ["a", 1.5, None], "open": True}, "kanban-board")
    assert tile.tree == (
        Node(
            name="lanes",
            text="[3]",
            kind="branch",
            children=(
                Node(name="0", text="a", kind="text"),
                Node(name="1", text="1.5", kind="number"),
                Node(name="2", text="null", kind="word"),
            ),
        ),
        Node(name="open", text="true", kind="word"),
    )


def test_a_pin_without_content_is_empty() -> None:
    """A title alone is an update too."""
    pin = Pins(auto_create=True, types={}).update("p-a", {"metadata": {"title": "T"}}, 5)
    assert (draw(pin).shape, draw(pin).title) == ("empty", "T")


def test_one_pin_cannot_make_the_board_slow() -> None:
    """Long tables, wide trees and deep ones are cut."""
    rows = [{"a": "x"}] * (MAX_ROWS + 7)
    table = drawn({"columns": [{"id": "a", "label": "A"}], "rows": rows}, "table")
    assert (len(table.rows), table.left_out) == (MAX_ROWS, 7)
    wide = drawn({"all": [0] * 10_000}, "charts").tree[0]
    assert (len(wide.children), wide.children[-1].text) == (MAX_NODES, "more is left out")
    deep: Any = 0
    for _ in range(90):
        deep = [deep]
    assert drawn({"deep": deep}, "charts").tree[0].text == "[1]"
    assert len(drawn({"cards": [{"title": "x" * 9_999, "value": ""}]}, "stat-cards").cards[0].title) == 2_001
