import io

from rich.console import Console

from bridge.cli.trying.drawing import draw_body
from bridge.events import Json


def drawn(body: dict[str, Json]) -> str:
    """Draw a body without colours."""
    canvas = Console(width=100, file=io.StringIO(), highlight=False)
    with canvas.capture() as captured:
        canvas.print(draw_body(body, pin="p-a"))
    return captured.get()


def content(config: Json) -> dict[str, Json]:
    """Make a body of a content."""
    return {"metadata": {"title": "Sales", "pin_config": config}}


def test_cards_show_title_value_and_change() -> None:
    """A trend has its sign."""
    text = drawn(content({"cards": [{"title": "Total", "value": "€5", "change": "+3%", "trend": "up"}]}))
    assert all(word in text for word in ("─ Sales ─", "─ Total ─", "€5", "▲ +3%"))


def test_a_table_shows_headings_and_cells() -> None:
    """By `label` or `name`; of very many rows the first, and how many more there are."""
    columns: Json = [{"id": "a", "label": "Alert"}, {"id": "n", "name": "Number", "type": "number"}]
    rows: Json = [{"a": "[bold]disk", "n": index} for index in range(70)]
    lines = drawn(content({"columns": columns, "rows": rows})).splitlines()
    assert lines[1].split() == ["│", "Alert", "Number", "│"]
    assert lines[2].split() == ["│", "[bold]disk", "0", "│"]
    assert "and 20 more rows" in lines[-2]


def test_markdown_is_drawn_and_other_content_is_shown_as_json() -> None:
    """Without a title the pin's id heads it."""
    assert "─ Sales ─" in drawn(content({"content": "# Hello\n\n- one"}))
    assert "• one" in drawn(content({"content": "# Hello\n\n- one"}))
    text = drawn({"metadata": {"pin_config": {"nodes": [1]}}})
    assert '"nodes": [' in text
    assert "─ p-a ─" in text
    assert "leaves its content as it is" in drawn({"is_public": True})


def test_what_a_terminal_would_obey_is_not_passed_on() -> None:
    """In titles, cards, cells and Markdown alike."""
    evil = "\x1b[31m\x07"
    configs: list[Json] = [
        {"cards": [{"title": evil, "value": evil}]},
        {"columns": [{"id": "a", "label": evil}], "rows": [{"a": evil}]},
        {"content": evil},
        {"other": evil},
    ]
    for config in configs:
        text = drawn({"metadata": {"title": evil, "tags": [evil], "pin_config": config}})
        assert "\x1b" not in text
        assert "\x07" not in text
