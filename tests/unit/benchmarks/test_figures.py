from benchmarks.figures import at_least, at_most, chart, missed, spread, table


def test_a_spread_is_the_median_between_the_lowest_and_the_highest() -> None:
    """In any order, with thousands separated."""
    assert spread([1300, 900, 1200]) == "1,200 (900-1,300)"
    assert spread([0.5, 0.25], 2) == "0.38 (0.25-0.50)"


def test_the_columns_of_a_table_line_up() -> None:
    """So that it can be read as it stands."""
    assert table(("what", "ms"), [("p50", "1.5"), ("the worst", "20")]) == (
        "| what      | ms  |\n|-----------|-----|\n| p50       | 1.5 |\n| the worst | 20  |"
    )


def test_a_chart_has_a_bar_for_each_name() -> None:
    """In Mermaid's words, with room above the longest."""
    assert chart("Ratios", "of bare", {"one": 1.0, "the other": 0.5}).splitlines() == [
        "```mermaid",
        "xychart-beta horizontal",
        '    title "Ratios"',
        '    x-axis ["one", "the other"]',
        '    y-axis "of bare" 0 --> 1.1',
        "    bar [1, 0.5]",
        "```",
    ]


def test_what_is_wanted_is_said_with_what_came() -> None:
    """The bound itself counts as reached."""
    assert at_least("a ratio", 0.6, 0.6) == "- wanted a ratio ≥ 0.6: 0.6, reached"
    assert at_least("a ratio", 0.6, 0.481) == "- wanted a ratio ≥ 0.6: 0.481, **not reached**"
    assert at_most("MiB", 75, 75) == "- wanted MiB ≤ 75: 75, reached"
    assert at_most("MiB", 75, 101.2) == "- wanted MiB ≤ 75: 101, **not reached**"


def test_what_is_not_reached_is_found_in_a_report() -> None:
    """Whichever benchmark wrote it, so that the end of a run can name all of it."""
    miss = at_most("MB at rest", 75, 101)
    assert missed("\n".join(("## Memory", "", at_least("a ratio", 0.6, 0.7), miss, ""))) == [miss]
